//! The asset manifest: the file names that the build gave to the assets.

use app::shell::AssetUrls;
use leptos::{WasmSplitManifest, reactive::owner::ArcStoredValue};
use std::path::Path;

/// The URL prefix of the built assets, and their directory in the site root.
const PKG_PATH: &str = "/pkg";

/// What cargo-leptos writes in place of the hash when it does not hash file names.
const UNHASHED_SPLIT: &str = "______________________";

/// The content of `hash.txt`, which cargo-leptos writes when it hashes file names: lines such as `css: DU1…`. Empty when
/// names are not hashed.
pub struct AssetManifest(String);

impl AssetManifest {
    pub fn read(site_root: &Path) -> Self {
        Self(std::fs::read_to_string(site_root.join("hash.txt")).unwrap_or_default())
    }

    /// Whether file names contain a hash of their content.
    pub const fn is_hashed(&self) -> bool {
        !self.0.is_empty()
    }

    fn hash(&self, kind: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':')).map(str::trim)
    }

    /// The URLs of the assets that every page loads.
    pub fn asset_urls(&self) -> AssetUrls {
        let path = |kind: &str| match self.hash(kind) {
            Some(hash) => format!("{PKG_PATH}/vestibule.{hash}.{kind}").into(),
            None => format!("{PKG_PATH}/vestibule.{kind}").into(),
        };
        AssetUrls { style: path("css"), script: path("js"), wasm: path("wasm") }
    }

    /// The WebAssembly chunks of each lazy page, in the form that Leptos preloads them from.
    pub fn wasm_split(&self, site_root: &Path) -> Option<WasmSplitManifest> {
        let file_name = match self.hash("manifest") {
            Some(hash) => format!("__wasm_split_manifest.{hash}.json"),
            None => "__wasm_split_manifest.json".to_owned(),
        };
        let json = std::fs::read(site_root.join(PKG_PATH.trim_start_matches('/')).join(file_name)).ok()?;
        let script = format!("__wasm_split.{}.js", self.hash("split").unwrap_or(UNHASHED_SPLIT));
        let chunks = serde_json::from_slice(&json).ok()?;
        Some(WasmSplitManifest(ArcStoredValue::new((PKG_PATH.to_owned(), chunks, script))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asset_urls_contain_the_hashes_of_the_build() {
        let hashed = AssetManifest("js: a_B-1\nwasm: c\ncss: d\n".to_owned()).asset_urls();
        assert_eq!(&*hashed.script, "/pkg/vestibule.a_B-1.js");
        assert_eq!(&*hashed.wasm, "/pkg/vestibule.c.wasm");
        assert_eq!(&*hashed.style, "/pkg/vestibule.d.css");
        assert_eq!(&*AssetManifest(String::new()).asset_urls().style, "/pkg/vestibule.css");
    }
}
