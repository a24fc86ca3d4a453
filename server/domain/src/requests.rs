//! Wishes for an invitation, from people outside.

use crate::audit::{self, Actor, Targets};
use crate::invitations::state;
use crate::{Admin, Result, Token, Visitor, users};
use model::requests::{ROWS_MAX, RequestRow, RequestsPage};
use model::rules::AddressState;
use model::{RequestId, UserId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Puts a request for the address of an expired invitation before the admins: its link has shown that the mailbox is
/// theirs. Once, however often it is asked; where the link is of another kind, nothing happens, and nothing tells.
pub async fn ask_again(visitor: &Visitor<'_>, token: &Token) -> Result<()> {
    let Some(invitation) = visitor.domain().keys.open_invitation(visitor.id, token) else { return Ok(()) };
    let mut transaction = visitor.domain().pool.begin().await?;
    // The house's order: the user first, then the invitation.
    let user = sqlx::query!(
        "select u.id, u.email, u.email_key, u.status from users u
         where u.organization_id = $1
            and u.id = (select user_id from invitations where organization_id = $1 and id = $2)
         for update",
        visitor.organization(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(user) = user else { return Ok(()) };
    let ends = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and id = $2 and status = 'open'",
        visitor.organization(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if ends.is_none() || state(&user.status, ends, visitor.now) != AddressState::Expired {
        return Ok(());
    }
    let opened = sqlx::query!(
        "insert into invitation_requests (organization_id, id, email, email_key, status, proof, created_at)
         values ($1, $2, $3, $4, 'open', 'expired_link', $5)
         on conflict (organization_id, email_key) where status = 'open' do nothing",
        visitor.organization(),
        visitor.new_id(),
        user.email,
        user.email_key,
        visitor.now
    )
    .execute(&mut *transaction)
    .await?;
    if opened.rows_affected() == 1 {
        let actor = Actor::User { id: UserId(user.id), name: &user.email };
        let targets = Targets::one(UserId(user.id), &user.email);
        audit::record(&mut transaction, visitor, &actor, "request.opened", &targets, &json!({})).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The open requests, the oldest first.
pub async fn list(admin: &Admin<'_>) -> Result<RequestsPage> {
    let rows = sqlx::query!(
        "select id, email, name, message, created_at from invitation_requests
         where organization_id = $1 and status = 'open' order by id limit $2",
        admin.organization(),
        i64::try_from(ROWS_MAX).unwrap_or(i64::MAX)
    )
    .fetch_all(&admin.domain().pool)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| RequestRow {
            id: RequestId(row.id),
            email: row.email,
            name: row.name,
            message: row.message,
            asked_at: row.created_at,
        })
        .collect();
    Ok(RequestsPage { rows, counts: users::counts(admin).await?, now: admin.now })
}

/// Closes these requests without an invitation, and says how many were open.
///
/// # Errors
/// None of its own: a request that is closed already stays so.
pub async fn dismiss(admin: &Admin<'_>, requests: &[RequestId]) -> Result<usize> {
    let ids: Vec<Uuid> = requests.iter().map(|request| request.0).collect();
    let mut transaction = admin.domain().pool.begin().await?;
    let closed = sqlx::query!(
        "with open as (
            select id from invitation_requests
            where organization_id = $1 and id = any($3) and status = 'open' order by id for update
         )
         update invitation_requests set status = 'dismissed', ended_at = $2
         where organization_id = $1 and id in (select id from open)
         returning email",
        admin.organization(),
        admin.now,
        &ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut targets = Targets::default();
    for row in &closed {
        targets.push_address(&row.email);
    }
    let actor = Actor::user(&admin.user);
    audit::record(&mut transaction, admin, &actor, "request.dismissed", &targets, &json!({})).await?;
    transaction.commit().await?;
    Ok(closed.len())
}

/// Closes the open requests of these addresses, which are being invited.
pub(crate) async fn settle(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    keys: &[&str],
) -> Result<()> {
    sqlx::query!(
        "update invitation_requests set status = 'approved', ended_at = $2
         where organization_id = $1 and email_key = any($3) and status = 'open'",
        visitor.organization(),
        visitor.now,
        keys as &[&str]
    )
    .execute(transaction)
    .await?;
    Ok(())
}
