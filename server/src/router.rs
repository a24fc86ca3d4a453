//! Which handler stands at which path.

use crate::scim;
use crate::state::AppState;
use crate::web::sso;
use crate::web::{
    assets, compression, context, dev_mailbox, error_pages, export, form_fallback, headers, health, links,
    page_access, pages, request_log,
};
use app::App;
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

/// The largest body that is taken, in bytes: 10,000 addresses fit, each of 254 octets and then encoded.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// How long a request may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often what was measured is folded together: nobody may ask for it for days.
const UPKEEP: Duration = Duration::from_secs(5);

/// Everything that is served on the public address.
pub fn router(state: AppState) -> Router {
    let mut pages = Router::new();
    for listing in generate_route_list(App) {
        let path = listing.path().to_owned();
        // A form posts to the page that it stands on.
        pages = pages.route(&path, get(pages::page).post(form_fallback::submit));
    }
    let pages = pages
        .route("/o/{org}", get(page_access::home))
        .route("/o/{org}/settings/audit-log.csv", get(export::audit_log))
        .route("/o/{org}/join/{token}", get(links::join))
        .route("/o/{org}/sign-in/{token}", get(links::sign_in))
        .route("/o/{org}/sso/start", post(sso::start))
        .route("/o/{org}/sso/callback", get(sso::callback))
        .route("/o/{org}/confirm-request/{token}", get(links::confirm_request))
        .fallback(pages::nothing)
        .layer(from_fn(page_access::gate));
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
    // Servers of others call these: they bring no cookies, and no page of somebody else could make use of one.
    let servers = scim::router().route("/o/{org}/sso/logout", post(sso::logout));
    around(router, servers, &state, PAGE_TIMEOUT)
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(health::ready))
        .with_state(state)
}

/// What stands around every handler. The last is the outermost. What `servers` of others call does not have to come from a
/// page of ours.
fn around(
    router: Router<AppState>,
    servers: Router<AppState>,
    state: &AppState,
    timeout: Duration,
) -> Router<AppState> {
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(&*state.app.base_url).unwrap_or(csrf);
    let attach = from_fn_with_state(state.clone(), context::attach);
    router
        .layer(attach.clone())
        .layer(csrf)
        .merge(servers.layer(attach))
        // Axum's own limit is lower than what we promise to take.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(CatchPanicLayer::custom(pages::panicked))
        .layer(from_fn_with_state(state.clone(), error_pages::tell))
        .layer(map_response_with_state(state.clone(), headers::fixed))
        .layer(from_fn(compression::tell))
        .layer(compression::layer())
        .layer(from_fn(request_log::log))
}

/// What Prometheus reads, on an address of its own.
///
/// # Errors
/// When the recorder can't be installed. It runs on a Tokio runtime.
pub fn metrics_router() -> Result<Router, String> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("METRICS_LISTEN: {error}"))?;
    let kept_small = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept_small.run_upkeep();
        }
    });
    Ok(Router::new().route("/metrics", get(move || async move { handle.render() })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode, header};
    use domain::{AppContext, Clock, Keyring};
    use sqlx::postgres::PgPoolOptions;
    use std::sync::Arc;
    use tower::ServiceExt;

    async fn breaks() -> StatusCode {
        panic!("a test that breaks")
    }

    /// Two paths that break and two that never answer, with everything around them that ours have.
    fn broken() -> Router {
        let app = AppContext {
            pool: PgPoolOptions::new().connect_lazy("postgres://nobody@localhost/nowhere").unwrap(),
            clock: Clock::system(),
            keys: Arc::new(Keyring::parse("a key for tests that is long enough").unwrap()),
            base_url: "http://localhost:3000".into(),
            mail_ready: Arc::default(),
            sso: Arc::default(),
        };
        let state = AppState::new(app, "target/site", None, Vec::new());
        let router = Router::new()
            .route("/page", get(breaks))
            .route("/api/function", get(breaks))
            .route("/slow", get(std::future::pending::<()>))
            .route("/api/slow", get(std::future::pending::<()>));
        around(router, Router::new(), &state, Duration::from_millis(50)).with_state(state)
    }

    async fn get_it(path: &str, accept: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        let (parts, body) = broken().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_breaks_is_a_page_that_names_its_request() {
        let (status, headers, page) = get_it("/page", "text/html").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = headers["x-request-id"].to_str().unwrap();
        assert!(page.contains("<h1>Something went wrong on our side</h1>") && page.contains(id), "{page}");
        assert!(!page.contains("a test that breaks"));
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let (status, headers, problem) = get_it("/api/function", "application/json").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let id = headers["x-request-id"].to_str().unwrap();
        assert_eq!(problem, format!(r#"{{"internal":{{"request":"{id}"}}}}"#));
    }

    #[tokio::test]
    async fn what_takes_too_long_is_told_so() {
        let (status, _, page) = get_it("/slow", "text/html").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.contains("<h1>That took too long</h1>"), "{page}");
        let (_, _, problem) = get_it("/api/slow", "application/json").await;
        assert_eq!(problem, r#""unreachable""#);
    }
}
