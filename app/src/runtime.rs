//! The layer between Leptos and the pages: our counterparts of some of its items, and what differs between the two builds.

#[cfg(feature = "ssr")]
pub mod cookies;
pub mod erased_view;
pub mod form;
pub mod json_resource;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
pub mod server_fn_client;
pub mod stale_while_loading;
