//! The server over HTTP, in this process, on a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod forms;
mod gate;
mod headers;
mod limits;
mod links;
mod support;
