//! Which handler stands at which path.

use crate::state::AppState;
use crate::web::{
    context, files, forms, gate, headers, health, links, mailbox, pages, refusals, request_log,
};
use app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::{any, get};
use leptos_axum::generate_route_list;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest body that is taken, in bytes: 10,000 addresses fit, each of 254 octets and then encoded.
pub const BODY_MOST: usize = 8 * 1024 * 1024;

/// How long a request may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that is served on the public address.
pub fn router(state: AppState) -> Router {
    let mut pages = Router::new();
    for listing in generate_route_list(App) {
        let path = listing.path().to_owned();
        // A form posts to the page that it stands on.
        pages = pages.route(&path, get(pages::page).post(forms::submit));
    }
    let pages = pages
        .route("/o/{org}", get(gate::home))
        .route("/o/{org}/join/{token}", get(links::join))
        .route("/o/{org}/sign-in/{token}", get(links::sign_in))
        .fallback(pages::nothing)
        .layer(from_fn(gate::gate));
    let mut router = Router::new()
        .route("/api/{*function}", any(pages::server_function))
        .merge(pages)
        .merge(files::router(&state.leptos.site_root));
    if state.captured.is_some() {
        let mailbox = Router::new()
            .route("/dev/mail", get(mailbox::list))
            .route("/dev/mail/{id}", get(mailbox::mail))
            .route("/dev/mail/{id}/html", get(mailbox::html))
            .layer(from_fn(mailbox::here_alone));
        router = router.merge(mailbox);
    }
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(&*state.domain.base_url).unwrap_or(csrf);
    router
        .layer(from_fn_with_state(state.clone(), context::attach))
        .layer(csrf)
        // Axum's own limit is lower than what we promise to take.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_MOST))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, PAGE_TIMEOUT))
        .layer(CatchPanicLayer::custom(pages::panicked))
        .layer(from_fn_with_state(state.clone(), refusals::tell))
        .layer(map_response_with_state(state.clone(), headers::fixed))
        .layer(from_fn(request_log::log))
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(health::ready))
        .with_state(state)
}

/// What Prometheus reads, on an address of its own.
///
/// # Errors
/// When the recorder can't be installed.
pub fn metrics_router() -> Result<Router, String> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("METRICS_LISTEN: {error}"))?;
    Ok(Router::new().route("/metrics", get(move || async move { handle.render() })))
}
