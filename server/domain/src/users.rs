//! The users of an organization, as its admins see them.

mod access;
mod actions;
mod cursor;
mod list;
mod profile;

pub use access::change;
pub(crate) use actions::{MAX_ATTEMPTS, apply};
pub use actions::{act, invite_all_again};
pub use list::list;
pub(crate) use list::{contains, counts};
pub use profile::profile;
