//! The error summary above a form's fields. Takes the focus and links to each invalid field, as in the GOV.UK pattern.

use super::icon::{Icon, icon};
use crate::runtime::prelude::*;
use model::Problem;

#[component]
pub fn ErrorSummary(#[prop(into)] problem: Signal<Option<Problem>>) -> impl IntoView {
    let summary = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if problem.get().is_some()
            && let Some(summary) = summary.get()
        {
            let _ = summary.focus();
        }
    });
    move || {
        problem.get().map(|problem| {
            let fields = match &problem {
                Problem::Invalid { fields } => fields.clone(),
                _ => Vec::new(),
            };
            let links = fields.into_iter().map(|field| {
                erased_view! { <li><a href=format!("#{}", field.field) rel="external">{field.error.to_string()}</a></li> }
            });
            erased_view! {
                // Without WebAssembly, `autofocus` focuses the summary: it comes before every field.
                <div class="error-summary notice danger" role="alert" tabindex="-1" autofocus node_ref=summary>
                    {icon(Icon::Warning)}
                    <div>
                        <p>{problem.to_string()}</p>
                        <ul>{links.collect_view()}</ul>
                    </div>
                </div>
            }
        })
    }
}
