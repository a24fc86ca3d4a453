//! Who looks at the page, and at which organization's.

use crate::server_fn_client;
use leptos::prelude::*;
use model::Viewer;

/// What the server found out about the one who asks for a page.
#[derive(Clone)]
struct ViewerContext(Option<Viewer>);

/// The server's word that this page is not there, or not for the one who asks.
#[derive(Clone, Copy)]
pub struct HiddenPage;

/// Brings the viewer from the server to the browser. Once, at the root: who looks changes with a new page alone.
pub fn provide_viewer() {
    provide_context(ViewerContext(server_fn_client::carried(use_context::<Viewer>)));
}

/// Whether the server said that this page is not there.
pub fn is_hidden() -> bool {
    server_fn_client::carried(|| use_context::<HiddenPage>().is_some())
}

/// Who looks at this page; nothing on pages of no organization.
pub fn use_viewer() -> Option<Viewer> {
    use_context::<ViewerContext>().and_then(|ViewerContext(viewer)| viewer)
}

/// The organization of the page: empty on pages of none.
pub fn use_organization() -> String {
    use_viewer().map(|viewer| viewer.organization.slug).unwrap_or_default()
}
