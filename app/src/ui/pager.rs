//! Links to the previous and next page of a list.

use crate::runtime::prelude::*;

/// Renders nothing if the list has only one page.
#[component]
pub fn Pager(previous: Option<String>, next: Option<String>) -> impl IntoView {
    let link = |label, href| erased_view! { <a href=href class="button">{label}</a> };
    (previous.is_some() || next.is_some()).then(|| {
        erased_view! {
            <nav class="pager" aria-label="Pages">
                {previous.map(|href| link("Previous", href))}
                {next.map(|href| link("Next", href))}
            </nav>
        }
    })
}
