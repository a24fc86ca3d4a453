//! The headers that keep a page to itself.

use crate::state::AppState;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const PLAIN_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Marks an answer that is never shown by itself, such as a script: what its page may do, the page's own answer says.
#[derive(Clone, Copy)]
pub struct PartOfPage;

/// The headers that are the same on every answer.
pub async fn fixed(State(state): State<AppState>, mut response: Response) -> Response {
    let part = response.extensions().get::<PartOfPage>().is_some();
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if part {
        // A page has many parts, and half a kilobyte for each would weigh as much as a part does.
        return response;
    }
    // Forms need the referrer of our own pages; nobody else gets one.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    if state.secure() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // What somebody sees of an organization stays in no cache.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // What came from no page of ours runs nothing.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PLAIN_POLICY));
    response
}

/// What a page may load and run: ours alone, and of scripts in the page those with this answer's nonce. While somebody
/// works on the pages, they ask `reload_port` whether they were built anew.
pub fn with_nonce(response: &mut Response, nonce: &str, reload_port: Option<u32>) {
    if response.extensions().get::<PartOfPage>().is_some() {
        return;
    }
    let reload = reload_port.map(|port| format!(" ws://*:{port}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{reload}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        // A handler that has said something stricter knows why.
        response.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(reload_port: Option<u32>) -> String {
        let mut response = Response::default();
        with_nonce(&mut response, "abc", reload_port);
        response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    }

    #[test]
    fn pages_ask_whether_they_were_built_anew_only_while_somebody_works_on_them() {
        assert!(policy(None).contains("connect-src 'self';"));
        assert!(policy(Some(3001)).contains("connect-src 'self' ws://*:3001;"));
    }
}
