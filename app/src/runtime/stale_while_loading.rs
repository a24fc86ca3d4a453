//! Keeps showing the previous content, dimmed, while its resource reloads.
//!
//! The closure around the `Suspend` may depend only on that resource. Rerunning it disposes of the signals of the content
//! that is still shown, and reading those panics; only the resource reruns it when the new content is ready.

use crate::runtime::erased_view::erased_view;
use leptos::prelude::*;

#[component]
pub fn StaleWhileLoading<Content>(children: TypedChildren<Content>) -> impl IntoView
where
    Content: IntoView + Send + 'static,
{
    let busy = RwSignal::new(false);
    let transition = TransitionProps::builder();
    // Only in the browser: on the server its effect runs concurrently with rendering, and panics when rendering ends first.
    #[cfg(feature = "hydrate")]
    let transition = transition.set_pending(busy);
    let transition = transition.children(children).build();
    erased_view! { <div aria-busy=move || busy.get().then_some("true")>{Transition(transition)}</div> }
}
