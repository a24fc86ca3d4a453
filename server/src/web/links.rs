//! The links that arrive by mail. Opening one changes nothing: its token moves from the address bar into a cookie, and
//! the page asks for the rest.

use super::pages::page;
use crate::state::AppState;
use app::server::{EmailLink, link_cookie};
use app::viewer::HiddenPage;
use axum::extract::{Path, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The longest token that is kept. A longer one is none of ours; what is left of it opens nothing.
const MAX_TOKEN: usize = 200;

pub async fn join(state: State<AppState>, path: Path<(String, String)>, request: Request) -> Response {
    open(state, EmailLink::Join, path, request).await
}

pub async fn sign_in(state: State<AppState>, path: Path<(String, String)>, request: Request) -> Response {
    open(state, EmailLink::SignIn, path, request).await
}

pub async fn confirm_request(
    state: State<AppState>,
    path: Path<(String, String)>,
    request: Request,
) -> Response {
    open(state, EmailLink::ConfirmRequest, path, request).await
}

async fn open(
    state: State<AppState>,
    link: EmailLink,
    Path((organization, token)): Path<(String, String)>,
    request: Request,
) -> Response {
    if request.extensions().get::<HiddenPage>().is_some() {
        // The page tells nothing of the token, since it does not know it.
        return page(state, request).await;
    }
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let token: String = token.chars().filter(safe).take(MAX_TOKEN).collect();
    let organization: String = organization.chars().filter(safe).collect();
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(&link_cookie(link, &organization, &token, state.secure())) {
        headers.append(SET_COOKIE, cookie);
    }
    if let Ok(page) = HeaderValue::from_str(&format!("/o/{organization}/{}", link.slug())) {
        headers.insert(LOCATION, page);
    }
    response
}
