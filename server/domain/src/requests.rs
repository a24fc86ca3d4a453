//! Wishes for an invitation, from people outside.
//!
//! Asking on the login page looks the same for every address, and so is the work that is done for it: a try is written
//! down, with its mail. Only the worker that makes the mail finds out whose address it is. Nothing reaches the admins
//! before the mailbox has shown itself, by the link of that mail or by that of an invitation which has expired.

mod confirm;
mod notify;
mod rate_limit;
mod renewal;
mod review;
mod submit;

pub use confirm::{confirm, confirm_page};
pub use renewal::request_renewal;
pub use review::{dismiss, dismiss_stale, list, of_addresses};
pub(crate) use review::{join_details, mark_approved, mark_joined};
pub use submit::submit;
