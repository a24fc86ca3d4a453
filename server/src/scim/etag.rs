//! Versions in headers (RFC 7644, section 3.14; RFC 9110, section 13.1).

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use domain::scim::IfMatch;

/// A version as a header has it: weak, since the same resource can be told in more than one way.
pub fn tag(version: &str) -> String {
    format!("W/\"{version}\"")
}

/// Which versions the one who asks would change.
pub fn expected(headers: &HeaderMap) -> IfMatch {
    let tags = tags(headers, &IF_MATCH);
    if tags.is_empty() || tags.iter().any(|tag| tag == "*") { IfMatch::Any } else { IfMatch::OneOf(tags) }
}

/// Whether the one who asks has this version already.
pub fn is_known(headers: &HeaderMap, version: &str) -> bool {
    tags(headers, &IF_NONE_MATCH).iter().any(|tag| tag == "*" || tag == version)
}

/// The answer for whoever has it already.
pub fn not_modified(version: &str) -> Response {
    with(super::empty(StatusCode::NOT_MODIFIED), version)
}

pub fn with(mut response: Response, version: &str) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&tag(version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

fn tags(headers: &HeaderMap, name: &axum::http::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(','));
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    tags.map(bare).filter(|tag| !tag.is_empty()).collect()
}
