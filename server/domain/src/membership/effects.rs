//! The effects of transitions on locked users.

use super::lock::{Joining, LockedUser};
use crate::audit::{self, Actor, Targets};
use crate::{InOrganization, OrganizationContext, Result, requests};
use model::audit_log::AuditAction;
use model::transitions::MembershipState;
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes a locked user active who was inserted by this transaction or is invited: accepts the open invitation, resolves the
/// open request if the settings say so, and records the event.
pub(crate) async fn join(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: &LockedUser,
    joining: &Joining<'_>,
) -> Result<()> {
    if user.state != MembershipState::Unknown {
        sqlx::query!(
            "update invitations set status = 'accepted', ended_at = $3
             where organization_id = $1 and user_id = $2 and status = 'open'",
            context.organization_id(),
            user.id.0,
            context.now()
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "update users
             set status = 'active', name = coalesce(nullif($3, ''), name), joined_at = $4, joined_by = $5,
                last_login_at = $6
             where organization_id = $1 and id = $2 and status = 'invited'",
            context.organization_id(),
            user.id.0,
            joining.name,
            context.now(),
            joining.by.code(),
            joining.last_login_at(context)
        )
        .execute(&mut *transaction)
        .await?;
    }
    let dismissed = requests::mark_joined(transaction, context, user.id).await?;
    let name = if joining.name.is_empty() { joining.email } else { joining.name };
    let actor = joining.actor.unwrap_or(Actor::User { id: user.id, name });
    let details = requests::join_details(joining.by, dismissed);
    let targets = Targets::one(user.id, joining.email);
    audit::record(transaction, context, &actor, AuditAction::UserJoined, &targets, &details).await
}

/// Deletes the users; sessions, roles and group memberships are deleted with them by foreign keys. Their invitations are
/// kept without a user, so that the page of a revoked link can say so.
pub(crate) async fn revoke(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
) -> Result<()> {
    sqlx::query!(
        "update invitations set status = 'revoked', ended_at = $2
         where organization_id = $1 and user_id = any($3) and status = 'open'",
        context.organization_id(),
        context.now(),
        users
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from users where organization_id = $1 and id = any($2)",
        context.organization_id(),
        users
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes the sessions in the same statement. Sign-in links that were already sent do not work for suspended users.
pub(crate) async fn suspend(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
) -> Result<()> {
    sqlx::query!(
        "with ended_sessions as (
            delete from sessions where organization_id = $1 and user_id = any($2)
         )
         update users set status = 'suspended'
         where organization_id = $1 and id = any($2) and status = 'active'",
        context.organization_id(),
        users
    )
    .execute(transaction)
    .await?;
    Ok(())
}

pub(crate) async fn reactivate(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
) -> Result<()> {
    sqlx::query!(
        "update users set status = 'active'
         where organization_id = $1 and id = any($2) and status = 'suspended'",
        context.organization_id(),
        users
    )
    .execute(transaction)
    .await?;
    Ok(())
}
