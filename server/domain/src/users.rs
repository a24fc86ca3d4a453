//! The users of an organization, as its admins see them.

mod act;
mod change;
mod cursor;
mod list;
mod profile;

pub(crate) use act::{ATTEMPTS_MOST, apply};
pub use act::{act, invite_all_again};
pub use change::change;
pub use list::list;
pub(crate) use list::{contains, counts};
pub use profile::profile;
