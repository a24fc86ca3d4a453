//! Pages, of which many are fetched when they are opened: what everybody loads stays light.

use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method, PathSegment,
    RouteMatchId, SsrMode,
};
use std::borrow::Cow;
use std::collections::HashSet;
use std::pin::Pin;

/// A page, as the router asks for it.
#[derive(Clone, Copy)]
pub struct Page {
    pub path: Path,
    pub comes: Comes,
}

/// How a page comes to the browser.
#[derive(Clone, Copy)]
pub enum Comes {
    /// With what everybody loads.
    Along(fn() -> AnyView),
    /// When it is opened.
    Later {
        #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "a server has every page"))]
        fetch: fn() -> Fetching<()>,
        view: fn() -> Fetching<AnyView>,
    },
}

pub type Fetching<T> = Pin<Box<dyn Future<Output = Result<T, NotFetched>>>>;

/// A page's WebAssembly could not be fetched: the line is down, or the server has another version by now.
pub struct NotFetched;

impl From<SplitLoaderError> for NotFetched {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        // What the page before has still to do comes first: its signals go when it goes.
        #[cfg(feature = "hydrate")]
        leptos::task::tick().await;
        match self.comes {
            Comes::Along(view) => view(),
            Comes::Later { view, .. } => match view().await {
                Ok(view) => view,
                Err(NotFetched) => whole().await,
            },
        }
    }

    /// Choosing fetches it.
    async fn preload(&self) {}
}

/// Fetches the page that is open, before anything of it is taken over: until then its links and forms are the browser's, and
/// for good where it can't be fetched.
#[cfg(feature = "hydrate")]
pub async fn fetch_open(pages: &[Page]) -> Result<(), NotFetched> {
    let open = window().location().pathname().unwrap_or_default();
    match pages.iter().find(|page| page.path.named(&open).is_some()) {
        Some(Page { comes: Comes::Later { fetch, .. }, .. }) => fetch().await,
        _ => Ok(()),
    }
}

/// The path of a page: parts that begin with a colon stand for anything that is not empty, under that name.
#[derive(Clone, Copy)]
pub struct Path(pub &'static str);

/// What stands in a path in the place of its named parts.
type Named = Vec<(Cow<'static, str>, String)>;

impl Path {
    /// The named parts of a path that is of this page, and nothing when it is not. A slash at its end does not count.
    fn named(self, path: &str) -> Option<Named> {
        let mut parts = path.trim_end_matches('/').split('/');
        let mut named = Vec::new();
        for part in self.0.trim_end_matches('/').split('/') {
            let given = parts.next()?;
            match part.strip_prefix(':') {
                Some(name) if !given.is_empty() => named.push((name.into(), given.to_owned())),
                None if part == given => {}
                _ => return None,
            }
        }
        parts.next().is_none().then_some(named)
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

/// All pages, as the router matches them. Its own way, a type for each route and one more for all of them, weighs in what
/// everybody loads.
#[derive(Clone)]
pub struct Pages(Vec<(RouteMatchId, Page)>);

impl Pages {
    pub fn new(pages: &[Page]) -> Self {
        Self(pages.iter().map(|page| (RouteMatchId::new_from_route_id(), *page)).collect())
    }
}

impl MatchNestedRoutes for Pages {
    type Data = ();
    type Match = Open;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, Open)>, &'a str) {
        let open = self.0.iter().find_map(|(id, page)| {
            let named = page.path.named(path)?;
            Some((*id, Open { id: *id, page: *page, path: path.to_owned(), named }))
        });
        let rest = if open.is_some() { "" } else { path };
        (open, rest)
    }

    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        self.0.iter().map(|(_, page)| GeneratedRouteData {
            segments: page.path.segments(),
            // Pages are rendered whole: right status, right title, nothing that needs a script to appear.
            ssr_mode: SsrMode::Async,
            methods: HashSet::from([Method::Get]),
            regenerate: Vec::new(),
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

/// The page that a path is of.
pub struct Open {
    id: RouteMatchId,
    page: Page,
    path: String,
    named: Named,
}

impl MatchParams for Open {
    fn to_params(&self) -> Named {
        self.named.clone()
    }
}

impl MatchInterface for Open {
    type Child = ();

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.path
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<()>) {
        (self.page, None)
    }
}

/// Where a page could not be fetched on the way through the interface, the server gives it, as to whoever follows a link.
async fn whole() -> ! {
    #[cfg(feature = "hydrate")]
    {
        let to = leptos_router::hooks::use_location();
        let path = format!("{}{}", to.pathname.get_untracked(), to.search.get_untracked());
        let _ = window().location().set_href(&path);
    }
    std::future::pending().await
}

/// Declares the pages by their paths, as `PAGES`: first those that come along with what everybody loads, then those that are fetched
/// when they are opened. What stands in one block comes in one file, since whoever opens one of its pages will open the others.
macro_rules! pages {
    (
        along { $($along_path:literal: $along:path;)+ }
        $($module:ident { $($path:literal: $component:path = $view:ident, $fetch:ident;)+ })+
    ) => {
        const PAGES: &[$crate::routes::Page] = &[
            $($crate::routes::Page {
                path: $crate::routes::Path($along_path),
                comes: $crate::routes::Comes::Along(|| ::leptos::prelude::IntoAny::into_any($along())),
            },)+
            $($($crate::routes::Page {
                path: $crate::routes::Path($path),
                comes: $crate::routes::Comes::Later {
                    fetch: || Box::pin(async { Ok($fetch().await?) }),
                    view: || Box::pin($view()),
                },
            },)+)+
        ];

        $($(
            #[::leptos::wasm_split::wasm_split(
                $module, wasm_split_path = ::leptos::wasm_split, fallible, preload($fetch)
            )]
            fn $view() -> Result<::leptos::prelude::AnyView, $crate::routes::NotFetched> {
                #[cfg(feature = "ssr")]
                ::leptos::prefetch_lazy_fn_on_server(stringify!($module));
                Ok(::leptos::prelude::IntoAny::into_any($component()))
            }
        )+)+
    };
}

pub(crate) use pages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_whole() {
        let named = |path: &'static str, given: &str| Path(path).named(given);
        assert_eq!(named("/", "/"), Some(vec![]));
        assert_eq!(named("/", ""), Some(vec![]));
        assert_eq!(named("/", "/o"), None);
        assert_eq!(named("/o/:org/login", "/o/blobs/login/"), Some(vec![("org".into(), "blobs".to_owned())]));
        for other in ["/o//login", "/o/blobs", "/o/blobs/login/code", "/o/blobs/loginx", "o/blobs/login"] {
            assert_eq!(named("/o/:org/login", other), None, "{other}");
        }
    }
}
