//! SCIM 2.0 (RFC 7643, 7644), as identity providers speak it. It translates, and decides nothing: the rules are
//! `domain::scim`'s.
//!
//! Programs come here with an API key and nothing else. So it stands outside of what guards browsers: no cookie counts,
//! and none is needed to be guarded against.

mod attribute_path;
mod discovery;
mod document;
mod error;
mod etag;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod groups;
mod list_response;
mod parser;
mod patch;
mod projection;
mod request;
mod search;
mod user;
mod users;

use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any, get, post};
use error::Said;
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;

/// What SCIM is written in (RFC 7644, section 8.1).
const SCIM_JSON: &str = "application/scim+json";

/// Every address of SCIM.
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
            get(users::show).put(users::replace).patch(users::change).delete(users::delete),
        )
        .route("/o/{org}/scim/v2/Groups", get(groups::list).post(groups::create))
        .route("/o/{org}/scim/v2/Groups/.search", post(groups::search))
        .route(
            "/o/{org}/scim/v2/Groups/{id}",
            get(groups::show).put(groups::replace).patch(groups::change).delete(groups::delete),
        )
        .route("/o/{org}/scim/v2/.search", post(search::search))
        .route("/o/{org}/scim/v2/Me", any(discovery::me))
        .route("/o/{org}/scim/v2/Me/{*rest}", any(discovery::me))
        .route("/o/{org}/scim/v2/Bulk", any(discovery::bulk))
        .route("/o/{org}/scim/v2", any(discovery::nothing))
        .route("/o/{org}/scim/v2/{*rest}", any(discovery::nothing))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(tell))
}

/// Gives SCIM's words to an answer that has only a status.
async fn tell(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == SCIM_JSON) {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "This can't be done here.",
        StatusCode::PAYLOAD_TOO_LARGE => "That is more than we can take at once.",
        status if status.is_server_error() => "Something went wrong on our side. Nothing was changed.",
        _ => "This could not be read.",
    };
    let (parts, _) = response.into_parts();
    let mut told = Said::new(status, None, detail).response();
    if let Some(allow) = parts.headers.get(axum::http::header::ALLOW) {
        told.headers_mut().insert(axum::http::header::ALLOW, allow.clone());
    }
    told
}

/// An answer in SCIM's own type.
fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
    response
}

/// An answer without a body.
fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
