//! The user interface, built twice: with the feature `ssr` for the server, which renders complete pages, and with `hydrate`
//! for the browser, which makes them interactive.
//!
//! One module per feature (`users`, `groups`, `scim`, ...), each with its pages and, in `api`, its server functions. Shared
//! infrastructure:
//!
//! - `routes`: lazy routes; `paths`: all URLs; `layout`: the frame around pages; `shell`: the HTML document.
//! - [`form`]: forms that work without WebAssembly; `json_resource`: data that a page loads; both on [`server_fn_client`].
//! - [`ui`]: components without knowledge of routes or server functions; `crud`: list pages with dialogs.
//! - [`viewer`]: who is signed in; `server`: cookies and responses, on the server only.
//!
//! Business rules belong in `domain`, shared types in `model`.

mod account;
mod app;
mod audit_log;
mod crud;
mod erased_view;
pub mod form;
mod groups;
mod join;
mod json_resource;
mod layout;
pub mod paths;
mod request_invitation;
mod requests;
mod roles;
mod routes;
mod scim;
#[cfg(feature = "ssr")]
pub mod server;
pub mod server_fn_client;
mod settings;
#[cfg(feature = "ssr")]
pub mod shell;
mod sign_in;
mod sso;
pub mod theme;
pub mod ui;
mod users;
pub mod viewer;

pub use app::App;
#[cfg(feature = "hydrate")]
pub use app::start;
