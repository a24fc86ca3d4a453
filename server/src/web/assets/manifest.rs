//! What a build has made for browsers, and under which names.

use app::shell::AssetUrls;
use leptos::{WasmSplitManifest, reactive::owner::ArcStoredValue};
use std::path::Path;

/// Where browsers find it.
const FOLDER: &str = "/pkg";

/// The names that a build has written down: lines such as `css: DU1…`. Without them, files have plain names.
pub struct Names(String);

impl Names {
    pub fn read(site: &Path) -> Self {
        Self(std::fs::read_to_string(site.join("hash.txt")).unwrap_or_default())
    }

    /// Whether the name of a file tells what is in it.
    pub const fn hashed(&self) -> bool {
        !self.0.is_empty()
    }

    fn hash(&self, kind: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':')).map(str::trim)
    }

    /// What every page loads.
    pub fn files(&self) -> AssetUrls {
        let path = |kind: &str| match self.hash(kind) {
            Some(hash) => format!("{FOLDER}/vestibule.{hash}.{kind}").into(),
            None => format!("{FOLDER}/vestibule.{kind}").into(),
        };
        AssetUrls { style: path("css"), script: path("js"), wasm: path("wasm") }
    }

    /// What each page that is fetched when it is opened loads besides, in Leptos' own terms.
    pub fn split(&self, site: &Path) -> Option<WasmSplitManifest> {
        let manifest = match self.hash("manifest") {
            Some(hash) => format!("__wasm_split_manifest.{hash}.json"),
            None => "__wasm_split_manifest.json".to_owned(),
        };
        let manifest = std::fs::read(site.join(FOLDER.trim_start_matches('/')).join(manifest)).ok()?;
        // Where there is no hash, cargo-leptos leaves room for one.
        let script = format!("__wasm_split.{}.js", self.hash("split").unwrap_or("______________________"));
        let pages = serde_json::from_slice(&manifest).ok()?;
        Some(WasmSplitManifest(ArcStoredValue::new((FOLDER.to_owned(), pages, script))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_the_build_names_them() {
        let hashed = Names("js: a_B-1\nwasm: c\ncss: d\n".to_owned()).files();
        assert_eq!(&*hashed.script, "/pkg/vestibule.a_B-1.js");
        assert_eq!(&*hashed.wasm, "/pkg/vestibule.c.wasm");
        assert_eq!(&*hashed.style, "/pkg/vestibule.d.css");
        assert_eq!(&*Names(String::new()).files().style, "/pkg/vestibule.css");
    }
}
