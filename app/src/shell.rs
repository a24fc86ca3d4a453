//! The document around every page.

use crate::App;
use crate::erased_view::erased_view;
use crate::theme::Theme;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use model::Viewer;
use std::sync::Arc;

/// The paths of what every page loads. Their names change with what is in them.
#[derive(Clone)]
pub struct Files {
    pub style: Arc<str>,
    pub script: Arc<str>,
    pub wasm: Arc<str>,
}

/// The document, from its first byte.
pub fn shell(options: LeptosOptions, files: Files) -> impl IntoView {
    let theme = use_context::<Theme>().map(Theme::code);
    erased_view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="stylesheet" href=files.style.to_string()/>
                <AutoReload options/>
                <Hydration files/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Brings WebAssembly, which takes the page over. For whoever is signed in at once; for others when the page stands and
/// the browser has nothing else to do, since theirs are small forms that work by themselves: nobody waits for it, on a
/// slow line least of all.
#[component]
fn Hydration(files: Files) -> impl IntoView {
    let (script, wasm) = (files.script.to_string(), files.wasm.to_string());
    let signed_in = use_context::<Viewer>().is_some_and(|viewer| viewer.user.is_some());
    let start = format!(
        "const start=()=>import({script:?}).then(it=>it.default({{module_or_path:{wasm:?}}}).then(()=>it.hydrate()));"
    );
    let when = if signed_in {
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
        <script type="module" nonce=use_nonce()>{format!("{start}{when}")}</script>
    }
}
