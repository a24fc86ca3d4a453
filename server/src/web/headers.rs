//! Security headers, and the content security policy of pages.

use crate::state::AppState;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The content security policy of responses that are not rendered by Leptos: no scripts at all.
const NO_SCRIPT_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Marks the response of a subresource such as a script or stylesheet. The policies of the page that loads it apply.
#[derive(Clone, Copy)]
pub struct Subresource;

/// Adds the headers that are the same for all responses.
pub async fn add_security_headers(State(state): State<AppState>, mut response: Response) -> Response {
    let is_subresource = response.extensions().get::<Subresource>().is_some();
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_subresource {
        // A page loads many, and the other headers add half a kilobyte, as much as a small chunk.
        return response;
    }
    // Forms on our own pages need the referrer; other sites get none.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    if state.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // Responses contain data of an organization and must not be cached.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_SCRIPT_POLICY));
    response
}

/// Adds the content security policy of pages: same origin only, and inline scripts only with this response's nonce. With
/// `reload_port`, pages may also connect to the live reload server of cargo-leptos.
pub fn add_content_security_policy(response: &mut Response, nonce: &str, reload_port: Option<u32>) {
    if response.extensions().get::<Subresource>().is_some() {
        return;
    }
    let live_reload = reload_port.map(|port| format!(" ws://*:{port}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{live_reload}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        // Handlers may set a stricter policy.
        response.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(reload_port: Option<u32>) -> String {
        let mut response = Response::default();
        add_content_security_policy(&mut response, "abc", reload_port);
        response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    }

    #[test]
    fn csp_allows_live_reload_only_in_watch_mode() {
        assert!(policy(None).contains("connect-src 'self';"));
        assert!(policy(Some(3001)).contains("connect-src 'self' ws://*:3001;"));
    }
}
