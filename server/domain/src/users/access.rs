//! Setting the access of one user: organization role, roles and groups.

use super::actions::count_active_admins;
use crate::audit::{self, Targets};
use crate::{Admin, InOrganization, Result, access, grants, membership};
use model::audit_log::AuditAction;
use model::invitations::AccessGrant;
use model::permission::Grants;
use model::transitions::{MembershipState, Refusal};
use model::{OrganizationRole, Problem, UserId};
use serde_json::{Map, Value, json};

/// Replaces the organization role, roles and groups of a user, who may still be invited.
///
/// # Errors
/// Not found if the user does not exist; a field error if a role or group does not exist; [`Refusal::LastAdmin`] if this
/// would demote the last active admin.
pub async fn set_access(admin: &Admin<'_>, user: UserId, grant: &AccessGrant) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    if grant.role == OrganizationRole::Member {
        access::lock_organization(&mut transaction, admin.context()).await?;
    }
    let locked = membership::lock_user(&mut transaction, admin.context(), user).await?;
    let is_active_admin = locked.role == OrganizationRole::Admin && locked.state == MembershipState::Active;
    let is_demotion = is_active_admin && grant.role == OrganizationRole::Member;
    if is_demotion && count_active_admins(&mut transaction, &admin.into()).await? <= 1 {
        return Err(Problem::Refused { why: Refusal::LastAdmin }.into());
    }
    let before = grants::load(&mut transaction, admin.context(), user).await?;
    grants::set(&mut transaction, admin.context(), &[user.0], &grant.roles, &grant.groups).await?;
    sqlx::query!(
        "update users set role = $3 where organization_id = $1 and id = $2",
        admin.organization_id(),
        user.0,
        grant.role.code()
    )
    .execute(&mut *transaction)
    .await?;
    let after = grants::load(&mut transaction, admin.context(), user).await?;
    let mut details = diff(&before, &after);
    if locked.role != grant.role {
        details.insert("organization_role".to_owned(), json!(grant.role.label()));
    }
    if details.is_empty() {
        return Ok(());
    }
    let targets = Targets::one(user, &locked.email);
    let actor = admin.actor();
    audit::record(
        &mut transaction,
        admin.context(),
        &actor,
        AuditAction::UserAccessChanged,
        &targets,
        &details.into(),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// The names of the roles and groups that were added and removed, for the audit log.
fn diff(before: &Grants, after: &Grants) -> Map<String, Value> {
    let roles = |grants: &Grants| grants.roles.iter().map(|role| role.name.clone()).collect::<Vec<_>>();
    let groups = |grants: &Grants| grants.groups.iter().map(|group| group.name.clone()).collect::<Vec<_>>();
    let mut details = audit::diff_names("roles", &roles(before), &roles(after));
    details.extend(audit::diff_names("groups", &groups(before), &groups(after)));
    details
}
