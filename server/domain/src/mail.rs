//! Email: an outbox in the database, and a worker that delivers its messages over SMTP.
//!
//! The outbox is a table of this application rather than of a job library, for three reasons: the row of a delivery
//! is both the job and the status that people see, so the two can't disagree after a crash; it belongs to its
//! organization, like every row; and the retry schedule depends on SMTP replies and on how long a message is useful.

mod backoff;
mod config_error;
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

pub use config_error::MailConfigError;
pub use enqueue::InvitationMail;
pub(crate) use enqueue::{RequestDelivery, enqueue_invitations, enqueue_requests, enqueue_sign_in};
pub use lettre::message::Mailbox;
pub use memory_mailbox::{CapturedMail, MemoryMailbox};
pub(crate) use state::{DeliveryColumns, delivery_state};
pub use transport::{Transport, parse_sender};
pub use worker::run_worker;
