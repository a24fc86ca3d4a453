//! The user interface, built twice: with the feature `ssr` for the server, which renders complete pages, and with `hydrate`
//! for the browser, which makes them interactive.
//!
//! One module per feature (`users`, `groups`, `scim`, ...), each with its pages and, in `api`, its server functions. Shared
//! infrastructure:
//!
//! - [`runtime`]: the layer between Leptos and the pages.
//! - `paths`: all URLs; `layout`: the frame around pages; `shell`: the HTML document.
//! - [`ui`]: components without knowledge of routes or server functions; `crud`: list pages with dialogs.
//! - [`viewer`]: who is signed in.
//!
//! Business rules belong in `domain`, shared types in `model`.

mod account;
mod app;
mod audit_log;
mod crud;
mod groups;
mod join;
mod layout;
pub mod paths;
mod request_invitation;
mod requests;
mod roles;
pub mod runtime;
mod scim;
mod settings;
pub mod shell;
mod sign_in;
mod sign_out;
mod sso;
pub mod theme;
pub mod ui;
mod users;
pub mod viewer;
#[cfg(test)]
mod wire_tests;

pub use app::{App, ROUTES};
