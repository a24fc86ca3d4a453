//! One log line and one metrics sample per request. Paths are recorded as their route pattern, because actual paths can
//! contain tokens.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use domain::Token;
use metrics::Unit;
use std::time::Instant;
use tracing::Instrument;

/// The id of a request, in the log and in the `X-Request-Id` response header.
#[derive(Clone)]
pub struct RequestId(pub String);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const REQUEST_ID_LENGTH: usize = 12;

const REQUEST_DURATION: &str = "http_request_duration_seconds";

pub async fn log_request(mut request: Request, next: Next) -> Response {
    let id: String = Token::random().expose().chars().take(REQUEST_ID_LENGTH).collect();
    let method = request.method().clone();
    let route = route_label(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    let (status, duration) = (response.status().as_u16(), started.elapsed());
    let ms = duration.as_secs_f64() * 1000.0;
    tracing::info!(id, %method, route = route.as_str(), status, ms, "request completed");
    let labels = [("method", method_label(&method)), ("route", route), ("status", status.to_string())];
    metrics::histogram!(REQUEST_DURATION, &labels).record(duration.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// Registers the help texts of the metrics recorded here.
pub fn describe_metrics() {
    metrics::describe_histogram!(
        REQUEST_DURATION,
        Unit::Seconds,
        "Time from receiving a request to sending its response headers."
    );
}

/// The route pattern, or for server functions the exact path: the pattern `/api/{*function}` would hide which one.
fn route_label(request: &Request) -> String {
    let Some(pattern) = request.extensions().get::<MatchedPath>() else { return "(unmatched)".to_owned() };
    let path = request.uri().path();
    let function = server_fn::axum::server_fn_paths().map(|(path, _)| path).find(|known| *known == path);
    function.unwrap_or(pattern.as_str()).to_owned()
}

/// Unknown methods share one label: clients can send any, and each would create a new time series.
fn method_label(method: &Method) -> String {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if known.contains(method) { method.to_string() } else { "other".to_owned() }
}
