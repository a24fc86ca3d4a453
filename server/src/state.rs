//! What every request finds.

use app::shell::Files;
use axum::extract::FromRef;
use domain::Domain;
use domain::mail::Captured;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub domain: Domain,
    pub leptos: LeptosOptions,
    /// What pages load.
    pub files: Files,
    /// Whether the name of a file tells what is in it.
    pub hashed: bool,
    /// The mail that was not sent, where there is no mail server.
    pub captured: Option<Captured>,
    pub trusted_proxies: Arc<[IpNet]>,
    /// Where pages ask whether they were built anew, while somebody works on them.
    pub reload_port: Option<u32>,
}

impl AppState {
    pub fn new(
        domain: Domain,
        site_root: impl AsRef<Path>,
        captured: Option<Captured>,
        trusted_proxies: Vec<IpNet>,
    ) -> Self {
        let names = std::fs::read_to_string(site_root.as_ref().join("hash.txt")).unwrap_or_default();
        let site_root = site_root.as_ref().to_string_lossy();
        let leptos = LeptosOptions::builder().output_name("vestibule").site_root(&*site_root).build();
        // What Leptos goes by, too.
        let reload_port = std::env::var_os("LEPTOS_WATCH").map(|_| leptos.reload_port);
        let trusted_proxies = trusted_proxies.into();
        Self {
            domain,
            leptos,
            files: named(&names),
            hashed: !names.is_empty(),
            captured,
            trusted_proxies,
            reload_port,
        }
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

/// The files' paths, by what a build has written down of them: lines such as `css: DU1…`. Without it they have plain names.
fn named(hashes: &str) -> Files {
    let path = |kind: &str| {
        let of_kind =
            |line: &str| line.strip_prefix(kind)?.strip_prefix(':').map(|hash| hash.trim().to_owned());
        match hashes.lines().find_map(of_kind) {
            Some(hash) => format!("/pkg/vestibule.{hash}.{kind}").into(),
            None => format!("/pkg/vestibule.{kind}").into(),
        }
    };
    Files { style: path("css"), script: path("js"), wasm: path("wasm") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_the_build_names_them() {
        let hashed = named("js: a_B-1\nwasm: c\ncss: d\n");
        assert_eq!(&*hashed.script, "/pkg/vestibule.a_B-1.js");
        assert_eq!(&*hashed.wasm, "/pkg/vestibule.c.wasm");
        assert_eq!(&*hashed.style, "/pkg/vestibule.d.css");
        assert_eq!(&*named("").style, "/pkg/vestibule.css");
    }
}
