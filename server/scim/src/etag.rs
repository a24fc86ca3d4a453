//! The headers `ETag`, `If-Match` and `If-None-Match` (RFC 7644, section 3.14; RFC 9110, section 13.1).

use super::empty_response;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use domain::scim::IfMatch;

/// Formats a version as a weak entity tag: a projection changes the bytes of a response, but not the version.
pub fn format_etag(version: &str) -> String {
    format!("W/\"{version}\"")
}

/// Parses `If-Match`.
pub fn if_match(headers: &HeaderMap) -> IfMatch {
    let versions = parse_etags(headers, &IF_MATCH);
    if versions.is_empty() || versions.iter().any(|version| version == "*") {
        IfMatch::Any
    } else {
        IfMatch::OneOf(versions)
    }
}

/// Whether `If-None-Match` lists this version, so that the client already has it.
pub fn matches_if_none_match(headers: &HeaderMap, version: &str) -> bool {
    parse_etags(headers, &IF_NONE_MATCH).iter().any(|known| known == "*" || known == version)
}

pub fn not_modified(version: &str) -> Response {
    with_etag(empty_response(StatusCode::NOT_MODIFIED), version)
}

pub fn with_etag(mut response: Response, version: &str) -> Response {
    if let Ok(etag) = HeaderValue::from_str(&format_etag(version)) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// The versions in a list of entity tags, weak or strong.
fn parse_etags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let etags = values.flat_map(|value| value.split(','));
    let version = |etag: &str| etag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    etags.map(version).filter(|version| !version.is_empty()).collect()
}
