//! SCIM 2.0 (RFC 7643, RFC 7644) over HTTP. The protocol is the crate `scim`, the rules are in `domain::scim`.
//!
//! API clients authenticate with a bearer token only. Cookies are ignored, so these routes need no protection against
//! CSRF and are mounted outside of the middleware for browsers.

mod discovery;
mod error;
mod groups;
mod request;
mod response;
mod search;
mod users;

use crate::state::AppState;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;

/// The routes of the SCIM service.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/o/{org}/scim/v2/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/o/{org}/scim/v2/ResourceTypes", get(discovery::resource_types))
        .route("/o/{org}/scim/v2/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/o/{org}/scim/v2/Schemas", get(discovery::schemas))
        .route("/o/{org}/scim/v2/Schemas/{name}", get(discovery::schema))
        .route("/o/{org}/scim/v2/Users", get(users::list).post(users::create))
        .route("/o/{org}/scim/v2/Users/.search", post(users::search))
        .route(
            "/o/{org}/scim/v2/Users/{id}",
            get(users::get).put(users::replace).patch(users::patch).delete(users::delete),
        )
        .route("/o/{org}/scim/v2/Groups", get(groups::list).post(groups::create))
        .route("/o/{org}/scim/v2/Groups/.search", post(groups::search))
        .route(
            "/o/{org}/scim/v2/Groups/{id}",
            get(groups::get).put(groups::replace).patch(groups::patch).delete(groups::delete),
        )
        .route("/o/{org}/scim/v2/.search", post(search::search))
        .route("/o/{org}/scim/v2/Me", any(discovery::me))
        .route("/o/{org}/scim/v2/Me/{*rest}", any(discovery::me))
        .route("/o/{org}/scim/v2/Bulk", any(discovery::bulk))
        .route("/o/{org}/scim/v2", any(discovery::not_found))
        .route("/o/{org}/scim/v2/{*rest}", any(discovery::not_found))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(scim_errors))
}

/// Replaces an error response that isn't SCIM, such as axum's 405, by a SCIM error with the same status.
async fn scim_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(|value| value == scim::MEDIA_TYPE) {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "Method not allowed.",
        StatusCode::PAYLOAD_TOO_LARGE => "The request body is too large.",
        status if status.is_server_error() => "Something went wrong on our side. Nothing was changed.",
        _ => "Invalid request.",
    };
    let mut scim_error = response::error_response(&scim::Error::new(status, None, detail));
    if let Some(allow) = response.headers().get(ALLOW) {
        scim_error.headers_mut().insert(ALLOW, allow.clone());
    }
    scim_error
}
