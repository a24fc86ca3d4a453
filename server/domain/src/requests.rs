//! Invitation requests from people who aren't members.
//!
//! Neither the response to a request nor its timing may reveal who is a member. [`submit`] therefore does the same work for
//! every address: it stores an unconfirmed request and queues an email. Only the mail worker looks up the address and
//! decides what to send. Admins see a request only after its sender has proved that they own the mailbox, with the link in that
//! email ([`confirm`]) or the link of an expired invitation ([`request_renewal`]).

mod confirm;
mod notify;
mod rate_limit;
mod renewal;
mod resolve;
mod review;
mod submit;

pub use confirm::{confirm, confirm_page};
pub use renewal::request_renewal;
pub(crate) use resolve::{join_details, mark_approved, mark_joined};
pub use review::{dismiss, dismiss_stale, find_open_by_email, list};
pub use submit::submit;
