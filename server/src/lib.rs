//! The HTTP server and the command line of Vestibule: configuration, startup and graceful shutdown, routing, and the
//! translation between HTTP and `domain`. Business rules belong in `domain`.

pub mod cli;
pub mod config;
pub mod database;
pub mod route;
pub mod router;
pub mod routes;
mod scim;
pub mod serve;
pub mod state;
pub mod telemetry;
mod web;
