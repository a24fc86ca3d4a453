//! What every request finds.

use axum::extract::FromRef;
use domain::Domain;
use domain::mail::Captured;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub domain: Domain,
    pub leptos: LeptosOptions,
    /// The mail that was not sent, where there is no mail server.
    pub captured: Option<Captured>,
    pub trusted_proxies: Arc<[IpNet]>,
}

impl AppState {
    pub fn new(
        domain: Domain,
        site_root: &str,
        captured: Option<Captured>,
        trusted_proxies: Vec<IpNet>,
    ) -> Self {
        let leptos = LeptosOptions::builder().output_name("vestibule").site_root(site_root).build();
        Self { domain, leptos, captured, trusted_proxies: trusted_proxies.into() }
    }

    /// Whether people reach us by https.
    pub fn secure(&self) -> bool {
        self.domain.base_url.starts_with("https:")
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
