//! The layer between Leptos and the pages: our counterparts of some of its items, and what differs between the two builds.
//! What depends on a feature is here, so pages are the same code in both. They import [`prelude`] and
//! nothing else of Leptos.
//!
//! Leptos compiles resources, actions, views and routes again for every type they are used with. With 19 pages and 31 forms
//! those copies were a third of the WebAssembly, so the counterparts have one type each and keep data as JSON until it is read.
//!
//! | Leptos | ours | why | saving (Brotli) | how to go back |
//! |---|---|---|---|---|
//! | `Resource` | [`JsonResource`](json_resource) | one resource for all types | not measured alone | `Resource::new(source, fetcher)` returns the same values; `.await` and `.get()` stay |
//! | `ServerAction`, `ActionForm` | [`ServerFormAction`, `ServerForm`](form) | without WebAssembly, Leptos' form loses what was typed and the result | not measured alone | not until Leptos keeps them: it is a requirement |
//! | server function client | [`server_fn_client`] | reads JSON without `serde_json` | 15 kB at sign-in | call the server function itself |
//! | `view!` | [`erased_view!`](crate::erased_view!) | one type for every view | 7 kB at sign-in, 9 to 27 kB per page | replace the name, add `.into_any()` where branches differ |
//! | `Routes`, `Route`, `#[lazy_route]` | [`lazy_routes!`](routes) | one list instead of a type for each route; survives a chunk that is gone | 10 kB at sign-in | `FlatRoutes` with a `Route` for each line |
//! | `Transition` | [`StaleWhileLoading`](stale_while_loading) | marks the stale content as busy, without an effect on the server | – | `Transition` with `set_pending` |
//! | `hydrate_lazy` | `hydrate` | fetches the page's chunk first, so that links and forms work until it is there | – | `hydrate_lazy` |
//! | `ResponseOptions` | [`set_status`](response::set_status) | callable in both builds | – | `use_context::<ResponseOptions>()` behind `cfg` |
//!
//! Measured with `bin/test weight` on release builds before and after each change; reasons and limits are in
//! `docs/decisions/0005-leptos-counterparts.md`. Clippy rejects the Leptos items that have a counterpart (`clippy.toml`).
//!
//! # A page
//!
//! Reads data, and reloads it when a form has changed it:
//!
//! ```
//! use app::runtime::prelude::*;
//! use model::Problem;
//!
//! #[server(prefix = "/api", endpoint = "greeting/get", input = Json)]
//! pub async fn get_greeting(org: String) -> Result<String, Problem> {
//!     as_member(&org, async |_member| Ok("Hello".to_owned())).await
//! }
//!
//! #[server(prefix = "/api", endpoint = "greeting/save")]
//! pub async fn save_greeting(org: String, #[server(default)] greeting: String) -> Result<(), Problem> {
//!     as_admin(&org, async |_admin| Ok(drop(greeting))).await
//! }
//!
//! #[component]
//! pub fn GreetingPage(organization: String) -> impl IntoView {
//!     let save = ServerFormAction::<SaveGreeting>::new();
//!     let saves = save.success_count();
//!     let greeting = json_resource(move || GetGreeting { org: organization.clone() }, move || saves.get());
//!     erased_view! {
//!         <StaleWhileLoading>
//!             {move || Suspend::new(async move {
//!                 let greeting = greeting.await.unwrap_or_default();
//!                 erased_view! { <p>{greeting}</p> }
//!             })}
//!         </StaleWhileLoading>
//!         <ServerForm action=save>
//!             <label>"Greeting " <input name="greeting" value=save.posted_value("greeting")/></label>
//!             <button type="submit">"Save"</button>
//!         </ServerForm>
//!     }
//! }
//! ```
//!
//! **The closure around a `Suspend` may depend only on its resource.** Another signal in it would rerun it while the previous
//! content is still shown; that disposes of the content's signals, and reading one panics. Read other signals inside the
//! view, or untracked (`try_get_untracked`). `layout::Loaded` is such a closure for most pages.

#[cfg(feature = "ssr")]
pub mod cookies;
pub mod erased_view;
pub mod form;
#[cfg(feature = "hydrate")]
pub mod hydrate;
pub mod json_resource;
pub mod response;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
pub mod server_fn_client;
pub mod stale_while_loading;

/// Everything that pages and server functions use of Leptos and of this module.
pub mod prelude {
    pub use super::ON_SERVER;
    pub use super::erased_view::erased_view;
    pub use super::form::{self, FormResult, ServerForm, ServerFormAction};
    pub use super::json_resource::{JsonResource, fetch, json_resource, json_resource_if};
    pub use super::response::set_status;
    pub(crate) use super::routes::{current_page, lazy_routes};
    #[cfg(feature = "ssr")]
    pub use super::server::{self, as_admin, as_member, in_organization};
    pub use super::server_fn_client::serialize_for_hydration;
    pub use super::stale_while_loading::StaleWhileLoading;
    pub use leptos::prelude::*;
    pub use leptos::server_fn::ServerFn;
    pub use leptos::server_fn::codec::Json;
    pub use leptos::task::spawn_local;
    pub use leptos::{ev, html, web_sys};
    pub use leptos_meta::{MetaTags, Title, provide_meta_context};
    pub use leptos_router::NavigateOptions;
    pub use leptos_router::components::Router;
    pub use leptos_router::hooks::{use_location, use_navigate, use_params_map};
}

/// Whether this is the server's build rather than the browser's.
pub const ON_SERVER: bool = cfg!(feature = "ssr");
