//! The users of an organization: the list, inviting, and one user's profile.

mod api;
mod chips;
mod chosen;
mod dialogs;
mod invite;
mod list;
mod profile;
mod profile_access;
mod profile_history;
mod table;
mod tabs;
mod words;

pub use list::UsersPage;
pub use profile::ProfilePage;
pub use tabs::{PeopleTab, PeopleTabs};
