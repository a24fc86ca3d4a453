//! The users of an organization: the list, inviting, and one user's profile.

mod api;
mod chips;
mod invite;
mod list;
mod profile;
mod table;

pub use list::UsersPage;
pub use profile::ProfilePage;
