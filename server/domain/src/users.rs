//! Users of one organization: the list with keyset pages, profiles, bulk actions, and access (organization role, roles and
//! groups).

mod access;
mod actions;
mod cursor;
mod list;
mod profile;

pub use access::set_access;
pub(crate) use actions::apply_in_transaction;
pub use actions::{apply_action, resend_expired};
pub use list::list;
pub(crate) use list::{contains_pattern, load_counts};
pub use profile::profile;
