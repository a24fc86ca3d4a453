//! Rendering pages, and calling server functions.

use super::context;
use crate::state::AppState;
use app::server::{accepts_html, status};
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
/// In a task of its own, so that it ends also when its reader has gone: parts of a page that is given up half-way find
/// their signals and the router disposed of, and panic.
pub async fn page(State(state): State<AppState>, request: Request) -> Response {
    let (options, files) = (state.leptos.clone(), state.files.clone());
    let document = move || shell(options.clone(), files.clone());
    let render = leptos_axum::render_app_async_with_context(context::provide, document);
    match tokio::spawn(render(request)).await {
        Ok(response) => response,
        Err(failed) => panicked(Box::new(failed)),
    }
}

/// There is no page of this path. Pages stand behind the routes alone: what only the interface's own router would read
/// as a page, such as `/o/blobsrus/./settings/users`, has passed the gate as something else.
pub async fn nothing(state: State<AppState>, mut request: Request) -> Response {
    if let Some(path) = without_slash(&request) {
        return Redirect::permanent(&path).into_response();
    }
    request.extensions_mut().insert(HiddenPage);
    page(state, request).await
}

/// The path of an organization's page that was typed with a slash at its end.
fn without_slash(request: &Request) -> Option<String> {
    let path = request.uri().path().strip_suffix('/')?;
    let ours = path.starts_with("/o/") && !path.ends_with('/') && request.method().is_safe();
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    ours.then(|| format!("{path}{query}"))
}

/// Calls the server function at the request's path. A form posts to its page, never here: without WebAssembly nobody
/// has a reason to ask for HTML at this address.
pub async fn server_function(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if accepts_html(&parts.headers) || !is_server_function(parts.uri.path(), &parts.method) {
        return StatusCode::NOT_FOUND.into_response();
    }
    call(Request::from_parts(parts, body)).await
}

pub fn is_server_function(path: &str, method: &Method) -> bool {
    server_fn::axum::server_fn_paths().any(|known| known == (path, method.clone()))
}

/// Calls a server function as the browser's half does.
pub async fn call(mut request: Request) -> Response {
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let response =
        leptos_axum::handle_server_fns_with_context(context::provide, request).await.into_response();
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    // Leptos takes arguments that can't be read for an error of ours, and such a problem is the only sign of them.
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if matches!(serde_json::from_slice(&body), Ok(Problem::Unreachable)) {
        parts.status = status(&Problem::Unreachable);
    }
    Response::from_parts(parts, Body::from(body))
}

/// What is left to say when our own code has failed.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
