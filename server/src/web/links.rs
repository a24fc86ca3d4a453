//! Links in emails. Opening one changes nothing, because mail scanners open links too: the token moves from the URL into a
//! cookie, and the page that follows asks for confirmation.

use super::pages;
use crate::state::AppState;
use app::runtime::server::{EmailLink, link_cookie};
use app::viewer::HiddenPage;
use axum::extract::{Path, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The number of characters of a token that are kept. Valid tokens are shorter, and a truncated one is invalid.
const MAX_TOKEN: usize = 200;

pub async fn join(state: State<AppState>, path: Path<(String, String)>, request: Request) -> Response {
    open_link(state, EmailLink::Join, path, request).await
}

pub async fn sign_in(state: State<AppState>, path: Path<(String, String)>, request: Request) -> Response {
    open_link(state, EmailLink::SignIn, path, request).await
}

pub async fn confirm_request(
    state: State<AppState>,
    path: Path<(String, String)>,
    request: Request,
) -> Response {
    open_link(state, EmailLink::ConfirmRequest, path, request).await
}

async fn open_link(
    state: State<AppState>,
    link: EmailLink,
    Path((organization, token)): Path<(String, String)>,
    request: Request,
) -> Response {
    if request.extensions().get::<HiddenPage>().is_some() {
        return pages::render(state, request).await;
    }
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let token: String = token.chars().filter(is_allowed).take(MAX_TOKEN).collect();
    let organization: String = organization.chars().filter(is_allowed).collect();
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(&link_cookie(link, &organization, &token, state.is_https())) {
        headers.append(SET_COOKIE, cookie);
    }
    if let Ok(location) = HeaderValue::from_str(&format!("/o/{organization}/{}", link.slug())) {
        headers.insert(LOCATION, location);
    }
    response
}
