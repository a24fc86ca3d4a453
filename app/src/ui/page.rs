//! The heading of a page, and its empty state.

use crate::runtime::prelude::*;

/// The page title, with the page's actions as children.
#[component]
pub fn PageHeading(
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    erased_view! { <div class="heading"><h1>{title}</h1>{children.map(|children| children())}</div> }
}

/// Shown in place of an empty list: what belongs here, with the first action to take as children.
#[component]
pub fn EmptyState(
    #[prop(into)] message: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    erased_view! { <div class="empty"><p>{message}</p>{children.map(|children| children())}</div> }
}
