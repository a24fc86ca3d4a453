//! Changing what one user is and has: the organization role, roles and groups.

use super::actions::{count_admins, lock_users};
use crate::audit::{self, Actor, Targets};
use crate::{Admin, Error, Result, access, grants};
use model::invitations::AccessGrant;
use model::permission::Grants;
use model::transitions::{MembershipState, Refusal};
use model::{OrganizationRole, Problem, UserId};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::hash::Hash;

/// Gives a user exactly this organization role and these roles and groups, whether they have joined or not.
///
/// # Errors
/// Not found, when there is no such user; a role or group that is not there; the last active admin who would be none.
pub async fn change(admin: &Admin<'_>, user: UserId, offer: &AccessGrant) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    if offer.role == OrganizationRole::Member {
        access::lock_organization(&mut transaction, admin).await?;
    }
    let locked =
        lock_users(&mut transaction, &admin.into(), &[user.0]).await?.pop().ok_or_else(Error::not_found)?;
    let was_admin = locked.role == OrganizationRole::Admin && locked.state == MembershipState::Active;
    let ends = was_admin && offer.role == OrganizationRole::Member;
    if ends && count_admins(&mut transaction, &admin.into()).await? <= 1 {
        return Err(Problem::Refused { why: Refusal::LastAdmin }.into());
    }
    let before = grants::of_user(&mut transaction, admin, user).await?;
    grants::set(&mut transaction, admin, &[user.0], &offer.roles, &offer.groups).await?;
    sqlx::query!(
        "update users set role = $3 where organization_id = $1 and id = $2",
        admin.organization_id(),
        user.0,
        offer.role.code()
    )
    .execute(&mut *transaction)
    .await?;
    let after = grants::of_user(&mut transaction, admin, user).await?;
    let mut details = differences(&before, &after);
    if locked.role != offer.role {
        details.insert("organization_role".to_owned(), json!(offer.role.label()));
    }
    if details.is_empty() {
        return Ok(());
    }
    let targets = Targets::one(user, &locked.email);
    let actor = Actor::user(&admin.user);
    audit::record(&mut transaction, admin, &actor, "user.access_changed", &targets, &details.into()).await?;
    transaction.commit().await?;
    Ok(())
}

/// The names of what came and of what went.
fn differences(before: &Grants, after: &Grants) -> Map<String, Value> {
    let roles = (missing(&after.roles, &before.roles), missing(&before.roles, &after.roles));
    let groups = (missing(&after.groups, &before.groups), missing(&before.groups, &after.groups));
    let mut details = Map::new();
    let mut put = |name: &str, names: Vec<&str>| {
        if !names.is_empty() {
            details.insert(name.to_owned(), json!(names));
        }
    };
    put("roles_given", roles.0.iter().map(|role| role.name.as_str()).collect());
    put("roles_taken", roles.1.iter().map(|role| role.name.as_str()).collect());
    put("groups_joined", groups.0.iter().map(|group| group.name.as_str()).collect());
    put("groups_left", groups.1.iter().map(|group| group.name.as_str()).collect());
    details
}

/// What is in the first list and not in the second.
fn missing<'a, T: Eq + Hash>(list: &'a [T], other: &[T]) -> Vec<&'a T> {
    let other: HashSet<&T> = other.iter().collect();
    list.iter().filter(|one| !other.contains(one)).collect()
}
