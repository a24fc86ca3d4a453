//! What a page begins with, and what it has to say when there is nothing to show.

use crate::erased_view::erased_view;
use leptos::prelude::*;

/// The name of the page, and at its end what to do there.
#[component]
pub fn Heading(#[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    erased_view! { <div class="heading"><h1>{title}</h1>{children.map(|children| children())}</div> }
}

/// Nothing to show: what would stand here, and, as children, what to do first.
#[component]
pub fn Empty(#[prop(into)] words: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    erased_view! { <div class="empty"><p>{words}</p>{children.map(|children| children())}</div> }
}
