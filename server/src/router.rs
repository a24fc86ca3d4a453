//! The router: the route table in its middleware.

use crate::route::{Access, Route};
use crate::routes::routes;
use crate::scim;
use crate::state::AppState;
use crate::web::{
    MAX_BODY_BYTES, compression, context, dev_mailbox, error_pages, headers, page_access, pages, request_log,
};
use anyhow::anyhow;
use app::runtime::routes::PageAccess;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::{MethodRouter, any, get};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How often histogram samples are aggregated. Without it they accumulate until the next scrape, which may never come.
const METRICS_UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// All routes of the public address, in their middleware.
pub fn router(state: AppState) -> Router {
    // Leptos renders on this executor. It fails when it is already set, as in tests.
    let _ = any_spawner::Executor::init_tokio();
    build(routes(&state), state, REQUEST_TIMEOUT)
}

/// Builds the router from a route table. The last layer is the outermost.
#[expect(clippy::disallowed_methods, reason = "every other route has to be a line of the table")]
fn build(routes: Vec<Route>, state: AppState, timeout: Duration) -> Router {
    let page = |handler: MethodRouter<AppState>, access| {
        handler.layer(from_fn_with_state(access, page_access::require_access))
    };
    // Requests of browsers, with cookies; and those that are authenticated without.
    let mut browser = Router::new()
        .fallback_service(page(any(pages::not_found), PageAccess::Anyone).with_state(state.clone()));
    let (mut server_to_server, mut health_checks) = (Router::new(), Router::new());
    for Route { path, access, handler, .. } in routes {
        match access {
            Access::Page(access) => browser = browser.route(&path, page(handler, access)),
            Access::ServerFunction | Access::Asset => browser = browser.route(&path, handler),
            Access::Loopback => {
                browser = browser.route(&path, handler.layer(from_fn(dev_mailbox::loopback_only)));
            }
            Access::ApiClient => server_to_server = server_to_server.route(&path, scim::with_errors(handler)),
            Access::IdentityProvider => server_to_server = server_to_server.route(&path, handler),
            Access::HealthCheck => health_checks = health_checks.route(&path, handler),
        }
    }
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(&*state.app.base_url).unwrap_or(csrf);
    let request_context = from_fn_with_state(state.clone(), context::attach_request_context);
    browser
        .layer(request_context.clone())
        .layer(csrf)
        .merge(server_to_server.layer(request_context))
        // Axum's default limit is lower than MAX_BODY_BYTES.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(CatchPanicLayer::custom(pages::panic_response))
        .layer(from_fn_with_state(state.clone(), error_pages::render_errors))
        .layer(map_response_with_state(state.clone(), headers::add_security_headers))
        .layer(from_fn(compression::mark_same_origin_requests))
        .layer(compression::layer())
        .layer(from_fn(request_log::log_request))
        .merge(health_checks)
        .with_state(state)
}

/// The Prometheus endpoint, served on its own address. Must be called on a Tokio runtime.
///
/// # Errors
/// When a metrics recorder is already installed.
#[expect(clippy::disallowed_methods, reason = "the route table is about the public address")]
pub fn metrics_router() -> anyhow::Result<Router> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| anyhow!("could not set up METRICS_LISTEN: {error}"))?;
    request_log::describe_metrics();
    let upkeep_handle = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP_INTERVAL).await;
            upkeep_handle.run_upkeep();
        }
    });
    Ok(Router::new().route("/metrics", get(move || async move { handle.render() })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, header};
    use sqlx::postgres::PgPoolOptions;
    use tower::ServiceExt;

    const PANIC_MESSAGE: &str = "panic of a test handler";

    async fn panics() -> StatusCode {
        panic!("{PANIC_MESSAGE}")
    }

    /// Two routes that panic and two that never respond, inside the real middleware.
    fn failing_router() -> Router {
        let pool = PgPoolOptions::new().connect_lazy("postgres://nobody@localhost/nowhere").unwrap();
        let app = test_support::context(pool, "http://localhost:3000");
        let state = AppState::new(app, "target/site", None, Vec::new());
        let access = Access::ServerFunction;
        let routes = vec![
            Route::any("/page", access, panics),
            Route::any("/api/function", access, panics),
            Route::any("/slow", access, std::future::pending::<()>),
            Route::any("/api/slow", access, std::future::pending::<()>),
        ];
        build(routes, state, Duration::from_millis(50))
    }

    async fn send_get(path: &str, accept: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        let (parts, body) = failing_router().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn panic_response_contains_the_request_id() {
        let (status, headers, page) = send_get("/page", "text/html").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = headers["x-request-id"].to_str().unwrap();
        assert!(page.contains("<h1>Something went wrong on our side</h1>") && page.contains(id), "{page}");
        assert!(!page.contains(PANIC_MESSAGE));
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let (status, headers, problem) = send_get("/api/function", "application/json").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = headers["x-request-id"].to_str().unwrap();
        assert_eq!(problem, format!(r#"{{"internal":{{"request":"{id}"}}}}"#));
    }

    #[tokio::test]
    async fn timeout_returns_503_with_an_error_page() {
        let (status, _, page) = send_get("/slow", "text/html").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.contains("<h1>The server took too long to respond</h1>"), "{page}");
        let (_, _, problem) = send_get("/api/slow", "application/json").await;
        assert_eq!(problem, r#""unreachable""#);
    }
}
