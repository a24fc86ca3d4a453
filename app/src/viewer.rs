//! Who is viewing the page, and in which organization.

use crate::runtime::prelude::*;
use model::Viewer;

/// The viewer that the server identified for this page.
#[derive(Clone)]
struct ViewerContext(Option<Viewer>);

/// Provided by the server when the page does not exist, or must not be revealed to this viewer.
#[derive(Clone, Copy)]
pub struct HiddenPage;

/// Passes the viewer from the server to the browser. Called once, at the root: signing in or out always loads a new page.
pub fn provide_viewer() {
    provide_context(ViewerContext(serialize_for_hydration(use_context::<Viewer>)));
}

/// Whether the server marked this page as [`HiddenPage`].
pub fn is_hidden() -> bool {
    serialize_for_hydration(|| use_context::<HiddenPage>().is_some())
}

/// The viewer; `None` on pages outside any organization.
pub fn use_viewer() -> Option<Viewer> {
    use_context::<ViewerContext>().and_then(|ViewerContext(viewer)| viewer)
}

/// The slug of the page's organization; empty on pages outside any organization.
pub fn use_organization() -> String {
    use_viewer().map(|viewer| viewer.organization.slug).unwrap_or_default()
}
