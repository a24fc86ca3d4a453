//! Redirects that may set a cookie.

use app::runtime::cookies::Cookie;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Redirects with a GET request. A location that no header can hold comes from an identity provider: 502.
pub fn see_other(location: &str, cookie: Option<&Cookie<'_>>) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    if let Some(Ok(cookie)) = cookie.map(|cookie| HeaderValue::try_from(cookie.to_string())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
