//! Static assets of the build: files under `/pkg`, precompressed where the build did so, and a few with fixed names.

pub mod manifest;

use super::headers::Subresource;
use crate::route::{Access, Route};
use crate::state::AppState;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any_service;
use std::future::ready;
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};

/// For files whose name contains a hash of their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For files with a fixed name: the browser caches them, and revalidates on every use.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

pub fn routes(state: &AppState) -> [Route; 4] {
    let site = Path::new(&*state.leptos.site_root);
    let pkg =
        ServeDir::new(site).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let cache_control = if state.hashed_assets { IMMUTABLE } else { NO_CACHE };
    let pkg = any_service(pkg).layer(map_response(move |response| {
        ready(mark_subresource(with_cache_control(response, cache_control.clone())))
    }));
    let file = |path, file: ServeFile| {
        let no_cache = map_response(|response| ready(with_cache_control(response, NO_CACHE)));
        Route::service(path, Access::Asset, any_service(file).layer(no_cache))
    };
    let style = site.join(state.asset_urls.style.trim_start_matches('/'));
    [
        Route::service("/pkg/{*file}", Access::Asset, pkg),
        // For pages that are not rendered by Leptos, which don't know the hashed name.
        file("/style.css", ServeFile::new(style).precompressed_br().precompressed_gzip()),
        file("/favicon.svg", ServeFile::new(site.join("favicon.svg"))),
        file("/robots.txt", ServeFile::new(site.join("robots.txt"))),
    ]
}

fn mark_subresource(mut response: Response) -> Response {
    if is_found(&response) {
        response.extensions_mut().insert(Subresource);
    }
    response
}

fn with_cache_control(mut response: Response, value: HeaderValue) -> Response {
    if is_found(&response) {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}

fn is_found(response: &Response) -> bool {
    response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED
}
