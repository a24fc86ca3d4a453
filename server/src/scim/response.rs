//! Responses with resources, lists and errors.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use domain::scim::ListPage;
use scim::{ETag, ListParameters, Resource};
use serde_json::Value;

pub fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(scim::MEDIA_TYPE));
    response
}

pub fn empty_response(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub fn error_response(error: &scim::Error) -> Response {
    json_response(error.status, &error.to_json())
}

/// A response without a body that reports the version.
pub fn version_response(status: StatusCode, version: &ETag) -> Response {
    with_header(empty_response(status), ETAG, &version.to_string())
}

/// A page of users or groups.
pub fn list_response(
    page: &ListPage<impl Resource>,
    parameters: &ListParameters,
    base_url: &str,
) -> Response {
    let resources = to_json(page, parameters, base_url);
    json_response(StatusCode::OK, &scim::list_response(page.total, parameters.start_index, resources))
}

/// The resources of a page, with the attributes that the client requested.
pub fn to_json<R: Resource>(page: &ListPage<R>, parameters: &ListParameters, base_url: &str) -> Vec<Value> {
    let projection = parameters.projection(R::TYPE);
    page.resources.iter().map(|resource| resource.to_json(base_url, &projection)).collect()
}

/// The response with one more header.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
