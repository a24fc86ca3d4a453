//! Changes to the members of a group.

use crate::audit::{self, Targets};
use crate::scim::MemberChanges;
use crate::{ApiClient, Error, InOrganization, Result};
use model::audit_log::AuditAction;
use model::field::FieldError;
use model::{GroupId, UserId};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// Applies changes to the members of a group.
///
/// New members are locked first, in the order of their email addresses as everywhere else; that avoids deadlocks.
/// Invited users are invisible to the client, so their memberships stay as they are.
pub(super) async fn change_members(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
    name: &str,
    changes: &MemberChanges,
) -> Result<()> {
    let ids = |users: &BTreeSet<UserId>| -> Vec<Uuid> { users.iter().map(|user| user.0).collect() };
    let (add, remove) = (ids(&changes.add), ids(&changes.remove));
    let existing = lock_users(&mut *transaction, api_client, &add).await?;
    if let Some(missing) = add.iter().find(|user| !existing.contains(*user)) {
        return Err(Error::field("members", FieldError::UnknownUser { id: UserId(*missing) }));
    }
    let removed = if changes.replace || !remove.is_empty() {
        sqlx::query!(
            "delete from group_members m using users u
             where m.organization_id = $1 and m.group_id = $2
                and u.organization_id = m.organization_id and u.id = m.user_id and u.joined_at is not null
                and (m.user_id = any($3) or $4 and m.user_id <> all($5))
             returning u.id, u.email",
            api_client.organization_id(),
            group.0,
            &remove,
            changes.replace,
            &add
        )
        .fetch_all(&mut *transaction)
        .await?
        .into_iter()
        .map(|row| (row.id, row.email))
        .collect()
    } else {
        Vec::new()
    };
    let added = sqlx::query!(
        "with added as (
            insert into group_members (organization_id, group_id, user_id)
            select $1, $2, id from unnest($3::uuid[]) as id
            on conflict do nothing
            returning user_id
         )
         select u.id, u.email from added join users u on u.organization_id = $1 and u.id = added.user_id",
        api_client.organization_id(),
        group.0,
        &add
    )
    .fetch_all(&mut *transaction)
    .await?
    .into_iter()
    .map(|row| (row.id, row.email))
    .collect();
    for (action, users) in
        [(AuditAction::GroupMembersRemoved, removed), (AuditAction::GroupMembersAdded, added)]
    {
        let users: Vec<(Uuid, String)> = users;
        if users.is_empty() {
            continue;
        }
        let mut targets = Targets::default();
        for (id, email) in &users {
            targets.push(UserId(*id), email);
        }
        let (actor, details) = (api_client.actor(), json!({ "group": name }));
        audit::record(&mut *transaction, api_client.context(), &actor, action, &targets, &details).await?;
        sqlx::query!(
            "update groups set modified_at = now() where organization_id = $1 and id = $2",
            api_client.organization_id(),
            group.0
        )
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Locks the users against deletion and returns those that exist.
async fn lock_users(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    users: &[Uuid],
) -> Result<HashSet<Uuid>> {
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query_scalar!(
        "select id from users where organization_id = $1 and id = any($2) order by email_normalized for key share",
        api_client.organization_id(),
        users
    )
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().collect())
}
