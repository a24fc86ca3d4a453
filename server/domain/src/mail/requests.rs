//! Decides what a message about invitation requests contains. That depends on the state of the address, which only the
//! owner of the mailbox may learn.

use super::enqueue::RequestDelivery;
use super::outbox::ClaimedDelivery;
use crate::column::parse_column;
use crate::{AppContext, Result, membership, secret};
use chrono::{DateTime, Utc};
use model::delivery::DeliveryKind;
use model::sign_in::SIGN_IN_TTL;
use model::transitions::{Action, Mail, Transition, transition};
use model::{EmailAddress, RequestId};
use sqlx::PgConnection;
use uuid::Uuid;

/// The message about a request.
pub(super) enum RequestMailKind {
    /// To the requester: the request to confirm, and until when.
    Confirm(RequestId, DateTime<Utc>),
    /// To the requester: the request was dismissed.
    Dismissed,
    /// To an admin: the number of open requests.
    OpenRequests(usize),
}

/// The message to send; `None` if it is no longer needed.
pub(super) async fn request_mail_kind(
    app: &AppContext,
    now: DateTime<Utc>,
    claimed: &ClaimedDelivery,
) -> Result<Option<RequestMailKind>> {
    let kind: RequestDelivery = parse_column(&claimed.kind, "deliveries", "kind", claimed.id)?;
    if kind == RequestDelivery::OpenRequests {
        // The message was queued up to an hour ago. The recipient may no longer be an admin, or notifications may have
        // been turned off.
        let open_requests = sqlx::query_scalar!(
            "select count(*) as \"open_requests!\" from invitation_requests
             where organization_id = $1 and status = 'open'
                and exists (select from organizations where id = $1 and notify_requests)
                and exists (
                    select from users
                    where organization_id = $1 and email_normalized = $2 and role = 'admin' and status = 'active'
                )",
            claimed.organization_id,
            normalized_email(&claimed.email)
        )
        .fetch_one(&app.pool)
        .await?;
        let open_requests = usize::try_from(open_requests).unwrap_or_default();
        return Ok((open_requests > 0).then_some(RequestMailKind::OpenRequests(open_requests)));
    }
    if kind == RequestDelivery::Dismissal {
        return Ok(Some(RequestMailKind::Dismissed));
    }
    let request = request_to_confirm(app, now, claimed).await?;
    Ok(request.map(|(request, expires_at)| RequestMailKind::Confirm(request, expires_at)))
}

/// The address as it is compared. An invalid address becomes the empty string, which equals no user's.
fn normalized_email(email: &str) -> String {
    EmailAddress::parse(email).map(|email| email.normalized()).unwrap_or_default()
}

/// The request to confirm, and until when. If the address belongs to a user, the request is resolved instead: an invited
/// user gets the invitation again, an active user a sign-in link, a suspended user no message.
async fn request_to_confirm(
    app: &AppContext,
    now: DateTime<Utc>,
    claimed: &ClaimedDelivery,
) -> Result<Option<(RequestId, DateTime<Utc>)>> {
    let mut transaction = app.pool.begin().await?;
    let row = sqlx::query!(
        "select r.id, r.email_normalized, r.confirm_expires_at, u.id as \"user_id?\", u.email as \"user_email?\",
            u.status as \"user_status?\", i.id as \"invitation_id?\", i.expires_at as \"invitation_expires_at?\"
         from invitation_requests r
         left join users u on u.organization_id = r.organization_id and u.email_normalized = r.email_normalized
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         where r.organization_id = $1 and r.id = $2 and r.status = 'unconfirmed'
         for update of r",
        claimed.organization_id,
        claimed.request_id
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at = row.confirm_expires_at.filter(|expires_at| *expires_at > now);
    let status = match row.user_id.zip(row.user_status) {
        Some((user, status)) => Some(parse_column(&status, "users", "status", user)?),
        None => None,
    };
    let state = membership::state(status, row.invitation_expires_at, now);
    let mail = match transition(Action::Request, state) {
        Transition::Apply(effect) => effect.mail,
        Transition::Reject(_) | Transition::NoOp => Mail::None,
    };
    match (mail, row.user_email) {
        (Mail::Confirmation, _) => return Ok(expires_at.map(|expires_at| (RequestId(row.id), expires_at))),
        (Mail::ExistingInvitation, Some(email)) => {
            enqueue(
                &mut transaction,
                claimed,
                now,
                DeliveryKind::Invitation,
                row.invitation_id,
                None,
                &email,
            )
            .await?;
        }
        (Mail::SignIn, Some(email)) => {
            let sign_in = secret::uuid_v7(now);
            sqlx::query!(
                "insert into sign_ins (organization_id, id, email_normalized, created_at, expires_at) values ($1, $2, $3, $4, $5)",
                claimed.organization_id,
                sign_in,
                row.email_normalized,
                now,
                now + SIGN_IN_TTL
            )
            .execute(&mut *transaction)
            .await?;
            enqueue(&mut transaction, claimed, now, DeliveryKind::SignIn, None, Some(sign_in), &email)
                .await?;
        }
        // A suspended user gets no message.
        _ => {}
    }
    sqlx::query!(
        "update invitation_requests set status = 'resolved', ended_at = $3 where organization_id = $1 and id = $2",
        claimed.organization_id,
        row.id,
        now
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    app.mail_ready.notify_one();
    Ok(None)
}

async fn enqueue(
    transaction: &mut PgConnection,
    claimed: &ClaimedDelivery,
    now: DateTime<Utc>,
    kind: DeliveryKind,
    invitation: Option<Uuid>,
    sign_in: Option<Uuid>,
    email: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into deliveries
            (organization_id, id, kind, invitation_id, sign_in_id, email, state, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, 'queued', $7, $7)",
        claimed.organization_id,
        secret::uuid_v7(now),
        kind.code(),
        invitation,
        sign_in,
        email,
        now
    )
    .execute(transaction)
    .await?;
    Ok(())
}
