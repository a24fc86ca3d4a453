//! The state shared by all handlers.

use crate::web::assets::manifest::AssetManifest;
use app::shell::AssetUrls;
use axum::extract::FromRef;
use domain::AppContext;
use domain::mail::MemoryMailbox;
use ipnet::IpNet;
use leptos::WasmSplitManifest;
use leptos::config::LeptosOptions;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub app: AppContext,
    pub leptos: LeptosOptions,
    /// The URLs of the stylesheet, script and WebAssembly that every page loads.
    pub asset_urls: AssetUrls,
    /// The WebAssembly chunks that lazy pages load in addition.
    pub wasm_split: Option<WasmSplitManifest>,
    /// Whether asset file names contain a hash of their content, so that they can be cached as immutable.
    pub hashed_assets: bool,
    /// Captured email, when there is no SMTP server.
    pub dev_mailbox: Option<MemoryMailbox>,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The port of cargo-leptos' live reload, when it watches for changes.
    pub reload_port: Option<u32>,
}

impl AppState {
    pub fn new(
        app: AppContext,
        site_root: impl AsRef<Path>,
        dev_mailbox: Option<MemoryMailbox>,
        trusted_proxies: Vec<IpNet>,
    ) -> Self {
        let manifest = AssetManifest::read(site_root.as_ref());
        let wasm_split = manifest.wasm_split(site_root.as_ref());
        let site_root = site_root.as_ref().to_string_lossy();
        let leptos = LeptosOptions::builder().output_name("vestibule").site_root(&*site_root).build();
        // Leptos' `AutoReload` component checks the same variable.
        let reload_port = std::env::var_os("LEPTOS_WATCH").map(|_| leptos.reload_port);
        let trusted_proxies = trusted_proxies.into();
        Self {
            app,
            leptos,
            asset_urls: manifest.asset_urls(),
            wasm_split,
            hashed_assets: manifest.is_hashed(),
            dev_mailbox,
            trusted_proxies,
            reload_port,
        }
    }

    /// Whether the public origin is HTTPS.
    pub fn is_https(&self) -> bool {
        self.app.base_url.starts_with("https:")
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
