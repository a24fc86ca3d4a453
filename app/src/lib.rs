//! The interface: built for the server, which renders every page whole, and for the browser, which takes over from
//! there.

mod account;
mod app;
mod ask;
mod audit_log;
mod authentication;
pub mod call;
pub mod forms;
mod general;
mod groups;
mod join;
mod lazy;
mod loaded;
mod pages;
pub mod paths;
mod provisioning;
mod requests;
mod roles;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod shell;
mod sign_in;
mod sso;
pub mod theme;
mod things;
pub mod ui;
mod users;
mod view;
pub mod viewer;

pub use app::App;
#[cfg(feature = "hydrate")]
pub use app::start;
