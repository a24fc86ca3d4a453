//! The document around every page.

use crate::App;
use crate::theme::Theme;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// The document, from its first byte.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = use_context::<Theme>().map(Theme::code);
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="stylesheet" href=stylesheet/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
