//! Tests of the rules against a real Postgres. Each test has its own database and a clock that it controls.
#![expect(clippy::unwrap_used, clippy::panic, clippy::format_collect, reason = "tests may panic")]

mod administration;
mod history;
mod inconsistencies;
mod invite;
mod join;
mod lifecycle;
mod migrations;
mod names;
mod permissions;
mod plans;
mod races;
mod requests;
mod scim;
mod sign_in;
mod sso;
mod sso_admin;
mod sso_hostile;
mod table;
mod users;
