//! The HTML document around every page.

use crate::App;
use crate::runtime::prelude::*;
use crate::theme::Theme;
use leptos::nonce::use_nonce;
use model::Viewer;
use std::sync::Arc;

/// The URLs of the assets that every page loads. They contain a hash of the content.
#[derive(Clone)]
pub struct AssetUrls {
    pub style: Arc<str>,
    pub script: Arc<str>,
    pub wasm: Arc<str>,
}

pub fn shell(options: LeptosOptions, assets: AssetUrls) -> impl IntoView {
    let theme = use_context::<Theme>().map(Theme::code);
    erased_view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="stylesheet" href=assets.style.to_string()/>
                <AutoReload options/>
                <HydrationScript assets/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the WebAssembly that hydrates the page: immediately for signed-in users, and for everyone else when the page has
/// loaded and the browser is idle. Public pages are small forms that work without it, so it must not delay them on a slow
/// connection.
#[component]
fn HydrationScript(assets: AssetUrls) -> impl IntoView {
    let (script, wasm) = (assets.script.to_string(), assets.wasm.to_string());
    let signed_in = use_context::<Viewer>().is_some_and(|viewer| viewer.user.is_some());
    let start = format!(
        "const start=()=>import({script:?}).then(module=>module.default({{module_or_path:{wasm:?}}}).then(()=>module.hydrate()));"
    );
    let schedule = if signed_in {
        "start();"
    } else {
        "const idle=()=>window.requestIdleCallback?requestIdleCallback(start,{timeout:3000}):setTimeout(start);\
         document.readyState===\"complete\"?idle():addEventListener(\"load\",idle);"
    };
    erased_view! {
        {signed_in.then(|| erased_view! {
            <link rel="modulepreload" href=script/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        })}
        <script type="module" nonce=use_nonce()>{format!("{start}{schedule}")}</script>
    }
}
