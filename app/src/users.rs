//! The users of an organization: the list, inviting, bulk actions, and the profile of one user.

mod address_list;
pub(crate) mod api;
mod dialogs;
mod invite;
mod list;
mod messages;
mod profile;
mod profile_access;
mod profile_history;
mod selection;
mod table;
mod tabs;

pub use list::UsersPage;
pub use profile::ProfilePage;
pub use tabs::{UsersTab, UsersTabs};
