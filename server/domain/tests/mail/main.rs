//! Tests of the mail worker, with SMTP over real connections and a real database.
#![expect(clippy::unwrap_used, reason = "a panic shows where a test failed")]

mod crashes;
mod delivery;
mod encrypted;
mod faults;
mod requests;
mod sign_in;
