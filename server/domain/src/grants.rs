//! The roles and groups of users, and the effective permissions that result from them.

use crate::{Admin, Error, InOrganization, OrganizationContext, Result};
use model::field::FieldError;
use model::permission::{EffectivePermission, Grants, GroupName, Permission, PermissionSource, RoleName};
use model::{GroupId, RoleId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Most roles, and most groups, that a list or a choice shows.
pub(crate) const MAX_CHOICES: i64 = 1_000;

/// The effective permissions of a user, sorted, each with its sources: the union of the permissions of the user's own
/// roles and of the roles of the user's groups. Wildcards are not expanded. Empty if the user does not exist.
pub async fn effective_permissions(admin: &Admin<'_>, user: UserId) -> Result<Vec<EffectivePermission>> {
    let rows = sqlx::query!(
        "select permission as \"permission!\", r.id as role_id, r.name as role_name,
            g.id as \"group_id?\", g.name as \"group_name?\"
         from (
            select role_id, null::uuid as group_id from user_roles where organization_id = $1 and user_id = $2
            union all
            select gr.role_id, gr.group_id
            from group_members gm
            join group_roles gr on gr.organization_id = gm.organization_id and gr.group_id = gm.group_id
            where gm.organization_id = $1 and gm.user_id = $2
         ) source
         join roles r on r.organization_id = $1 and r.id = source.role_id
         left join groups g on g.organization_id = $1 and g.id = source.group_id
         cross join lateral unnest(r.permissions) as permission
         order by permission collate \"C\", g.id is not null, lower(r.name), lower(g.name), r.id, g.id",
        admin.organization_id(),
        user.0
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let mut permissions: Vec<EffectivePermission> = Vec::new();
    for row in rows {
        let permission = Permission::parse(&row.permission).map_err(|error| {
            Error::Internal(format!("invalid permission {} in the database: {error}", row.permission))
        })?;
        let group = row.group_id.zip(row.group_name).map(|(id, name)| GroupName { id: GroupId(id), name });
        let source =
            PermissionSource { role: RoleName { id: RoleId(row.role_id), name: row.role_name }, group };
        match permissions.last_mut().filter(|last| last.permission == permission) {
            Some(last) => last.sources.push(source),
            None => permissions.push(EffectivePermission { permission, sources: vec![source] }),
        }
    }
    Ok(permissions)
}

/// All roles and groups that can be assigned in the organization, sorted by name.
pub async fn options(admin: &Admin<'_>) -> Result<Grants> {
    let pool = &admin.app().pool;
    let roles = sqlx::query!(
        "select id, name from roles where organization_id = $1 order by lower(name), id limit $2",
        admin.organization_id(),
        MAX_CHOICES
    )
    .fetch_all(pool);
    let groups = sqlx::query!(
        "select id, name from groups where organization_id = $1 order by lower(name), id limit $2",
        admin.organization_id(),
        MAX_CHOICES
    )
    .fetch_all(pool);
    let (roles, groups) = tokio::try_join!(roles, groups)?;
    Ok(Grants {
        roles: roles.into_iter().map(|row| RoleName { id: RoleId(row.id), name: row.name }).collect(),
        groups: groups.into_iter().map(|row| GroupName { id: GroupId(row.id), name: row.name }).collect(),
    })
}

/// The roles and groups assigned to a user, sorted by name.
pub(crate) async fn load(
    connection: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<Grants> {
    let roles = sqlx::query!(
        "select r.id, r.name from user_roles ur
         join roles r on r.organization_id = ur.organization_id and r.id = ur.role_id
         where ur.organization_id = $1 and ur.user_id = $2 order by lower(r.name), r.id",
        context.organization_id(),
        user.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let groups = sqlx::query!(
        "select g.id, g.name from group_members gm
         join groups g on g.organization_id = gm.organization_id and g.id = gm.group_id
         where gm.organization_id = $1 and gm.user_id = $2 order by lower(g.name), g.id",
        context.organization_id(),
        user.0
    )
    .fetch_all(connection)
    .await?;
    Ok(Grants {
        roles: roles.into_iter().map(|row| RoleName { id: RoleId(row.id), name: row.name }).collect(),
        groups: groups.into_iter().map(|row| GroupName { id: GroupId(row.id), name: row.name }).collect(),
    })
}

/// Replaces the roles and groups of these users. The number of statements does not depend on the number of users.
///
/// # Errors
/// [`FieldError::InvalidChoice`] if a role or group does not exist.
pub(crate) async fn set(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
    roles: &[RoleId],
    groups: &[GroupId],
) -> Result<()> {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    let groups: Vec<Uuid> = groups.iter().map(|group| group.0).collect();
    sqlx::query!(
        "delete from user_roles where organization_id = $1 and user_id = any($2) and role_id <> all($3)",
        context.organization_id(),
        users,
        &roles
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from group_members where organization_id = $1 and user_id = any($2) and group_id <> all($3)",
        context.organization_id(),
        users,
        &groups
    )
    .execute(&mut *transaction)
    .await?;
    grant(transaction, context, users, &roles, &groups).await
}

/// Adds roles and groups to these users, and keeps those that they already have.
///
/// # Errors
/// [`FieldError::InvalidChoice`] if a role or group does not exist.
pub(crate) async fn grant(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
    roles: &[Uuid],
    groups: &[Uuid],
) -> Result<()> {
    if !roles.is_empty() {
        sqlx::query!(
            "insert into user_roles (organization_id, user_id, role_id)
             select $1, user_id, role_id from unnest($2::uuid[]) as user_id cross join unnest($3::uuid[]) as role_id
             on conflict do nothing",
            context.organization_id(),
            users,
            roles
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| foreign_key_error(error, "user_roles_role", "roles"))?;
    }
    if !groups.is_empty() {
        sqlx::query!(
            "insert into group_members (organization_id, user_id, group_id)
             select $1, user_id, group_id from unnest($2::uuid[]) as user_id cross join unnest($3::uuid[]) as group_id
             on conflict do nothing",
            context.organization_id(),
            users,
            groups
        )
        .execute(transaction)
        .await
        .map_err(|error| foreign_key_error(error, "group_members_group", "groups"))?;
    }
    Ok(())
}

/// Maps a violation of the foreign key `constraint` to an error on the form field that holds the id.
pub(crate) fn foreign_key_error(error: sqlx::Error, constraint: &str, field: &str) -> Error {
    let violated = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    if violated == Some(constraint) { Error::field(field, FieldError::InvalidChoice) } else { error.into() }
}
