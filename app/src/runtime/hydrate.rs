//! The start of the app in the browser.

use crate::runtime::routes::{Bundle, ChunkLoadError, Route};
use leptos::prelude::*;

/// The attribute of the root element that marks the page as hydrated.
const HYDRATED_ATTRIBUTE: &str = "data-hydrated";

/// Hydrates the page that the server rendered.
pub fn hydrate<V: IntoView + 'static>(routes: &'static [Route], app: fn() -> V) {
    // A redirect by a server function means that somebody signed in or out, so the whole page is loaded again.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().set_href(location);
    });
    wasm_bindgen_futures::spawn_local(async move {
        if preload_current_page(routes).await.is_err() {
            return;
        }
        hydrate_from_async(leptos::tachys::dom::body(), app).await.forget();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(HYDRATED_ATTRIBUTE, "");
        }
    });
}

/// Fetches the chunk of the current page, so that hydration does not have to wait for it. Until then, and if it fails, links
/// and forms work as plain HTML.
async fn preload_current_page(routes: &[Route]) -> Result<(), ChunkLoadError> {
    let path = window().location().pathname().unwrap_or_default();
    match routes.iter().find(|route| route.path.matches(&path).is_some()) {
        Some(Route { bundle: Bundle::Lazy { preload, .. }, .. }) => preload().await,
        _ => Ok(()),
    }
}
