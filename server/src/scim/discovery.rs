//! The discovery endpoints (RFC 7644, section 4), for API keys with any scope; and the endpoints that aren't supported.

use super::request::{RequestParts, ScimRequest};
use super::response::json_response;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ApiClient;
use scim::discovery;
use serde_json::Value;

/// Responds to any authenticated client with a document.
async fn respond(
    request: ScimRequest,
    document: impl FnOnce(&RequestParts) -> Result<Value, scim::Error>,
) -> Response {
    let handler = async |_: &ApiClient<'_>, request: RequestParts| {
        Ok(json_response(StatusCode::OK, &document(&request)?))
    };
    request.respond(None, handler).await
}

pub async fn service_provider_config(request: ScimRequest) -> Response {
    respond(request, |request| Ok(discovery::service_provider_config(&request.base_url))).await
}

pub async fn resource_types(request: ScimRequest) -> Response {
    respond(request, |request| {
        discovery::reject_filter(&request.query)?;
        Ok(discovery::resource_types(&request.base_url))
    })
    .await
}

pub async fn resource_type(request: ScimRequest) -> Response {
    respond(request, |request| discovery::resource_type(&request.name, &request.base_url)).await
}

pub async fn schemas(request: ScimRequest) -> Response {
    respond(request, |request| {
        discovery::reject_filter(&request.query)?;
        Ok(discovery::schemas(&request.base_url))
    })
    .await
}

pub async fn schema(request: ScimRequest) -> Response {
    respond(request, |request| discovery::schema(&request.name, &request.base_url)).await
}

/// `/Me` is the authenticated user (RFC 7644, section 3.11), but an API key belongs to no user.
pub async fn me(request: ScimRequest) -> Response {
    respond(request, |_| Err(not_implemented("/Me is not supported for API keys."))).await
}

pub async fn bulk(request: ScimRequest) -> Response {
    respond(request, |_| Err(not_implemented("Bulk operations are not supported."))).await
}

pub async fn not_found(request: ScimRequest) -> Response {
    respond(request, |_| Err(scim::Error::not_found())).await
}

fn not_implemented(detail: &str) -> scim::Error {
    scim::Error::new(StatusCode::NOT_IMPLEMENTED, None, detail)
}
