//! The web server and the command line of Vestibule. It translates between the web and `domain`, and decides nothing.

pub mod cli;
pub mod config;
pub mod database;
pub mod router;
mod scim;
pub mod serve;
pub mod state;
pub mod telemetry;
mod web;

/// What server/fuzz calls.
#[cfg(fuzzing)]
pub use scim::fuzz;
