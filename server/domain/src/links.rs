//! The tables that link two resources of an organization.

use crate::{InOrganization, OrganizationContext, Result};
use sqlx::PgConnection;
use uuid::Uuid;

/// What is linked to what: the targets to their owners.
#[derive(Clone, Copy)]
pub(crate) enum Links {
    UserRoles,
    UserGroups,
    GroupRoles,
    ConnectionGroups,
}

/// Expands to a statement for the table of each kind of link, with the columns of its owners and targets.
macro_rules! for_table {
    ($links:expr, $statement:ident) => {
        match $links {
            Links::UserRoles => $statement!("user_roles", "user_id", "role_id"),
            Links::UserGroups => $statement!("group_members", "user_id", "group_id"),
            Links::GroupRoles => $statement!("group_roles", "group_id", "role_id"),
            Links::ConnectionGroups => $statement!("sso_connection_groups", "connection_id", "group_id"),
        }
    };
}

/// Links each owner to all targets, and to no others. The number of statements doesn't depend on how many there are.
///
/// # Errors
/// A field error if a target does not exist.
pub(crate) async fn replace(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    links: Links,
    owners: &[Uuid],
    targets: &[Uuid],
) -> Result<()> {
    macro_rules! delete {
        ($table:literal, $owner:literal, $target:literal) => {
            sqlx::query!(
                "delete from "
                    + $table
                    + " where organization_id = $1 and "
                    + $owner
                    + " = any($2) and "
                    + $target
                    + " <> all($3)",
                context.organization_id(),
                owners,
                targets
            )
        };
    }
    for_table!(links, delete).execute(&mut *transaction).await?;
    add(transaction, context, links, owners, targets).await
}

/// Links each owner to all targets, in addition to those that it is linked to already.
///
/// # Errors
/// A field error if a target does not exist.
pub(crate) async fn add(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    links: Links,
    owners: &[Uuid],
    targets: &[Uuid],
) -> Result<()> {
    macro_rules! insert {
        ($table:literal, $owner:literal, $target:literal) => {
            sqlx::query!(
                "insert into " + $table + " (organization_id, " + $owner + ", " + $target + ")
                 select $1, owner, target from unnest($2::uuid[]) as owner cross join unnest($3::uuid[]) as target
                 on conflict do nothing",
                context.organization_id(),
                owners,
                targets
            )
        };
    }
    if !targets.is_empty() {
        for_table!(links, insert).execute(transaction).await?;
    }
    Ok(())
}
