//! The interface: built for the server, which renders every page whole, and for the browser, which takes over from
//! there.

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
mod plural;
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
