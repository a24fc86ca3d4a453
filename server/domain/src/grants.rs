//! The roles and groups of users, and the effective permissions that result from them.

use crate::links::{self, Links};
use crate::{Admin, Error, InOrganization, OrganizationContext, Result};
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
    let rows = sqlx::query_as!(
        GrantRow,
        "(select id as \"id!\", name as \"name!\", false as \"is_group!\" from roles
            where organization_id = $1 order by lower(name), id limit $2)
         union all
         (select id, name, true from groups where organization_id = $1 order by lower(name), id limit $2)",
        admin.organization_id(),
        MAX_CHOICES
    )
    .fetch_all(&admin.app().pool)
    .await?;
    Ok(into_grants(rows))
}

/// The roles and groups assigned to a user, sorted by name.
pub(crate) async fn load(
    connection: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<Grants> {
    let rows = sqlx::query_as!(
        GrantRow,
        "(select r.id as \"id!\", r.name as \"name!\", false as \"is_group!\" from user_roles ur
            join roles r on r.organization_id = ur.organization_id and r.id = ur.role_id
            where ur.organization_id = $1 and ur.user_id = $2 order by lower(r.name), r.id)
         union all
         (select g.id, g.name, true from group_members gm
            join groups g on g.organization_id = gm.organization_id and g.id = gm.group_id
            where gm.organization_id = $1 and gm.user_id = $2 order by lower(g.name), g.id)",
        context.organization_id(),
        user.0
    )
    .fetch_all(connection)
    .await?;
    Ok(into_grants(rows))
}

/// A role or a group.
struct GrantRow {
    id: Uuid,
    name: String,
    is_group: bool,
}

fn into_grants(rows: Vec<GrantRow>) -> Grants {
    let (groups, roles): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_group);
    Grants {
        roles: roles.into_iter().map(|row| RoleName { id: RoleId(row.id), name: row.name }).collect(),
        groups: groups.into_iter().map(|row| GroupName { id: GroupId(row.id), name: row.name }).collect(),
    }
}

/// Replaces the roles and groups of these users.
///
/// # Errors
/// A field error if a role or group does not exist.
pub(crate) async fn set(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
    roles: &[RoleId],
    groups: &[GroupId],
) -> Result<()> {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    let groups: Vec<Uuid> = groups.iter().map(|group| group.0).collect();
    links::replace(transaction, context, Links::UserRoles, users, &roles).await?;
    links::replace(transaction, context, Links::UserGroups, users, &groups).await
}

/// Adds roles and groups to these users, and keeps those that they already have.
///
/// # Errors
/// A field error if a role or group does not exist.
pub(crate) async fn grant(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[Uuid],
    roles: &[RoleId],
    groups: &[GroupId],
) -> Result<()> {
    let roles: Vec<Uuid> = roles.iter().map(|role| role.0).collect();
    let groups: Vec<Uuid> = groups.iter().map(|group| group.0).collect();
    links::add(transaction, context, Links::UserRoles, users, &roles).await?;
    links::add(transaction, context, Links::UserGroups, users, &groups).await
}
