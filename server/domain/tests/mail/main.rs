//! Mail from the outbox to a mail server, over real connections and a real database.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod crashes;
mod delivery;
mod encrypted;
mod faults;
mod requests;
mod sign_in;
#[path = "../support/smtp.rs"]
mod smtp;
mod test_app;
