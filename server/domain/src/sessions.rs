//! Sessions: browsers that are signed in.

use crate::audit::{self, Targets};
use crate::{InOrganization, Member, OrganizationContext, Result, Token, secret};
use chrono::TimeDelta;
use model::audit_log::AuditAction;
use model::{ConnectionId, UserId};
use serde_json::json;
use sqlx::PgConnection;

/// A session that was just started. The token goes into the browser's cookie; the database stores only its hash.
pub struct NewSession {
    pub token: Token,
    pub ttl: TimeDelta,
}

/// Starts a session, in the transaction of the sign-in.
pub(crate) async fn start(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<NewSession> {
    let token = Token::random();
    let ttl = TimeDelta::hours(context.settings().session_hours.into());
    sqlx::query!(
        "insert into sessions (organization_id, id, user_id, token_hash, user_agent, created_at, last_used_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
        context.organization_id(),
        secret::uuid_v7(context.now()),
        user.0,
        token.hash(),
        context.request.source.user_agent,
        context.now(),
        context.now() + ttl
    )
    .execute(transaction)
    .await?;
    Ok(NewSession { token, ttl })
}

/// Ends the member's session. Returns the SSO connection through which it was started, if any.
pub async fn sign_out(member: &Member<'_>) -> Result<Option<ConnectionId>> {
    let mut transaction = member.app().pool.begin().await?;
    let connection = sqlx::query_scalar!(
        "delete from sessions where organization_id = $1 and id = $2 returning connection_id",
        member.organization_id(),
        member.session().0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let targets = Targets::one(member.user().id, &member.user().email);
    audit::record(
        &mut transaction,
        member.context(),
        &member.actor(),
        AuditAction::UserSignedOut,
        &targets,
        &json!({}),
    )
    .await?;
    transaction.commit().await?;
    Ok(connection.flatten().map(ConnectionId))
}
