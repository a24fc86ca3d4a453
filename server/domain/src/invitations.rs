//! Invitations: classifying a list of addresses, inviting them, and accepting an invitation.

mod classify;
mod invite;
mod join;
mod link;

pub use classify::classify;
pub use invite::invite;
pub use join::{join, join_page};
pub use link::copy_link;
