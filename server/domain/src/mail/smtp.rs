//! Speaking to the mail server (SMTP, RFC 5321).
//!
//! The protocol is lettre's; its connections are held here. lettre's own pool sends a NOOP before each mail, throws a
//! connection away whenever one address is refused, does not say at which point a mail was lost, and leaves Nagle's
//! algorithm on while it writes the end of a mail by itself, which stalls each mail for 45 ms. Here they are opened
//! with `TCP_NODELAY`, and commands go together where the server allows it (RFC 2920).

mod connection;
mod errors;
mod server;
mod stream;

pub(super) use connection::{Answer, Connection, Stage};
pub(super) use errors::MAX_REPLY;
pub(super) use server::Server;
