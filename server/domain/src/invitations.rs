//! Invitations: classifying a list of addresses, inviting them, and accepting an invitation.
//!
//! Lock order: a change to an invitation first locks the user's row, and reads the invitation in a later statement. Two
//! concurrent actions on one address then end as if one came after the other.

mod classify;
mod invite;
mod join;
mod link;

pub use classify::classify;
pub(crate) use classify::membership_state;
pub use invite::invite;
pub use join::{join, join_page};
pub use link::copy_link;
