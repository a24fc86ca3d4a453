//! What every request finds.

use crate::web::assets::manifest::Names;
use app::shell::Files;
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
    /// What pages load.
    pub files: Files,
    /// What pages load besides that are fetched when they are opened.
    pub split: Option<WasmSplitManifest>,
    /// Whether the name of a file tells what is in it.
    pub hashed: bool,
    /// The mail that was not sent, where there is no mail server.
    pub dev_mailbox: Option<MemoryMailbox>,
    pub trusted_proxies: Arc<[IpNet]>,
    /// Where pages ask whether they were built anew, while somebody works on them.
    pub reload_port: Option<u32>,
}

impl AppState {
    pub fn new(
        app: AppContext,
        site_root: impl AsRef<Path>,
        dev_mailbox: Option<MemoryMailbox>,
        trusted_proxies: Vec<IpNet>,
    ) -> Self {
        let names = Names::read(site_root.as_ref());
        let split = names.split(site_root.as_ref());
        let site_root = site_root.as_ref().to_string_lossy();
        let leptos = LeptosOptions::builder().output_name("vestibule").site_root(&*site_root).build();
        // What Leptos goes by, too.
        let reload_port = std::env::var_os("LEPTOS_WATCH").map(|_| leptos.reload_port);
        let trusted_proxies = trusted_proxies.into();
        Self {
            app,
            leptos,
            files: names.files(),
            split,
            hashed: names.hashed(),
            dev_mailbox,
            trusted_proxies,
            reload_port,
        }
    }

    /// Whether people reach us by https.
    pub fn secure(&self) -> bool {
        self.app.base_url.starts_with("https:")
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
