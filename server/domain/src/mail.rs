//! Mail: an outbox in the database, and the worker that empties it.
//!
//! The outbox is our own, and not a job library's: the row of a delivery is the job and what people see of it at
//! once, so that the two can't tell different stories after a crash; it belongs to its organization, as every row
//! does; and when to try again is a matter of SMTP's answers and of how long the mail is of use.

mod backoff;
mod enqueue;
mod job;
pub mod links;
mod memory_mailbox;
mod message;
mod outbox;
mod requests;
mod sanitize;
mod smtp;
mod state;
mod template;
mod transport;
mod worker;

pub use enqueue::InvitationMail;
pub(crate) use enqueue::{queue_invitations, queue_requests, queue_sign_in};
pub use lettre::message::Mailbox;
pub use memory_mailbox::{Captured, CapturedMail};
pub(crate) use state::{DeliveryColumns, delivery_state};
pub use transport::{MailConfigError, Transport, sender};
pub use worker::work;
