//! Custom roles: a name and a set of permissions.

use crate::audit::{self, Targets};
use crate::grants::MAX_CHOICES;
use crate::{Admin, Error, InOrganization, Result, access};
use model::audit_log::AuditAction;
use model::field::{self, FieldError};
use model::permission::{self, MAX_PERMISSIONS, Permission, Role};
use model::{FieldErrors, RoleId};
use serde_json::json;

/// All roles, sorted by name.
pub async fn list(admin: &Admin<'_>) -> Result<Vec<Role>> {
    let rows = sqlx::query!(
        "select r.id, r.name, r.permissions,
            (select count(*) from user_roles
             where organization_id = r.organization_id and role_id = r.id) as \"users!\",
            (select count(*) from group_roles
             where organization_id = r.organization_id and role_id = r.id) as \"groups!\"
         from roles r where r.organization_id = $1 order by lower(r.name), r.id limit $2",
        admin.organization_id(),
        MAX_CHOICES
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let role = |id, name, permissions: Vec<String>, users, groups| Role {
        id: RoleId(id),
        name,
        permissions: permissions.iter().filter_map(|text| Permission::parse(text).ok()).collect(),
        users,
        groups,
    };
    Ok(rows.into_iter().map(|row| role(row.id, row.name, row.permissions, row.users, row.groups)).collect())
}

/// Creates a role, or updates the one with this id. `permissions` is a list separated by commas or white space.
///
/// # Errors
/// A field error if the name is empty, too long or taken, or an entry is not a valid permission; not found if the role does
/// not exist.
pub async fn save(admin: &Admin<'_>, id: Option<RoleId>, name: &str, permissions: &str) -> Result<RoleId> {
    let (name, permissions) = validate(name, permissions)?;
    let texts: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
    let mut transaction = admin.app().pool.begin().await?;
    let (role, action) = match id {
        None => {
            let role = RoleId(admin.new_id());
            sqlx::query!(
                "insert into roles (organization_id, id, name, permissions, created_at) values ($1, $2, $3, $4, $5)",
                admin.organization_id(),
                role.0,
                name,
                &texts as &[&str],
                admin.now()
            )
            .execute(&mut *transaction)
            .await?;
            (role, AuditAction::RoleCreated)
        }
        Some(role) => {
            let updated = sqlx::query!(
                "update roles set name = $3, permissions = $4 where organization_id = $1 and id = $2",
                admin.organization_id(),
                role.0,
                name,
                &texts as &[&str]
            )
            .execute(&mut *transaction)
            .await?;
            if updated.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            (role, AuditAction::RoleUpdated)
        }
    };
    let details = json!({ "role": name, "permissions": texts });
    let targets = Targets::resource(role.0);
    audit::record(&mut transaction, admin.context(), &admin.actor(), action, &targets, &details).await?;
    transaction.commit().await?;
    Ok(role)
}

fn validate(name: &str, permissions: &str) -> Result<(String, Vec<Permission>)> {
    let permissions = match permission::parse_list(permissions) {
        Ok(list) if list.is_empty() => Err(FieldError::Empty),
        Ok(list) if list.len() > MAX_PERMISSIONS => Err(FieldError::TooMany { max: MAX_PERMISSIONS }),
        Ok(list) => Ok(list),
        Err((entry, why)) => Err(FieldError::InvalidPermission { entry, why }),
    };
    let mut fields = FieldErrors::default();
    let name = fields.check("name", field::parse_name(name));
    let permissions = fields.check("permissions", permissions);
    Ok(fields.finish(|| Some((name?, permissions?)))?)
}

/// Deletes a role, and removes it from all users and groups that have it.
///
/// # Errors
/// Not found if the role does not exist.
pub async fn delete(admin: &Admin<'_>, role: RoleId) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    access::lock_organization(&mut transaction, admin.context()).await?;
    let name = sqlx::query_scalar!(
        "delete from roles where organization_id = $1 and id = $2 returning name",
        admin.organization_id(),
        role.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let details = json!({ "role": name });
    let targets = Targets::resource(role.0);
    audit::record(
        &mut transaction,
        admin.context(),
        &admin.actor(),
        AuditAction::RoleDeleted,
        &targets,
        &details,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}
