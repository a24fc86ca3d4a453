//! One line in the log and one count in the metrics for each request. Paths are told by their pattern: what stands in
//! a path may open something.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::Token;
use std::time::Instant;
use tracing::Instrument;

/// The id under which the log tells of a request.
#[derive(Clone)]
pub struct RequestId(pub String);

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

pub async fn log(mut request: Request, next: Next) -> Response {
    let id: String = Token::random().reveal().chars().take(12).collect();
    let method = request.method().clone();
    let route = match request.extensions().get::<MatchedPath>() {
        // Which server function it is tells more than that it is one.
        Some(path) if path.as_str().starts_with("/api/") => request.uri().path().to_owned(),
        Some(path) => path.as_str().to_owned(),
        None => "(no such path)".to_owned(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    tracing::info!(id, %method, route, status, ms = took.as_secs_f64() * 1000.0, "answered");
    let labels =
        [("method", method.to_string()), ("route", metric_route(&route)), ("status", status.to_string())];
    metrics::histogram!("http_request_seconds", &labels).record(took.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// A stranger may ask for any path under `/api`: each would be a metric of its own.
fn metric_route(route: &str) -> String {
    let known =
        !route.starts_with("/api/") || server_fn::axum::server_fn_paths().any(|(path, _)| path == route);
    if known { route.to_owned() } else { "/api/(unknown)".to_owned() }
}
