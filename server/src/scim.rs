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

use crate::route::Access::ApiClient;
use crate::route::{DELETE, GET, PATCH, POST, PUT, Route};
use crate::state::AppState;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use tower_http::catch_panic::CatchPanicLayer;

/// The routes of the SCIM service.
pub fn routes() -> Vec<Route> {
    vec![
        Route::on(
            GET,
            "/o/{org}/scim/v2/ServiceProviderConfig",
            ApiClient,
            discovery::service_provider_config,
        ),
        Route::on(GET, "/o/{org}/scim/v2/ResourceTypes", ApiClient, discovery::resource_types),
        Route::on(GET, "/o/{org}/scim/v2/ResourceTypes/{name}", ApiClient, discovery::resource_type),
        Route::on(GET, "/o/{org}/scim/v2/Schemas", ApiClient, discovery::schemas),
        Route::on(GET, "/o/{org}/scim/v2/Schemas/{name}", ApiClient, discovery::schema),
        Route::on(GET, "/o/{org}/scim/v2/Users", ApiClient, users::list),
        Route::on(POST, "/o/{org}/scim/v2/Users", ApiClient, users::create),
        Route::on(POST, "/o/{org}/scim/v2/Users/.search", ApiClient, users::search),
        Route::on(GET, "/o/{org}/scim/v2/Users/{id}", ApiClient, users::get),
        Route::on(PUT, "/o/{org}/scim/v2/Users/{id}", ApiClient, users::replace),
        Route::on(PATCH, "/o/{org}/scim/v2/Users/{id}", ApiClient, users::patch),
        Route::on(DELETE, "/o/{org}/scim/v2/Users/{id}", ApiClient, users::delete),
        Route::on(GET, "/o/{org}/scim/v2/Groups", ApiClient, groups::list),
        Route::on(POST, "/o/{org}/scim/v2/Groups", ApiClient, groups::create),
        Route::on(POST, "/o/{org}/scim/v2/Groups/.search", ApiClient, groups::search),
        Route::on(GET, "/o/{org}/scim/v2/Groups/{id}", ApiClient, groups::get),
        Route::on(PUT, "/o/{org}/scim/v2/Groups/{id}", ApiClient, groups::replace),
        Route::on(PATCH, "/o/{org}/scim/v2/Groups/{id}", ApiClient, groups::patch),
        Route::on(DELETE, "/o/{org}/scim/v2/Groups/{id}", ApiClient, groups::delete),
        Route::on(POST, "/o/{org}/scim/v2/.search", ApiClient, search::search),
        Route::any("/o/{org}/scim/v2/Me", ApiClient, discovery::me),
        Route::any("/o/{org}/scim/v2/Me/{*rest}", ApiClient, discovery::me),
        Route::any("/o/{org}/scim/v2/Bulk", ApiClient, discovery::bulk),
        Route::any("/o/{org}/scim/v2", ApiClient, discovery::not_found),
        Route::any("/o/{org}/scim/v2/{*rest}", ApiClient, discovery::not_found),
    ]
}

/// Adds what all SCIM routes have in common: every error is a SCIM error.
pub fn with_errors(handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.layer(CatchPanicLayer::new()).layer(from_fn(scim_errors))
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
