//! The server over HTTP, in this process, on a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod export;
mod files;
mod forms;
mod gate;
mod headers;
mod hosts;
mod limits;
mod links;
mod mailbox;
mod process;
mod schema;
mod scim;
mod source;
mod sso;
mod support;
mod tenancy;
