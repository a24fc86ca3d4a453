//! Pages whose WebAssembly is fetched when they are opened: what everybody loads stays light.

#[cfg(feature = "hydrate")]
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;

/// A page's WebAssembly could not be fetched: the line is down, or the server has another version by now.
pub struct NotFetched;

impl From<SplitLoaderError> for NotFetched {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// What happens where a page could not be fetched, and never ends: on the way through the interface the server gives the
/// page, as to whoever follows a link; a page that the server has rendered stays as it is, and works without.
pub async fn do_without() -> ! {
    #[cfg(feature = "hydrate")]
    {
        let hydrated = document().document_element().is_some_and(|root| root.has_attribute(crate::app::HYDRATED));
        if hydrated {
            let to = leptos_router::hooks::use_location();
            let _ = window().location().set_href(&format!("{}{}", to.pathname.get_untracked(), to.search.get_untracked()));
        }
    }
    std::future::pending().await
}

/// Declares pages that are fetched when they are opened. What stands in one block comes in one file, since whoever opens one
/// of its pages will open the others.
macro_rules! lazy_pages {
    ($($module:ident { $($route:ident, $view:ident, $fetch:ident = $page:path;)+ })+) => {$($(
        pub struct $route;

        #[::leptos::wasm_split::wasm_split($module, wasm_split_path = ::leptos::wasm_split, fallible, preload($fetch))]
        fn $view() -> Result<::leptos::prelude::AnyView, $crate::lazy::NotFetched> {
            #[cfg(feature = "ssr")]
            ::leptos::prefetch_lazy_fn_on_server(stringify!($module));
            Ok(::leptos::prelude::IntoAny::into_any($page()))
        }

        impl ::leptos_router::LazyRoute for $route {
            fn data() -> Self {
                Self
            }

            async fn view(_: Self) -> ::leptos::prelude::AnyView {
                match $view().await {
                    Ok(view) => view,
                    Err($crate::lazy::NotFetched) => $crate::lazy::do_without().await,
                }
            }

            // The router waits for it before it shows the page, or takes over what the server rendered.
            async fn preload() {
                if $fetch().await.is_err() {
                    $crate::lazy::do_without().await
                }
            }
        }
    )+)+};
}

pub(crate) use lazy_pages;
