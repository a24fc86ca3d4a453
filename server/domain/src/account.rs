//! The signed-in user's own account: name and sessions.

use crate::audit::{self, Targets};
use crate::{Error, InOrganization, Member, Result};
use model::account::{Session, Sessions, device_name};
use model::audit_log::AuditAction;
use model::{SessionId, field};
use serde_json::{Value, json};

/// Most sessions to list.
const MAX_SESSIONS: i64 = 100;

/// Changes the user's name.
///
/// # Errors
/// The name is empty, too long or has invisible characters.
pub async fn rename(member: &Member<'_>, name: &str) -> Result<()> {
    let name = field::parse_name(name).map_err(|error| Error::field("name", error))?;
    if name == member.user().name {
        return Ok(());
    }
    let mut transaction = member.app().pool.begin().await?;
    sqlx::query!(
        "update users set name = $3 where organization_id = $1 and id = $2",
        member.organization_id(),
        member.user().id.0,
        name
    )
    .execute(&mut *transaction)
    .await?;
    let details = json!({ "from": member.user().name, "to": name });
    record(&mut transaction, member, AuditAction::UserRenamed, &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// Lists the user's sessions.
pub async fn sessions(member: &Member<'_>) -> Result<Sessions> {
    let rows = sqlx::query!(
        "select id, user_agent, created_at, last_used_at, expires_at from sessions
         where organization_id = $1 and user_id = $2 and expires_at > $3
         order by last_used_at desc, id desc limit $4",
        member.organization_id(),
        member.user().id.0,
        member.now(),
        MAX_SESSIONS
    )
    .fetch_all(&member.app().pool)
    .await?;
    let sessions = rows
        .into_iter()
        .map(|row| Session {
            id: SessionId(row.id),
            device: device_name(&row.user_agent),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            is_current: member.session().0 == row.id,
        })
        .collect();
    Ok(Sessions { sessions, now: member.now() })
}

/// Ends one session of the user.
///
/// # Errors
/// `NotFound` if the user has no such session.
pub async fn end_session(member: &Member<'_>, session: SessionId) -> Result<()> {
    let mut transaction = member.app().pool.begin().await?;
    let user_agent = sqlx::query_scalar!(
        "delete from sessions where organization_id = $1 and id = $2 and user_id = $3 returning user_agent",
        member.organization_id(),
        session.0,
        member.user().id.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    record(
        &mut transaction,
        member,
        AuditAction::UserSessionEnded,
        &json!({ "device": device_name(&user_agent) }),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends all sessions of the user, including the current one.
pub async fn sign_out_everywhere(member: &Member<'_>) -> Result<()> {
    let mut transaction = member.app().pool.begin().await?;
    let ended = sqlx::query!(
        "delete from sessions where organization_id = $1 and user_id = $2",
        member.organization_id(),
        member.user().id.0
    )
    .execute(&mut *transaction)
    .await?;
    let details = json!({ "sessions": ended.rows_affected() });
    record(&mut transaction, member, AuditAction::UserSignedOutEverywhere, &details).await?;
    transaction.commit().await?;
    Ok(())
}

async fn record(
    transaction: &mut sqlx::PgConnection,
    member: &Member<'_>,
    action: AuditAction,
    details: &Value,
) -> Result<()> {
    let targets = Targets::one(member.user().id, &member.user().email);
    audit::record(transaction, member.context(), &member.actor(), action, &targets, details).await
}
