//! What is loaded again when the page asks for something else: it stays, dimmed, until the new is there.
//!
//! The closure around a `Suspend` may depend on its resource and on nothing else. What runs it again disposes of the
//! signals of what is still shown, and reading those panics; only a resource runs it when the new is there at once.

use crate::erased_view::erased_view;
use leptos::prelude::*;

#[component]
pub fn StaleWhileLoading<Content>(children: TypedChildren<Content>) -> impl IntoView
where
    Content: IntoView + Send + 'static,
{
    let busy = RwSignal::new(false);
    let transition = TransitionProps::builder();
    // In the browser alone: on the server the effect behind it runs beside the rendering, and panics when that ends first.
    #[cfg(feature = "hydrate")]
    let transition = transition.set_pending(busy);
    let transition = transition.children(children).build();
    erased_view! { <div aria-busy=move || busy.get().then_some("true")>{Transition(transition)}</div> }
}
