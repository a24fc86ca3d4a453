//! Lazy routes: the WebAssembly of most pages is fetched when they are first opened, which keeps the main bundle small.
//!
//! `lazy_routes!` declares all pages and their bundles. Leptos' own route types are not used: they generate a type per
//! route and another for the set, all of it in the main bundle.

use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use leptos_router::components::{FlatRoutes, FlatRoutesProps, RouteChildren};
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method, PathSegment,
    RouteMatchId, SsrMode,
};
use std::borrow::Cow;
use std::collections::HashSet;
use std::pin::Pin;

/// A page and the paths that lead to it.
#[derive(Clone, Copy)]
pub struct Route {
    pub path: PathPattern,
    #[cfg(feature = "ssr")]
    pub access: PageAccess,
    pub bundle: Bundle,
}

/// Who may see a page. The server checks it before it renders the page.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageAccess {
    Anyone,
    AnyoneIfRequestsEnabled,
    User,
    Admin,
}

/// Where the WebAssembly of a page is.
#[derive(Clone, Copy)]
pub enum Bundle {
    /// In the bundle that every page loads.
    Main(fn() -> AnyView),
    /// In a chunk that is fetched when one of its pages is opened.
    Lazy { preload: fn() -> ChunkFuture<()>, view: fn() -> ChunkFuture<AnyView> },
}

pub type ChunkFuture<T> = Pin<Box<dyn Future<Output = Result<T, ChunkLoadError>>>>;

/// A chunk could not be fetched: the network is down, or the server has been updated and no longer has this version.
pub struct ChunkLoadError;

impl From<SplitLoaderError> for ChunkLoadError {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

impl ChooseView for Route {
    async fn choose(self) -> AnyView {
        // Pending effects of the previous page must run before its signals are disposed of.
        #[cfg(feature = "hydrate")]
        leptos::task::tick().await;
        match self.bundle {
            Bundle::Main(view) => view(),
            Bundle::Lazy { view, .. } => match view().await {
                Ok(view) => view,
                Err(ChunkLoadError) => full_reload().await,
            },
        }
    }

    /// Does nothing: `choose` fetches the chunk.
    async fn preload(&self) {}
}

/// A path in which each segment that starts with a colon is a parameter that matches any non-empty segment.
#[derive(Clone, Copy)]
pub struct PathPattern(pub &'static str);

/// The parameters of a path with their values.
pub type RouteParams = Vec<(Cow<'static, str>, String)>;

impl PathPattern {
    /// The parameters of a path that matches the pattern, else `None`. Ignores trailing slashes.
    pub fn matches(self, path: &str) -> Option<RouteParams> {
        let mut segments = path.trim_end_matches('/').split('/');
        let mut params = Vec::new();
        for expected in self.0.trim_end_matches('/').split('/') {
            let segment = segments.next()?;
            match expected.strip_prefix(':') {
                Some(name) if !segment.is_empty() => params.push((name.into(), segment.to_owned())),
                None if expected == segment => {}
                _ => return None,
            }
        }
        segments.next().is_none().then_some(params)
    }

    /// The pattern as axum writes it: `/o/{org}` for `/o/:org`.
    #[cfg(feature = "ssr")]
    pub fn to_axum(self) -> String {
        let segment = |part: &str| match part.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => part.to_owned(),
        };
        self.0.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    fn segments(self) -> Vec<PathSegment> {
        let parts = self.0.split('/').filter(|part| !part.is_empty());
        let segment = |part: &'static str| match part.strip_prefix(':') {
            Some(name) => PathSegment::Param(name.into()),
            None => PathSegment::Static(part.into()),
        };
        parts.map(segment).collect()
    }
}

/// The page at the current path, like Leptos' `Routes`. Built by hand: in a view, `FlatRoutes` takes each route as a child of
/// its own type.
#[expect(clippy::disallowed_methods, reason = "the counterpart of Leptos' Routes is built on it")]
pub fn current_page(routes: &'static [Route], fallback: fn() -> AnyView) -> AnyView {
    let children = RouteChildren::to_children(move || Routes::new(routes));
    FlatRoutes(FlatRoutesProps { fallback, children, transition: false }).into_any()
}

/// All routes, in the form that the router matches.
#[derive(Clone)]
struct Routes(Vec<(RouteMatchId, Route)>);

impl Routes {
    fn new(routes: &[Route]) -> Self {
        Self(routes.iter().map(|route| (RouteMatchId::new_from_route_id(), *route)).collect())
    }
}

impl MatchNestedRoutes for Routes {
    type Data = ();
    type Match = MatchedPage;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, MatchedPage)>, &'a str) {
        let matched = self.0.iter().find_map(|(id, route)| {
            let params = route.path.matches(path)?;
            Some((*id, MatchedPage { id: *id, route: *route, path: path.to_owned(), params }))
        });
        let rest = if matched.is_some() { "" } else { path };
        (matched, rest)
    }

    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        self.0.iter().map(|(_, route)| GeneratedRouteData {
            segments: route.path.segments(),
            // Waits for all data, so that the status and the title are right and no part needs a script to appear.
            ssr_mode: SsrMode::Async,
            methods: HashSet::from([Method::Get]),
            regenerate: Vec::new(),
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

/// The page that a path leads to.
struct MatchedPage {
    id: RouteMatchId,
    route: Route,
    path: String,
    params: RouteParams,
}

impl MatchParams for MatchedPage {
    fn to_params(&self) -> RouteParams {
        self.params.clone()
    }
}

impl MatchInterface for MatchedPage {
    type Child = ();

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.path
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<()>) {
        (self.route, None)
    }
}

/// Loads the page from the server instead, as if its link had been followed without WebAssembly.
async fn full_reload() -> ! {
    #[cfg(feature = "hydrate")]
    {
        let location = leptos_router::hooks::use_location();
        let path = format!("{}{}", location.pathname.get_untracked(), location.search.get_untracked());
        let _ = window().location().set_href(&path);
    }
    std::future::pending().await
}

/// Declares the routes by their paths and who may see them ([`PageAccess`]), as `ROUTES`. The block `main` lists the pages in
/// the main bundle; every other block is a chunk of its own, with the pages that are likely to be opened together.
macro_rules! lazy_routes {
    (
        main { $($main_path:literal for $main_access:ident: $main:path;)+ }
        $($chunk:ident { $($path:literal for $access:ident: $component:path = $view:ident, $preload:ident;)+ })+
    ) => {
        pub const ROUTES: &[$crate::runtime::routes::Route] = &[
            $($crate::runtime::routes::Route {
                path: $crate::runtime::routes::PathPattern($main_path),
                #[cfg(feature = "ssr")]
                access: $crate::runtime::routes::PageAccess::$main_access,
                bundle: $crate::runtime::routes::Bundle::Main(|| ::leptos::prelude::IntoAny::into_any($main())),
            },)+
            $($($crate::runtime::routes::Route {
                path: $crate::runtime::routes::PathPattern($path),
                #[cfg(feature = "ssr")]
                access: $crate::runtime::routes::PageAccess::$access,
                bundle: $crate::runtime::routes::Bundle::Lazy {
                    preload: || Box::pin(async { Ok($preload().await?) }),
                    view: || Box::pin($view()),
                },
            },)+)+
        ];

        $($(
            #[::leptos::wasm_split::wasm_split(
                $chunk, wasm_split_path = ::leptos::wasm_split, fallible, preload($preload)
            )]
            fn $view() -> Result<::leptos::prelude::AnyView, $crate::runtime::routes::ChunkLoadError> {
                #[cfg(feature = "ssr")]
                ::leptos::prefetch_lazy_fn_on_server(stringify!($chunk));
                Ok(::leptos::prelude::IntoAny::into_any($component()))
            }
        )+)+
    };
}

pub(crate) use lazy_routes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_matches_whole_paths_only() {
        let matches = |pattern: &'static str, path: &str| PathPattern(pattern).matches(path);
        assert_eq!(matches("/", "/"), Some(vec![]));
        assert_eq!(matches("/", ""), Some(vec![]));
        assert_eq!(matches("/", "/o"), None);
        assert_eq!(
            matches("/o/:org/login", "/o/blobs/login/"),
            Some(vec![("org".into(), "blobs".to_owned())])
        );
        for path in ["/o//login", "/o/blobs", "/o/blobs/login/code", "/o/blobs/loginx", "o/blobs/login"] {
            assert_eq!(matches("/o/:org/login", path), None, "{path}");
        }
    }
}
