//! The rules, over a real Postgres: each test has a database of its own and a clock that it moves itself.

mod invite;
mod join;
mod races;
mod sign_in;
mod users;
mod world;
