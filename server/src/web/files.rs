//! The files of the site, as they were built: compressed beforehand where that was done.

use crate::state::AppState;
use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};

pub fn router(site_root: &str) -> Router<AppState> {
    let site = Path::new(site_root);
    let built = ServeDir::new(site.join("pkg"))
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .nest_service("/pkg", built)
        .route_service("/favicon.svg", ServeFile::new(site.join("favicon.svg")))
        .route_service("/robots.txt", ServeFile::new(site.join("robots.txt")))
        .layer(map_response(kept))
}

/// The names of the files stay when they are built anew: a browser keeps them, and asks each time whether they still hold.
async fn kept(mut response: Response) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}
