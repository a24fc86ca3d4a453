//! The server over HTTP, in this process, on a real Postgres.

mod forms;
mod gate;
mod headers;
mod links;
mod support;
