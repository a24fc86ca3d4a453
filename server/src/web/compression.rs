//! Pages and answers on their way, compressed: a list of users is a ninth as long then, for a tenth of the time that it
//! takes to make.
//!
//! Whoever sees how long an encrypted answer is, and may put guesses into it, can find out what else stands in it, since
//! a guess that is right makes it shorter (BREACH). Our pages hold no token that stays the same, but names and addresses,
//! and what was searched for. To put guesses there, another site has to make the browser ask; of that the browser tells
//! (Fetch Metadata). So what another site has asked for goes as it is, and so does it where nobody tells.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::SizeAbove;
use tower_http::compression::{CompressionLayer, Predicate};

/// The shortest answer that is compressed, in bytes: below, it would fill one packet all the same.
const LEAST: u16 = 1_024;

/// Compresses pages and what server functions answer. gzip at its fastest: better takes up to three times as long and saves
/// little more.
pub fn layer() -> CompressionLayer<impl Predicate> {
    let safely = |_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions| {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let ours = kind.starts_with("text/html") || kind.starts_with("application/json");
        ours && extensions.get::<AskedByUs>().is_some()
    };
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST.into()).and(safely))
}

/// Stands with an answer that no other site has asked for.
#[derive(Clone)]
struct AskedByUs;

/// Tells the layer outside of it which answers our own pages have asked for, or a person who typed or opened the address.
pub async fn tell(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").map(AsRef::as_ref);
    let by_us = matches!(site, Some(b"same-origin" | b"none"));
    let mut response = next.run(request).await;
    if by_us {
        response.extensions_mut().insert(AskedByUs);
    }
    response
}
