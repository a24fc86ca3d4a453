//! The files of the site, as they were built: compressed beforehand where that was done.

pub mod manifest;

use super::headers::PartOfPage;
use crate::state::AppState;
use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use std::future::ready;
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};

pub fn router(state: &AppState) -> Router<AppState> {
    let site = Path::new(&*state.leptos.site_root);
    let built = ServeDir::new(site.join("pkg"))
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let kept_for = if state.hashed { FOR_EVER } else { ASKED_FOR };
    let built = Router::new()
        .nest_service("/pkg", built)
        .layer(map_response(move |built| ready(part(kept(built, kept_for.clone())))));
    let style = site.join(state.files.style.trim_start_matches('/'));
    let plain = Router::new()
        // For the pages that the interface does not render.
        .route_service("/style.css", ServeFile::new(style).precompressed_br().precompressed_gzip())
        .route_service("/favicon.svg", ServeFile::new(site.join("favicon.svg")))
        .route_service("/robots.txt", ServeFile::new(site.join("robots.txt")))
        .layer(map_response(|plain| ready(kept(plain, ASKED_FOR))));
    built.merge(plain)
}

/// What has another name when it is built anew: a browser need not ask again.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What keeps its name: a browser keeps it, and asks each time whether it still holds.
const ASKED_FOR: HeaderValue = HeaderValue::from_static("no-cache");

fn part(mut response: Response) -> Response {
    if is_there(&response) {
        response.extensions_mut().insert(PartOfPage);
    }
    response
}

fn kept(mut response: Response, how: HeaderValue) -> Response {
    if is_there(&response) {
        response.headers_mut().insert(CACHE_CONTROL, how);
    }
    response
}

fn is_there(response: &Response) -> bool {
    response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED
}
