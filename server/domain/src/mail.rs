//! Mail: an outbox in the database, and the worker that empties it.

use crate::{Result, Visitor};
use model::SignInId;
use sqlx::PgConnection;
use uuid::Uuid;

/// An invitation that wants its mail.
pub struct InvitationMail {
    pub invitation: Uuid,
    pub email: String,
}

/// Queues the mails of these invitations, in the transaction that makes them.
pub(crate) async fn queue_invitations(
    _transaction: &mut PgConnection,
    _visitor: &Visitor<'_>,
    _mails: &[InvitationMail],
) -> Result<()> {
    Ok(())
}

/// Queues a sign-in mail.
pub(crate) async fn queue_sign_in(
    _transaction: &mut PgConnection,
    _visitor: &Visitor<'_>,
    _sign_in: SignInId,
    _email: &str,
) -> Result<()> {
    Ok(())
}

/// The columns that tell where a mail is.
pub(crate) struct DeliveryColumns {
    pub state: String,
    pub tries: i32,
    pub due_at: Option<chrono::DateTime<chrono::Utc>>,
    pub reply: String,
    pub ended_at: Option<chrono::DateTime<chrono::Utc>>,
}

pub(crate) fn delivery_state(_columns: DeliveryColumns) -> model::delivery::DeliveryState {
    model::delivery::DeliveryState::Queued
}
