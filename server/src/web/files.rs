//! The files of the site, as they were built: compressed beforehand where that was done.

use crate::state::AppState;
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};

pub fn folder(state: &AppState, name: &str) -> ServeDir {
    ServeDir::new(Path::new(&*state.leptos.site_root).join(name))
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
}

pub fn file(state: &AppState, name: &str) -> ServeFile {
    ServeFile::new(Path::new(&*state.leptos.site_root).join(name))
}
