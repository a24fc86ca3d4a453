//! "Copy link": the link of an invitation, for admins who send it themselves.

use crate::audit::{self, Targets};
use crate::{Admin, Error, InOrganization, Result, mail};
use model::audit_log::AuditAction;
use model::transitions::Refusal;
use model::{InvitationId, Problem, UserId};
use serde_json::json;

/// Returns the link of a user's open invitation, and records an audit event: anyone who has the link can join.
///
/// # Errors
/// Not found if the user does not exist; refused if the user has joined or the invitation has expired.
pub async fn copy_link(admin: &Admin<'_>, user: UserId) -> Result<String> {
    let mut transaction = admin.app().pool.begin().await?;
    let row = sqlx::query!(
        "select u.email, u.status, i.id as \"invitation?\", i.expires_at as \"expires_at?\"
         from users u
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         where u.organization_id = $1 and u.id = $2",
        admin.organization_id(),
        user.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let (Some(invitation), Some(expires_at)) = (row.invitation, row.expires_at) else {
        return Err(Problem::Refused { why: Refusal::HasJoined }.into());
    };
    if expires_at <= admin.now() {
        return Err(Problem::Refused { why: Refusal::LinkExpired }.into());
    }
    let targets = Targets::one(user, &row.email);
    let actor = admin.actor();
    audit::record(
        &mut transaction,
        admin.context(),
        &actor,
        AuditAction::InvitationLinkCopied,
        &targets,
        &json!({}),
    )
    .await?;
    transaction.commit().await?;
    mail::links::join(
        admin.app(),
        &admin.context().summary().slug,
        admin.context().id(),
        InvitationId(invitation),
    )
}
