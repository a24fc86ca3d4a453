//! Memberships: the state of an address in an organization, and changing it.
//!
//! Every change goes the same way: lock the user, read their open invitation, compute the state, look the transition up in
//! [`model::transitions`] and apply it. The user is locked before the invitation is read, so that two concurrent actions on
//! one address end as if one came after the other. An address without a user is locked by inserting one.
//!
//! Lock order: organization, users by normalized address, invitations and requests, outbox.

mod effects;
mod lock;
mod state;

pub(crate) use effects::{join, reactivate, revoke, suspend};
pub(crate) use lock::{
    Joining, LockedUser, NewUser, Selection, lock_address, lock_addresses, lock_user, lock_users,
};
pub(crate) use state::{check, state, user_status};
