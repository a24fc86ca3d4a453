//! The users of an organization, as its admins see them.

mod cursor;
mod list;
mod profile;

pub use list::list;
pub use profile::profile;
