//! Rendering pages, and calling server functions.

use super::context;
use crate::state::AppState;
use app::runtime::server::{accepts_html, status};
use app::shell::shell;
use app::viewer::HiddenPage;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use model::Problem;
use std::any::Any;

/// Renders the page at the request's URL.
///
/// Rendering runs in its own task, so that it completes even when the client disconnects: if it were cancelled, components
/// that are still running would access disposed signals and panic.
pub async fn render(State(state): State<AppState>, request: Request) -> Response {
    let (options, asset_urls) = (state.leptos.clone(), state.asset_urls.clone());
    let document = move || shell(options.clone(), asset_urls.clone());
    let render = leptos_axum::render_app_async_with_context(context::provide, document);
    match tokio::spawn(render(request)).await {
        Ok(response) => response,
        Err(error) => panic_response(Box::new(error)),
    }
}

/// The fallback: no route matches. It always renders "Not found", because Leptos' own router normalizes paths and could
/// match a page that `page_access` has not checked, such as `/o/blobsrus/./settings/users`.
pub async fn not_found(state: State<AppState>, mut request: Request) -> Response {
    if let Some(path) = without_trailing_slash(&request) {
        return Redirect::permanent(&path).into_response();
    }
    request.extensions_mut().insert(HiddenPage);
    render(state, request).await
}

/// The URL without its trailing slash, if it has one and is below `/o/`.
fn without_trailing_slash(request: &Request) -> Option<String> {
    let path = request.uri().path().strip_suffix('/')?;
    let is_page_url = path.starts_with("/o/") && !path.ends_with('/') && request.method().is_safe();
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    is_page_url.then(|| format!("{path}{query}"))
}

/// Calls the server function at the request's path. Requests for HTML get 404: without WebAssembly, forms post to their
/// page (see `form_fallback`).
pub async fn server_function(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if accepts_html(&parts.headers) || !is_server_function(parts.uri.path(), &parts.method) {
        return StatusCode::NOT_FOUND.into_response();
    }
    call_server_function(Request::from_parts(parts, body)).await
}

pub fn is_server_function(path: &str, method: &Method) -> bool {
    server_fn::axum::server_fn_paths().any(|known| known == (path, method.clone()))
}

/// Calls a server function the way the client in the browser does.
pub async fn call_server_function(mut request: Request) -> Response {
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let response =
        leptos_axum::handle_server_fns_with_context(context::provide, request).await.into_response();
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    // Leptos responds 500 to arguments that can't be deserialized. `Problem::Unreachable` identifies that case.
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if matches!(serde_json::from_slice(&body), Ok(Problem::Unreachable)) {
        parts.status = status(&Problem::Unreachable);
    }
    Response::from_parts(parts, Body::from(body))
}

/// The response after a panic; `error_pages` fills in the body.
pub fn panic_response(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("request handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
