//! Groups: people together, and the roles that all of them have.

use crate::audit::{self, Targets};
use crate::grants::{self, CHOICES_MOST};
use crate::{Admin, Error, Result, Steward, access};
use model::actions::USERS_MAX;
use model::field::{self, FieldError};
use model::permission::{Group, RoleName};
use model::{FieldProblem, GroupId, Problem, RoleId, UserId};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// All groups, by name.
pub async fn list(admin: &Admin<'_>) -> Result<Vec<Group>> {
    let rows = sqlx::query!(
        "select g.id, g.name, g.description,
            (select count(*) from group_members
             where organization_id = g.organization_id and group_id = g.id) as \"members!\"
         from groups g where g.organization_id = $1 order by lower(g.name), g.id limit $2",
        admin.organization(),
        CHOICES_MOST
    )
    .fetch_all(&admin.domain().pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut roles: HashMap<Uuid, Vec<RoleName>> = HashMap::new();
    for row in sqlx::query!(
        "select gr.group_id, r.id, r.name from group_roles gr
         join roles r on r.organization_id = gr.organization_id and r.id = gr.role_id
         where gr.organization_id = $1 and gr.group_id = any($2)
         order by lower(r.name), r.id",
        admin.organization(),
        &ids
    )
    .fetch_all(&admin.domain().pool)
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

/// Makes a group, or changes the one of this id.
///
/// # Errors
/// A name that is empty, too long or taken; a description that is too long; a role that is not there; not found, when
/// there is no such group.
pub async fn save(
    steward: impl Into<Steward<'_>>,
    id: Option<GroupId>,
    name: &str,
    description: &str,
    roles: &[RoleId],
) -> Result<GroupId> {
    let steward = &steward.into();
    let (name, description) = check(name, description)?;
    let mut transaction = steward.domain().pool.begin().await?;
    let (group, word) = match id {
        None => {
            let group = GroupId(steward.new_id());
            sqlx::query!(
                "insert into groups (organization_id, id, name, description, created_at) values ($1, $2, $3, $4, $5)",
                steward.organization(),
                group.0,
                name,
                description,
                steward.now
            )
            .execute(&mut *transaction)
            .await?;
            (group, "group.created")
        }
        Some(group) => {
            let changed = sqlx::query!(
                "update groups set name = $3, description = $4 where organization_id = $1 and id = $2",
                steward.organization(),
                group.0,
                name,
                description
            )
            .execute(&mut *transaction)
            .await?;
            if changed.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            (group, "group.changed")
        }
    };
    let names = set_roles(&mut transaction, steward, group, roles).await?;
    let details = json!({ "group": name, "roles": names });
    let targets = Targets::thing(group.0);
    audit::record(&mut transaction, steward, &steward.actor, word, &targets, &details).await?;
    transaction.commit().await?;
    Ok(group)
}

fn check(name: &str, description: &str) -> Result<(String, String)> {
    match (field::name(name), field::description(description)) {
        (Ok(name), Ok(description)) => Ok((name, description)),
        (name, description) => {
            let problem = |field: &str, error| FieldProblem { field: field.to_owned(), error };
            let fields = [
                name.err().map(|e| problem("name", e)),
                description.err().map(|e| problem("description", e)),
            ];
            Err(Problem::Invalid { fields: fields.into_iter().flatten().collect() }.into())
        }
    }
}

/// Gives the group exactly these roles, and back their names.
async fn set_roles(
    transaction: &mut sqlx::PgConnection,
    steward: &Steward<'_>,
    group: GroupId,
    roles: &[RoleId],
) -> Result<Vec<String>> {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    sqlx::query!(
        "delete from group_roles where organization_id = $1 and group_id = $2 and role_id <> all($3)",
        steward.organization(),
        group.0,
        &roles
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "insert into group_roles (organization_id, group_id, role_id)
         select $1, $2, r from unnest($3::uuid[]) as r on conflict do nothing",
        steward.organization(),
        group.0,
        &roles
    )
    .execute(&mut *transaction)
    .await
    .map_err(|error| grants::not_there(error, "group_roles_role", "roles"))?;
    let names = sqlx::query_scalar!(
        "select name from roles where organization_id = $1 and id = any($2) order by lower(name), id",
        steward.organization(),
        &roles
    )
    .fetch_all(transaction)
    .await?;
    Ok(names)
}

/// Deletes a group. Its people stay, without what it gave them.
///
/// # Errors
/// Not found, when there is no such group.
pub async fn delete(steward: impl Into<Steward<'_>>, group: GroupId) -> Result<()> {
    let steward = &steward.into();
    let mut transaction = steward.domain().pool.begin().await?;
    access::lock_organization(&mut transaction, steward).await?;
    let name = sqlx::query_scalar!(
        "delete from groups where organization_id = $1 and id = $2 returning name",
        steward.organization(),
        group.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let details = json!({ "group": name });
    let targets = Targets::thing(group.0);
    audit::record(&mut transaction, steward, &steward.actor, "group.deleted", &targets, &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// Puts these users into a group, and says how many were not in it before.
///
/// # Errors
/// When nobody was chosen, or more than 1,000; not found, when there is no such group.
pub async fn add_members(steward: impl Into<Steward<'_>>, group: GroupId, users: &[UserId]) -> Result<u64> {
    let steward = &steward.into();
    if users.is_empty() {
        return Err(Error::field("users", FieldError::Empty));
    }
    if users.len() > USERS_MAX {
        return Err(Error::field("users", FieldError::TooMany { most: USERS_MAX }));
    }
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let mut transaction = steward.domain().pool.begin().await?;
    let name = sqlx::query_scalar!(
        "select name from groups where organization_id = $1 and id = $2 for key share",
        steward.organization(),
        group.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    // Whoever was removed meanwhile is left out.
    let added = sqlx::query!(
        "with locked as (
            select id, email from users
            where organization_id = $1 and id = any($3) order by email_key for key share
         ), added as (
            insert into group_members (organization_id, group_id, user_id)
            select $1, $2, id from locked
            on conflict do nothing
            returning user_id
         )
         select locked.id, locked.email from locked join added on added.user_id = locked.id",
        steward.organization(),
        group.0,
        &users
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut targets = Targets::default();
    for row in &added {
        targets.push(UserId(row.id), &row.email);
    }
    let details = json!({ "group": name });
    audit::record(&mut transaction, steward, &steward.actor, "group.members_added", &targets, &details)
        .await?;
    transaction.commit().await?;
    Ok(u64::try_from(added.len()).unwrap_or(u64::MAX))
}
