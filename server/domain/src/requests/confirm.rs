//! Confirming a request by the link of its mail: only then it reaches the admins.

use super::notify;
use crate::audit::{self, Actor, Targets};
use crate::invitations::membership_state;
use crate::{OrganizationContext, Result, Token, access};
use chrono::TimeDelta;
use model::requests::ConfirmPage;
use model::transitions::MembershipState;
use model::{Problem, RequestId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// What the link's page shows. Reads only: mail scanners open links too.
pub async fn confirm_page(context: &OrganizationContext<'_>, token: &Token) -> Result<ConfirmPage> {
    let Some(request) = context.app().keys.verify_request_token(context.id, token) else {
        return Ok(ConfirmPage::NoSuchLink);
    };
    let row = sqlx::query!(
        "select email, name, message, status, confirm_expires_at
         from invitation_requests where organization_id = $1 and id = $2",
        context.organization_id(),
        request.0
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(ConfirmPage::NoSuchLink) };
    // Where the admins take no requests any more, those that wait for a confirmation are over, too.
    let over =
        !context.settings.requests_enabled || row.confirm_expires_at.is_none_or(|until| until <= context.now);
    Ok(match row.status.as_str() {
        "unconfirmed" if over => ConfirmPage::Expired,
        "unconfirmed" => ConfirmPage::Ready { email: row.email, name: row.name, message: row.message },
        _ => ConfirmPage::Confirmed,
    })
}

/// Puts the request before the admins. Twice is as good as once. Who was invited or has joined meanwhile needs none; an
/// address that was dismissed lately, or waits already, is counted and not shown again.
///
/// # Errors
/// A link that can't be used; its page says why.
pub async fn confirm(context: &OrganizationContext<'_>, token: &Token) -> Result<()> {
    let request = context.app().keys.verify_request_token(context.id, token).ok_or(Problem::LinkUnusable)?;
    // Before anything is locked: whoever posts a used link over and over keeps nobody waiting.
    match confirm_page(context, token).await? {
        ConfirmPage::Ready { .. } => {}
        ConfirmPage::Confirmed => return Ok(()),
        ConfirmPage::Expired | ConfirmPage::NoSuchLink => return Err(Problem::LinkUnusable.into()),
    }
    let mut transaction = context.app().pool.begin().await?;
    // Before the address, in the house's order: the mail to the admins needs it.
    access::lock_organization(&mut transaction, context).await?;
    let Some(asked) = lock(&mut transaction, context, request).await? else {
        return Ok(());
    };
    let needed = matches!(asked.state, MembershipState::Unknown | MembershipState::Expired);
    let counted = needed && count_repeat(&mut transaction, context, &asked.email_normalized).await?;
    let opened = if needed && !counted { open(&mut transaction, context, request).await? } else { false };
    if opened {
        let mut targets = Targets::default();
        targets.push_address(&asked.email);
        let actor = Actor::Stranger { email: &asked.email };
        audit::record(&mut transaction, context, &actor, "request.opened", &targets, &json!({})).await?;
        notify::admins(&mut transaction, context, request).await?;
    } else {
        sqlx::query!(
            "update invitation_requests set status = 'resolved', proof = 'email', ended_at = $3
             where organization_id = $1 and id = $2",
            context.organization_id(),
            request.0,
            context.now
        )
        .execute(&mut *transaction)
        .await?;
    }
    if let Some(placeholder) = asked.placeholder {
        sqlx::query!(
            "delete from users where organization_id = $1 and id = $2",
            context.organization_id(),
            placeholder
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(())
}

/// A try that waits to be confirmed.
struct Asked {
    email: String,
    email_normalized: String,
    state: MembershipState,
    /// What holds the place of an address that nobody has.
    placeholder: Option<Uuid>,
}

/// How often the user of an address may be gone again between two looks at it.
const MAX_LOCK_ATTEMPTS: usize = 10;

/// Locks the address, and then the try; nothing, when it was confirmed before.
async fn lock(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<Option<Asked>> {
    let (placeholder, user) = lock_address(transaction, context, request).await?;
    let row = sqlx::query!(
        "select email, email_normalized, status, confirm_expires_at from invitation_requests
         where organization_id = $1 and id = $2 for update",
        context.organization_id(),
        request.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Problem::LinkUnusable)?;
    if row.status != "unconfirmed" {
        return Ok(None);
    }
    if row.confirm_expires_at.is_none_or(|until| until <= context.now) {
        return Err(Problem::LinkUnusable.into());
    }
    let state = match user {
        None => MembershipState::Unknown,
        Some((id, status)) => {
            let ends = sqlx::query_scalar!(
                "select expires_at from invitations where organization_id = $1 and user_id = $2 and status = 'open'",
                context.organization_id(),
                id
            )
            .fetch_optional(transaction)
            .await?;
            membership_state(&status, ends, context.now)
        }
    };
    Ok(Some(Asked { email: row.email, email_normalized: row.email_normalized, state, placeholder }))
}

/// Locks the user of the address. Where nobody has it, a placeholder takes its place until the end of the transaction,
/// which takes it away again: who invites the address meanwhile waits for that, and finds the request.
async fn lock_address(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<(Option<Uuid>, Option<(Uuid, String)>)> {
    for _ in 0..MAX_LOCK_ATTEMPTS {
        let placeholder = sqlx::query_scalar!(
            "insert into users (organization_id, id, email, email_normalized, status, role, created_at)
             select organization_id, $3, email, email_normalized, 'invited', 'member', $4
             from invitation_requests where organization_id = $1 and id = $2
             on conflict on constraint users_email_key do nothing
             returning id",
            context.organization_id(),
            request.0,
            context.new_id(),
            context.now
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if placeholder.is_some() {
            return Ok((placeholder, None));
        }
        let user = sqlx::query!(
            "select id, status from users
             where organization_id = $1
                and email_normalized = (select email_normalized from invitation_requests where organization_id = $1 and id = $2)
             for update",
            context.organization_id(),
            request.0
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(user) = user {
            return Ok((None, Some((user.id, user.status))));
        }
    }
    Err(Problem::LinkUnusable.into())
}

/// Counts the repeat at the request of the same address that waits already or was dismissed lately, if there is one.
pub(super) async fn count_repeat(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email_normalized: &str,
) -> Result<bool> {
    let counted = sqlx::query!(
        "update invitation_requests set repeat_count = repeat_count + 1
         where organization_id = $1 and id = (
            select id from invitation_requests
            where organization_id = $1 and email_normalized = $2
                and (status = 'open' or status = 'dismissed' and ended_at > $3)
            order by status = 'open' desc, ended_at desc limit 1
         )",
        context.organization_id(),
        email_normalized,
        context.now - TimeDelta::days(context.settings.request_cooldown_days.into())
    )
    .execute(transaction)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Opens the request, unless one of the same address waits already. How often it was asked in vain before goes with it.
async fn open(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<bool> {
    let opened = sqlx::query!(
        "update invitation_requests r set status = 'open', proof = 'email', repeat_count = coalesce((
            select before.repeat_count from invitation_requests before
            where before.organization_id = $1 and before.email_normalized = r.email_normalized and before.status = 'dismissed'
            order by before.ended_at desc limit 1
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
    Ok(opened.rows_affected() == 1)
}
