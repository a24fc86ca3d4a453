//! One's own account: the name, and the browsers that are signed in.

use crate::audit::{self, Actor, Targets};
use crate::{Error, Member, Result};
use model::account::{Session, Sessions, device};
use model::{SessionId, field};
use serde_json::{Value, json};

/// How many sessions are shown.
const MAX_SESSIONS: i64 = 100;

/// Changes the name of whoever asks.
///
/// # Errors
/// A name that is empty, too long or can't be shown.
pub async fn rename(member: &Member<'_>, name: &str) -> Result<()> {
    let name = field::name(name).map_err(|error| Error::field("name", error))?;
    if name == member.user.name {
        return Ok(());
    }
    let mut transaction = member.app().pool.begin().await?;
    sqlx::query!(
        "update users set name = $3 where organization_id = $1 and id = $2",
        member.organization_id(),
        member.user.id.0,
        name
    )
    .execute(&mut *transaction)
    .await?;
    let details = json!({ "from": member.user.name, "to": name });
    record(&mut transaction, member, "user.renamed", &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// The browsers in which whoever asks is signed in.
pub async fn sessions(member: &Member<'_>) -> Result<Sessions> {
    let rows = sqlx::query!(
        "select id, user_agent, created_at, last_used_at, expires_at from sessions
         where organization_id = $1 and user_id = $2 and expires_at > $3
         order by last_used_at desc, id desc limit $4",
        member.organization_id(),
        member.user.id.0,
        member.now,
        MAX_SESSIONS
    )
    .fetch_all(&member.app().pool)
    .await?;
    let sessions = rows
        .into_iter()
        .map(|row| Session {
            id: SessionId(row.id),
            device: device(&row.user_agent),
            began_at: row.created_at,
            last_used_at: row.last_used_at,
            ends_at: row.expires_at,
            here: member.session.0 == row.id,
        })
        .collect();
    Ok(Sessions { sessions, now: member.now })
}

/// Signs one browser out.
///
/// # Errors
/// Not found, when whoever asks has no such session.
pub async fn end_session(member: &Member<'_>, session: SessionId) -> Result<()> {
    let mut transaction = member.app().pool.begin().await?;
    let agent = sqlx::query_scalar!(
        "delete from sessions where organization_id = $1 and id = $2 and user_id = $3 returning user_agent",
        member.organization_id(),
        session.0,
        member.user.id.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    record(&mut transaction, member, "user.session_ended", &json!({ "device": device(&agent) })).await?;
    transaction.commit().await?;
    Ok(())
}

/// Signs every browser out, this one too.
pub async fn sign_out_everywhere(member: &Member<'_>) -> Result<()> {
    let mut transaction = member.app().pool.begin().await?;
    let ended = sqlx::query!(
        "delete from sessions where organization_id = $1 and user_id = $2",
        member.organization_id(),
        member.user.id.0
    )
    .execute(&mut *transaction)
    .await?;
    let details = json!({ "sessions": ended.rows_affected() });
    record(&mut transaction, member, "user.signed_out_everywhere", &details).await?;
    transaction.commit().await?;
    Ok(())
}

async fn record(
    transaction: &mut sqlx::PgConnection,
    member: &Member<'_>,
    action: &str,
    details: &Value,
) -> Result<()> {
    let targets = Targets::one(member.user.id, &member.user.email);
    audit::record(transaction, member, &Actor::user(&member.user), action, &targets, details).await
}
