//! Rendering pages, and calling server functions.

use super::context;
use crate::state::AppState;
use app::server::wants_html;
use app::shell::shell;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// Renders the page at the request's URL.
pub async fn page(State(state): State<AppState>, request: Request) -> Response {
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(context::provide, move || shell(options.clone()));
    render(request).await
}

/// Calls the server function at the request's path. A form posts to its page, never here: without WebAssembly nobody
/// has a reason to ask for HTML at this address.
pub async fn server_function(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if wants_html(&parts) || !is_server_function(parts.uri.path()) {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    }
    call(Request::from_parts(parts, body)).await
}

pub fn is_server_function(path: &str) -> bool {
    server_fn::axum::server_fn_paths().any(|(known, _)| known == path)
}

/// Calls a server function as the browser's half does.
pub async fn call(mut request: Request) -> Response {
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    leptos_axum::handle_server_fns_with_context(context::provide, request).await.into_response()
}

/// What is left to say when our own code has failed.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Nothing was changed.")
        .into_response()
}
