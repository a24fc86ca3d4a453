//! What goes to the mailbox of somebody who asked for an invitation. Nobody but that mailbox learns which it is.

use super::outbox::Claimed;
use crate::invitations::state;
use crate::{AppContext, Result, secret};
use chrono::{DateTime, Utc};
use model::sign_in::SIGN_IN_TTL;
use model::transitions::{Action, Mail, MembershipState, Transition, transition};
use model::{EmailAddress, RequestId};
use sqlx::PgConnection;
use uuid::Uuid;

/// What a mail about a request says.
pub(super) enum Answer {
    /// To whoever asked: the link that confirms, and until when.
    Confirm(RequestId, DateTime<Utc>),
    /// To whoever asked: the admins said no.
    Dismissed,
    /// To an admin: how many requests wait.
    Waiting(i64),
}

/// What the mail says; nothing, when it is not needed any more.
pub(super) async fn answer(
    app: &AppContext,
    now: DateTime<Utc>,
    claimed: &Claimed,
) -> Result<Option<Answer>> {
    if claimed.kind == "open_requests" {
        // Who is no admin any more, or wants no such mail, gets none: it was queued up to an hour ago.
        let waiting = sqlx::query_scalar!(
            "select count(*) as \"waiting!\" from invitation_requests
             where organization_id = $1 and status = 'open'
                and exists (select from organizations where id = $1 and notify_requests)
                and exists (
                    select from users
                    where organization_id = $1 and email_normalized = $2 and role = 'admin' and status = 'active'
                )",
            claimed.organization_id,
            key_of(&claimed.email)
        )
        .fetch_one(&app.pool)
        .await?;
        return Ok((waiting > 0).then_some(Answer::Waiting(waiting)));
    }
    if claimed.kind == "request_dismissed" {
        return Ok(Some(Answer::Dismissed));
    }
    let confirm = confirmation(app, now, claimed).await?;
    Ok(confirm.map(|(request, until)| Answer::Confirm(request, until)))
}

/// As addresses are compared; nothing compares to one that is none.
fn key_of(email: &str) -> String {
    EmailAddress::parse(email).map(|email| email.normalized()).unwrap_or_default()
}

/// The request to confirm, and until when; nothing, when the address is a user's: then an invited one has the invitation
/// queued again, an active one a sign-in mail, and the try is closed.
async fn confirmation(
    app: &AppContext,
    now: DateTime<Utc>,
    claimed: &Claimed,
) -> Result<Option<(RequestId, DateTime<Utc>)>> {
    let mut transaction = app.pool.begin().await?;
    let row = sqlx::query!(
        "select r.id, r.email_normalized, r.confirm_expires_at, u.id as \"user_id?\", u.email as \"user_email?\",
            u.status as \"user_status?\", i.id as \"invitation_id?\", i.expires_at as \"invitation_ends?\"
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
    let until = row.confirm_expires_at.filter(|until| *until > now);
    let state = match row.user_status.as_deref() {
        None => MembershipState::Unknown,
        Some(status) => state(status, row.invitation_ends, now),
    };
    let mail = match transition(Action::Request, state) {
        Transition::Apply(outcome) => outcome.mail,
        Transition::Reject(_) | Transition::NoOp => Mail::No,
    };
    match (mail, row.user_email) {
        (Mail::Confirmation, _) => return Ok(until.map(|until| (RequestId(row.id), until))),
        (Mail::InvitationAgain, Some(email)) => {
            queue(&mut transaction, claimed, now, "invitation", row.invitation_id, None, &email).await?;
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
            queue(&mut transaction, claimed, now, "sign_in", None, Some(sign_in), &email).await?;
        }
        // Whoever is suspended hears nothing.
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

async fn queue(
    transaction: &mut PgConnection,
    claimed: &Claimed,
    now: DateTime<Utc>,
    kind: &str,
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
        kind,
        invitation,
        sign_in,
        email,
        now
    )
    .execute(transaction)
    .await?;
    Ok(())
}
