//! An SMTP client (RFC 5321).
//!
//! lettre implements the protocol; the connections are managed here. lettre's own pool sends a NOOP before each message,
//! drops a connection whenever a recipient is rejected, does not report at which stage a message was lost, and writes
//! the end of the data separately with Nagle's algorithm enabled, which delays each message by 45 ms. Here, connections
//! are opened with `TCP_NODELAY`, and commands are pipelined where the server allows it (RFC 2920).

mod connection;
mod errors;
mod server;
mod stream;

pub(super) use connection::{Connection, SendOutcome, Stage};
pub(super) use errors::MAX_REPLY;
pub(super) use server::Server;
