//! One line in the log and one count in the metrics for each request. Paths are told by their pattern: what stands in
//! a path may open something.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
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
    let id: String = Token::random().expose().chars().take(12).collect();
    let method = request.method().clone();
    let route = route(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    tracing::info!(id, %method, route = route.as_str(), status, ms = took.as_secs_f64() * 1000.0, "answered");
    let labels = [("method", known(&method)), ("route", route), ("status", status.to_string())];
    metrics::histogram!("http_request_seconds", &labels).record(took.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// The pattern of the path. Which server function is called tells more than that one is.
fn route(request: &Request) -> String {
    let Some(pattern) = request.extensions().get::<MatchedPath>() else { return "(no such path)".to_owned() };
    let path = request.uri().path();
    let known = server_fn::axum::server_fn_paths().map(|(function, _)| function).find(|known| *known == path);
    known.unwrap_or(pattern.as_str()).to_owned()
}

/// A stranger may think of any method: each would be a metric of its own.
fn known(method: &Method) -> String {
    let ours = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let known = ours.contains(method);
    if known { method.to_string() } else { "other".to_owned() }
}
