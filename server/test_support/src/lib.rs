//! Support for the tests of `domain` and `server`: [`TestApp`], which is an application with one organization on a test
//! database, an SMTP server and an OpenID Connect provider that misbehave on request, and the data of a large organization.
//!
//! SQL that more than one test needs is in a typed helper of [`TestApp`], so that a renamed column is changed in one place.
#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "tests may panic")]
#![expect(clippy::implicit_hasher, reason = "not a public interface")]

mod app;
mod database;
mod mail;
pub mod provider;
pub mod smtp;

pub use app::{ADMIN, SLUG, TestApp, context, create_organization, refusal, request_context, test_clock};
pub use mail::{DeliveryRow, Worker, send_mail, until};

/// SQL that seeds a large organization among a hundred others. Its parameters are described in the file.
pub const USERS_SQL: &str = include_str!("users.sql");
