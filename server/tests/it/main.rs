//! The server over HTTP, in this process, on a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod assets;
mod body_limits;
mod client_ip;
mod dev_mailbox;
mod export;
mod form_fallback;
mod headers;
mod host_header;
mod links;
mod page_access;
mod process;
mod schema;
mod scim;
mod sso;
mod statements;
mod tenancy;
mod test_server;
