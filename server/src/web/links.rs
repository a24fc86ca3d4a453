//! Links in emails. Opening one changes nothing, because mail scanners open links too: the token moves from the URL into a
//! cookie, and the page that follows asks for confirmation.

use super::{pages, redirect};
use crate::state::AppState;
use app::runtime::cookies::{Cookies, EmailLink};
use app::viewer::HiddenPage;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;

/// The number of characters of a token that are kept. Valid tokens are shorter, and a truncated one is invalid.
const MAX_TOKEN: usize = 200;

/// Opens a link of this kind.
pub async fn open(
    link: EmailLink,
    state: State<AppState>,
    Extension(cookies): Extension<Cookies>,
    Path((organization, token)): Path<(String, String)>,
    request: Request,
) -> Response {
    if request.extensions().get::<HiddenPage>().is_some() {
        return pages::render(state, request).await;
    }
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let token: String = token.chars().filter(is_allowed).take(MAX_TOKEN).collect();
    let organization: String = organization.chars().filter(is_allowed).collect();
    let cookie = cookies.store_link(link, &organization, &token);
    redirect::see_other(&format!("/o/{organization}/{}", link.slug()), Some(&cookie))
}
