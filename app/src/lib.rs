//! The interface: built for the server, which renders every page whole, and for the browser, which takes over from
//! there.

mod account;
mod app;
pub mod forms;
mod join;
mod pages;
pub mod paths;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod shell;
mod sign_in;
pub mod theme;
pub mod ui;
mod users;
pub mod viewer;

pub use app::App;
#[cfg(feature = "hydrate")]
pub use app::start;
