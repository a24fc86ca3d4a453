//! The rules, over a real Postgres: each test has a database of its own and a clock that it moves itself.
#![expect(clippy::unwrap_used, clippy::panic, clippy::format_collect, reason = "a test that fails may panic")]

mod administration;
mod history;
mod invite;
mod join;
mod lifecycle;
mod permissions;
mod plans;
mod races;
mod requests;
mod sign_in;
mod table;
mod users;
mod world;
