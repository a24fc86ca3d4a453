//! A table with plain column headings.

use crate::runtime::prelude::*;

#[component]
pub fn Table(
    /// Only for screen readers, since the page's heading says the same.
    caption: &'static str,
    columns: &'static [&'static str],
    /// The heading of a last column with the row's actions, only for screen readers. Empty if there is none.
    #[prop(optional)]
    actions: &'static str,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let headings = columns.iter().map(|column| erased_view! { <th scope="col">{*column}</th> });
    erased_view! {
        <table>
            <caption class="visually-hidden">{caption}</caption>
            <thead><tr>
                {headings.collect_view()}
                {(!actions.is_empty()).then(|| erased_view! { <th scope="col"><span class="visually-hidden">{actions}</span></th> })}
            </tr></thead>
            <tbody>{children()}</tbody>
        </table>
    }
}
