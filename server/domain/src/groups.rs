//! Groups: their members, and the roles that every member gets.

use crate::audit::{self, Targets};
use crate::grants::MAX_CHOICES;
use crate::links::{self, Links};
use crate::{Admin, Error, InOrganization, Principal, Result, access};
use model::actions::MAX_USERS;
use model::audit_log::AuditAction;
use model::field::{self, FieldError};
use model::permission::{Group, GroupChange, GroupChangeResult, RoleName};
use model::{FieldErrors, GroupId, RoleId, UserId};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// All groups, sorted by name.
pub async fn list(admin: &Admin<'_>) -> Result<Vec<Group>> {
    let rows = sqlx::query!(
        "select g.id, g.name, g.description,
            (select count(*) from group_members
             where organization_id = g.organization_id and group_id = g.id) as \"members!\"
         from groups g where g.organization_id = $1 order by lower(g.name), g.id limit $2",
        admin.organization_id(),
        MAX_CHOICES
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut roles: HashMap<Uuid, Vec<RoleName>> = HashMap::new();
    for row in sqlx::query!(
        "select gr.group_id, r.id, r.name from group_roles gr
         join roles r on r.organization_id = gr.organization_id and r.id = gr.role_id
         where gr.organization_id = $1 and gr.group_id = any($2)
         order by lower(r.name), r.id",
        admin.organization_id(),
        &ids
    )
    .fetch_all(&admin.app().pool)
    .await?
    {
        roles.entry(row.group_id).or_default().push(RoleName { id: RoleId(row.id), name: row.name });
    }
    let group = |id, name, description, members, roles: Option<Vec<RoleName>>| Group {
        id: GroupId(id),
        name,
        description,
        roles: roles.unwrap_or_default(),
        members,
    };
    Ok(rows
        .into_iter()
        .map(|row| group(row.id, row.name, row.description, row.members, roles.remove(&row.id)))
        .collect())
}

/// Creates a group, or updates the one with this id.
///
/// # Errors
/// A field error if the name is empty, too long or taken, the description is too long, or a role does not exist; not found
/// if the group does not exist.
pub async fn save(
    principal: impl Into<Principal<'_>>,
    id: Option<GroupId>,
    name: &str,
    description: &str,
    roles: &[RoleId],
) -> Result<GroupId> {
    let principal = &principal.into();
    let (name, description) = validate(name, description)?;
    let mut transaction = principal.app().pool.begin().await?;
    let (group, action) = match id {
        None => {
            let group = GroupId(principal.new_id());
            sqlx::query!(
                "insert into groups (organization_id, id, name, description, created_at) values ($1, $2, $3, $4, $5)",
                principal.organization_id(),
                group.0,
                name,
                description,
                principal.now()
            )
            .execute(&mut *transaction)
            .await?;
            (group, AuditAction::GroupCreated)
        }
        Some(group) => {
            let updated = sqlx::query!(
                "update groups set name = $3, description = $4 where organization_id = $1 and id = $2",
                principal.organization_id(),
                group.0,
                name,
                description
            )
            .execute(&mut *transaction)
            .await?;
            if updated.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            (group, AuditAction::GroupUpdated)
        }
    };
    let role_names = set_roles(&mut transaction, principal, group, roles).await?;
    let details = json!({ "group": name, "roles": role_names });
    let targets = Targets::resource(group.0);
    audit::record(&mut transaction, principal.context(), &principal.actor(), action, &targets, &details)
        .await?;
    transaction.commit().await?;
    Ok(group)
}

fn validate(name: &str, description: &str) -> Result<(String, String)> {
    let mut fields = FieldErrors::default();
    let name = fields.check("name", field::parse_name(name));
    let description = fields.check("description", field::parse_description(description));
    Ok(fields.finish(|| Some((name?, description?)))?)
}

/// Replaces the roles of the group and returns their names, for the audit log.
async fn set_roles(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    group: GroupId,
    roles: &[RoleId],
) -> Result<Vec<String>> {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    links::replace(transaction, principal.context(), Links::GroupRoles, &[group.0], &roles).await?;
    let names = sqlx::query_scalar!(
        "select name from roles where organization_id = $1 and id = any($2) order by lower(name), id",
        principal.organization_id(),
        &roles
    )
    .fetch_all(transaction)
    .await?;
    Ok(names)
}

/// Deletes a group. Its members stay in the organization, but lose the roles of the group.
///
/// # Errors
/// Not found if the group does not exist.
pub async fn delete(principal: impl Into<Principal<'_>>, group: GroupId) -> Result<()> {
    let principal = &principal.into();
    let mut transaction = principal.app().pool.begin().await?;
    access::lock_organization(&mut transaction, principal.context()).await?;
    let name = sqlx::query_scalar!(
        "delete from groups where organization_id = $1 and id = $2 returning name",
        principal.organization_id(),
        group.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let details = json!({ "group": name });
    let targets = Targets::resource(group.0);
    audit::record(
        &mut transaction,
        principal.context(),
        &principal.actor(),
        AuditAction::GroupDeleted,
        &targets,
        &details,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Adds users to a group or removes them from it, and returns how many this changed. Removed users stay in the organization,
/// but lose the roles of the group.
///
/// # Errors
/// A field error unless 1 to [`MAX_USERS`] users are selected; not found if the group does not exist.
pub async fn change_members(
    principal: impl Into<Principal<'_>>,
    change: GroupChange,
    group: GroupId,
    users: &[UserId],
) -> Result<GroupChangeResult> {
    let principal = &principal.into();
    let users = validate_selection(users)?;
    let mut transaction = principal.app().pool.begin().await?;
    let name = lock_group(&mut transaction, principal, group).await?;
    // Users that were removed from the organization in the meantime are skipped.
    let changed = sqlx::query!(
        "with locked as (
            select id, email from users
            where organization_id = $1 and id = any($3) order by email_normalized for key share
         ), added as (
            insert into group_members (organization_id, group_id, user_id)
            select $1, $2, id from locked where $4
            on conflict do nothing
            returning user_id
         ), removed as (
            delete from group_members
            where organization_id = $1 and group_id = $2 and user_id in (select id from locked) and not $4
            returning user_id
         )
         select id, email from locked where id in (select user_id from added union all select user_id from removed)",
        principal.organization_id(),
        group.0,
        &users,
        change == GroupChange::Add
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut targets = Targets::default();
    for row in &changed {
        targets.push(UserId(row.id), &row.email);
    }
    let action = match change {
        GroupChange::Add => AuditAction::GroupMembersAdded,
        GroupChange::Remove => AuditAction::GroupMembersRemoved,
    };
    let details = json!({ "group": name });
    audit::record(&mut transaction, principal.context(), &principal.actor(), action, &targets, &details)
        .await?;
    transaction.commit().await?;
    Ok(GroupChangeResult { change, group: name, done: changed.len() })
}

/// The ids of the selected users.
///
/// # Errors
/// A field error if none or more than [`MAX_USERS`] are selected.
fn validate_selection(users: &[UserId]) -> Result<Vec<Uuid>> {
    if users.is_empty() {
        return Err(Error::field("users", FieldError::Empty));
    }
    if users.len() > MAX_USERS {
        return Err(Error::field("users", FieldError::TooMany { max: MAX_USERS }));
    }
    Ok(users.iter().map(|user| user.0).collect())
}

/// Locks the group against deletion until the transaction ends, and returns its name.
async fn lock_group(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    group: GroupId,
) -> Result<String> {
    sqlx::query_scalar!(
        "select name from groups where organization_id = $1 and id = $2 for key share",
        principal.organization_id(),
        group.0
    )
    .fetch_optional(transaction)
    .await?
    .ok_or_else(Error::not_found)
}
