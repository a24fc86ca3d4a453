//! Invitations: offering membership, and taking the offer.
//!
//! Whoever changes a user's invitation holds the lock on the user's row first, and reads the invitation in a
//! statement after that: so two actions on one address end as if one came after the other.

mod classify;
mod invite;
mod join;
mod link;

pub use classify::classify;
pub(crate) use classify::state;
pub use invite::invite;
pub use join::{join, join_page};
pub use link::copy_link;
