//! The route table and the middleware stack.

use crate::scim;
use crate::state::AppState;
use crate::web::sso;
use crate::web::{
    assets, compression, context, dev_mailbox, error_pages, export, form_fallback, headers, health, links,
    page_access, pages, request_log,
};
use app::App;
use app::runtime::cookies::EmailLink;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::{any, get, post};
use leptos_axum::generate_route_list;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The limit for request bodies: enough for 10,000 percent-encoded addresses of 254 bytes each.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How often histogram samples are aggregated. Without it they accumulate until the next scrape, which may never come.
const METRICS_UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// All routes of the public address.
pub fn router(state: AppState) -> Router {
    let mut pages = Router::new();
    for listing in generate_route_list(App) {
        let path = listing.path().to_owned();
        // Forms post to the URL of their own page.
        pages = pages.route(&path, get(pages::render).post(form_fallback::submit));
    }
    let pages = pages
        .route("/o/{org}", get(page_access::home))
        .route("/o/{org}/settings/audit-log.csv", get(export::audit_log))
        .route("/o/{org}/join/{token}", links::open(EmailLink::Join))
        .route("/o/{org}/sign-in/{token}", links::open(EmailLink::SignIn))
        .route("/o/{org}/sso/start", post(sso::start))
        .route("/o/{org}/sso/callback", get(sso::callback))
        .route("/o/{org}/confirm-request/{token}", links::open(EmailLink::ConfirmRequest))
        .fallback(pages::not_found)
        .layer(from_fn(page_access::require_access));
    let mut router = Router::new()
        .route("/api/{*function}", any(pages::server_function))
        .merge(pages)
        .merge(assets::router(&state));
    if state.dev_mailbox.is_some() {
        let mailbox = Router::new()
            .route("/dev/mail", get(dev_mailbox::list))
            .route("/dev/mail/{id}", get(dev_mailbox::show))
            .route("/dev/mail/{id}/html", get(dev_mailbox::show_html))
            .layer(from_fn(dev_mailbox::loopback_only));
        router = router.merge(mailbox);
    }
    // Called by other servers. They authenticate without cookies, so cross-site request forgery does not apply.
    let server_to_server = scim::router().route("/o/{org}/sso/logout", post(sso::logout));
    with_middleware(router, server_to_server, &state, REQUEST_TIMEOUT)
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(health::ready))
        .with_state(state)
}

/// Adds the middleware; the last layer is the outermost. CSRF protection applies only to `router`.
fn with_middleware(
    router: Router<AppState>,
    server_to_server: Router<AppState>,
    state: &AppState,
    timeout: Duration,
) -> Router<AppState> {
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(&*state.app.base_url).unwrap_or(csrf);
    let request_context = from_fn_with_state(state.clone(), context::attach_request_context);
    router
        .layer(request_context.clone())
        .layer(csrf)
        .merge(server_to_server.layer(request_context))
        // Axum's default limit is lower than MAX_BODY_BYTES.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(CatchPanicLayer::custom(pages::panic_response))
        .layer(from_fn_with_state(state.clone(), error_pages::render_errors))
        .layer(map_response_with_state(state.clone(), headers::add_security_headers))
        .layer(from_fn(compression::mark_same_origin_requests))
        .layer(compression::layer())
        .layer(from_fn(request_log::log_request))
}

/// The Prometheus endpoint, served on its own address. Must be called on a Tokio runtime.
///
/// # Errors
/// When a metrics recorder is already installed.
pub fn metrics_router() -> Result<Router, String> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("could not set up METRICS_LISTEN: {error}"))?;
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
    use axum::http::{Request, StatusCode, header};
    use domain::{AppContext, Keyring};
    use sqlx::postgres::PgPoolOptions;
    use tower::ServiceExt;

    const PANIC_MESSAGE: &str = "panic of a test handler";

    async fn panics() -> StatusCode {
        panic!("{PANIC_MESSAGE}")
    }

    /// Two routes that panic and two that never respond, inside the real middleware.
    fn failing_router() -> Router {
        let app = AppContext::new(
            PgPoolOptions::new().connect_lazy("postgres://nobody@localhost/nowhere").unwrap(),
            Keyring::parse("a key for tests that is long enough").unwrap(),
            "http://localhost:3000",
        );
        let state = AppState::new(app, "target/site", None, Vec::new());
        let router = Router::new()
            .route("/page", get(panics))
            .route("/api/function", get(panics))
            .route("/slow", get(std::future::pending::<()>))
            .route("/api/slow", get(std::future::pending::<()>));
        with_middleware(router, Router::new(), &state, Duration::from_millis(50)).with_state(state)
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
