//! Writes messages to the outbox, in the transaction of the change that causes them. After the commit, the caller notifies
//! `AppContext::mail_ready`.

use crate::{InOrganization, OrganizationContext, Result};
use model::{RequestId, SignInId};
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// A message to queue for an invitation.
pub struct InvitationMail {
    pub invitation: Uuid,
    pub email: String,
}

/// Queues the messages of any number of invitations with one statement.
pub(crate) async fn enqueue_invitations(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    mails: &[InvitationMail],
) -> Result<()> {
    let ids: Vec<Uuid> = mails.iter().map(|_| context.new_id()).collect();
    let invitations: Vec<Uuid> = mails.iter().map(|mail| mail.invitation).collect();
    let emails: Vec<&str> = mails.iter().map(|mail| mail.email.as_str()).collect();
    sqlx::query!(
        "insert into deliveries (organization_id, id, kind, invitation_id, email, state, due_at, created_at)
         select $1, row.id, 'invitation', row.invitation_id, row.email, 'queued', $2, $2
         from unnest($3::uuid[], $4::uuid[], $5::text[]) as row (id, invitation_id, email)",
        context.organization_id(),
        context.now(),
        &ids,
        &invitations,
        &emails as &[&str]
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// A message about invitation requests, as the outbox stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str)]
pub(crate) enum RequestDelivery {
    /// To the requester: a link that confirms the request.
    #[strum(serialize = "request")]
    Confirmation,
    /// To the requester: the request was dismissed.
    #[strum(serialize = "request_dismissed")]
    Dismissal,
    /// To an admin: the number of open requests.
    #[strum(serialize = "open_requests")]
    OpenRequests,
}

/// Queues a message of this kind for each request, with one statement.
pub(crate) async fn enqueue_requests(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    kind: RequestDelivery,
    mails: &[(RequestId, &str)],
) -> Result<()> {
    let ids: Vec<Uuid> = mails.iter().map(|_| context.new_id()).collect();
    let (requests, emails): (Vec<Uuid>, Vec<&str>) =
        mails.iter().map(|(request, email)| (request.0, *email)).unzip();
    sqlx::query!(
        "insert into deliveries (organization_id, id, kind, request_id, email, state, due_at, created_at)
         select $1, row.id, $2, row.request_id, row.email, 'queued', $3, $3
         from unnest($4::uuid[], $5::uuid[], $6::text[]) as row (id, request_id, email)",
        context.organization_id(),
        kind.into_str(),
        context.now(),
        &ids,
        &requests,
        &emails as &[&str]
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Queues a sign-in message. The worker finds out whether the address belongs to a user, so that the response to the
/// sign-in form takes the same time for every address.
pub(crate) async fn enqueue_sign_in(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    sign_in: SignInId,
    email: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into deliveries (organization_id, id, kind, sign_in_id, email, state, due_at, created_at)
         values ($1, $2, 'sign_in', $3, $4, 'queued', $5, $5)",
        context.organization_id(),
        context.new_id(),
        sign_in.0,
        email,
        context.now()
    )
    .execute(transaction)
    .await?;
    Ok(())
}
