//! Compression of pages and JSON. It reduces a users page to a ninth of its size, for a tenth of the time that rendering
//! it takes.
//!
//! Cross-site requests, and requests without Fetch Metadata, are not compressed (BREACH): someone who observes the length
//! of encrypted responses, and can put guesses into the requested page, learns its content, because a correct guess
//! compresses better. Our pages contain no secret that stays the same across requests, but they do contain names, addresses
//! and search terms. To inject guesses, an attacker's site must make the browser send the request, which
//! `Sec-Fetch-Site` reveals.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::SizeAbove;
use tower_http::compression::{CompressionLayer, Predicate};

/// The smallest response that is compressed, in bytes. Below, it fits into one packet either way.
const MIN_SIZE: u16 = 1_024;

/// Compresses HTML and JSON with gzip at its fastest level: higher levels take up to three times as long and save little
/// more.
pub fn layer() -> CompressionLayer<impl Predicate> {
    let is_safe = |_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions| {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_dynamic =
            content_type.starts_with("text/html") || content_type.starts_with("application/json");
        is_dynamic && extensions.get::<SameOriginRequest>().is_some()
    };
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_SIZE.into()).and(is_safe))
}

/// Marks the response to a request from one of our own pages, or from a user who typed or followed the URL outside of any
/// site. Requests with `Sec-Fetch-Site: same-site` don't count: a sibling subdomain may belong to someone else.
#[derive(Clone)]
struct SameOriginRequest;

/// Marks responses for the compression layer outside of this one, which sees only the response.
pub async fn mark_same_origin_requests(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").map(AsRef::as_ref);
    let is_same_origin = matches!(site, Some(b"same-origin" | b"none"));
    let mut response = next.run(request).await;
    if is_same_origin {
        response.extensions_mut().insert(SameOriginRequest);
    }
    response
}
