//! Confirming a request with the link from its email, which opens it for review by the admins.

use super::notify;
use crate::audit::{self, Actor, Targets};
use crate::membership::{self, LockedUser, NewUser};
use crate::{InOrganization, OrganizationContext, Result, Token, access};
use chrono::TimeDelta;
use model::audit_log::AuditAction;
use model::requests::ConfirmPage;
use model::transitions::{Action, Mail, MembershipState, Transition, transition};
use model::{EmailAddress, OrganizationRole, Problem, RequestId};
use serde_json::json;
use sqlx::PgConnection;

/// The state of the page that the link opens. Read-only, since mail scanners open links too.
pub async fn confirm_page(context: &OrganizationContext<'_>, token: &Token) -> Result<ConfirmPage> {
    let Some(request) = context.app().keys.verify_request_token(context.id(), token) else {
        return Ok(ConfirmPage::NoSuchLink);
    };
    let row = sqlx::query!(
        "select email, name, message, status = 'unconfirmed' as \"is_unconfirmed!\", confirm_expires_at
         from invitation_requests where organization_id = $1 and id = $2",
        context.organization_id(),
        request.0
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(ConfirmPage::NoSuchLink) };
    // Turning requests off also expires the unconfirmed ones.
    let is_expired = !context.settings().requests_enabled
        || row.confirm_expires_at.is_none_or(|until| until <= context.now());
    Ok(if !row.is_unconfirmed {
        ConfirmPage::Confirmed
    } else if is_expired {
        ConfirmPage::Expired
    } else {
        ConfirmPage::Ready { email: row.email, name: row.name, message: row.message }
    })
}

/// Confirms a request, so that admins see it. Idempotent. If the address has been invited or has joined in the meantime, the
/// request is resolved instead. If it already has an open or recently dismissed request, the repeat is only counted.
///
/// # Errors
/// `InvalidLink`; the page of the link says why.
pub async fn confirm(context: &OrganizationContext<'_>, token: &Token) -> Result<()> {
    let request = context.app().keys.verify_request_token(context.id(), token).ok_or(Problem::InvalidLink)?;
    // Check without locks first, so that posting a used link repeatedly doesn't block others.
    match confirm_page(context, token).await? {
        ConfirmPage::Ready { .. } => {}
        ConfirmPage::Confirmed => return Ok(()),
        ConfirmPage::Expired | ConfirmPage::NoSuchLink => return Err(Problem::InvalidLink.into()),
    }
    let mut transaction = context.app().pool.begin().await?;
    // Lock order: organization first, which notifying the admins needs.
    access::lock_organization(&mut transaction, context).await?;
    let Some((email, user)) = lock_request(&mut transaction, context, request).await? else {
        return Ok(());
    };
    // Otherwise the address has been invited or has joined in the meantime.
    let is_needed = matches!(
        transition(Action::Request, user.state),
        Transition::Apply(effect) if effect.mail == Mail::Confirmation
    );
    let is_repeat = is_needed && count_repeat(&mut transaction, context, &user.email_normalized).await?;
    let is_opened =
        if is_needed && !is_repeat { open(&mut transaction, context, request).await? } else { false };
    if is_opened {
        let mut targets = Targets::default();
        targets.push_address(&email);
        let actor = Actor::Unauthenticated { email: &email };
        audit::record(&mut transaction, context, &actor, AuditAction::RequestOpened, &targets, &json!({}))
            .await?;
        notify::queue_admin_emails(&mut transaction, context, request).await?;
    } else {
        sqlx::query!(
            "update invitation_requests set status = 'resolved', proof = 'email', ended_at = $3
             where organization_id = $1 and id = $2",
            context.organization_id(),
            request.0,
            context.now()
        )
        .execute(&mut *transaction)
        .await?;
    }
    if user.state == MembershipState::Unknown {
        sqlx::query!(
            "delete from users where organization_id = $1 and id = $2",
            context.organization_id(),
            user.id.0
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(())
}

/// Locks the address, then the request. Returns the address as the request has it, and its user; `None` if the request was
/// already confirmed.
///
/// If the address has no user, one is inserted, which the same transaction deletes again: a concurrent invitation of the
/// address then waits for the commit and sees the open request.
async fn lock_request(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<Option<(String, LockedUser)>> {
    let email = sqlx::query_scalar!(
        "select email from invitation_requests where organization_id = $1 and id = $2",
        context.organization_id(),
        request.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Problem::InvalidLink)?;
    let address = EmailAddress::parse(&email).map_err(|_| Problem::InvalidLink)?;
    let new_user = NewUser { role: OrganizationRole::Member, joining: None };
    let user = membership::lock_address(transaction, context, &address, &new_user).await?;
    let row = sqlx::query!(
        "select status = 'unconfirmed' as \"is_unconfirmed!\", confirm_expires_at from invitation_requests
         where organization_id = $1 and id = $2 for update",
        context.organization_id(),
        request.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Problem::InvalidLink)?;
    if !row.is_unconfirmed {
        return Ok(None);
    }
    if row.confirm_expires_at.is_none_or(|until| until <= context.now()) {
        return Err(Problem::InvalidLink.into());
    }
    Ok(Some((email, user)))
}

/// Counts a repeat on the address's open or recently dismissed request. Returns false if there is none.
pub(super) async fn count_repeat(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email_normalized: &str,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update invitation_requests set repeat_count = repeat_count + 1
         where organization_id = $1 and id = (
            select id from invitation_requests
            where organization_id = $1 and email_normalized = $2
                and (status = 'open' or status = 'dismissed' and ended_at > $3)
            order by status = 'open' desc, ended_at desc limit 1
         )",
        context.organization_id(),
        email_normalized,
        context.now() - TimeDelta::days(context.settings().request_cooldown_days.into())
    )
    .execute(transaction)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Opens the request unless the address already has an open one. Carries over the repeat count of the last dismissed one.
async fn open(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update invitation_requests r set status = 'open', proof = 'email', repeat_count = coalesce((
            select previous.repeat_count from invitation_requests previous
            where previous.organization_id = $1 and previous.email_normalized = r.email_normalized
                and previous.status = 'dismissed'
            order by previous.ended_at desc limit 1
         ), 0)
         where r.organization_id = $1 and r.id = $2 and not exists (
            select from invitation_requests other
            where other.organization_id = $1 and other.email_normalized = r.email_normalized and other.status = 'open'
         )",
        context.organization_id(),
        request.0
    )
    .execute(transaction)
    .await?;
    Ok(updated.rows_affected() == 1)
}
