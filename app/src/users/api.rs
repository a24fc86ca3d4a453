//! The server functions of the Users page and the profile.

use crate::runtime::prelude::*;
use model::actions::{ActionResult, UserAction};
use model::invitations::InviteResult;
use model::permission::{Grants, GroupChange, GroupChangeResult};
use model::users::{UserProfile, UsersPage, UsersQuery};
use model::{GroupId, OrganizationRole, Problem, RoleId, UserId};

/// Returns one page of the list.
#[server(prefix = "/api", endpoint = "users/list", input = Json)]
pub async fn list_users(org: String, query: UsersQuery) -> Result<UsersPage, Problem> {
    as_admin(&org, async |admin| domain::users::list(&admin, &query).await).await
}

/// Returns the profile of one user.
#[server(prefix = "/api", endpoint = "users/profile", input = Json)]
pub async fn get_profile(org: String, user: UserId) -> Result<UserProfile, Problem> {
    as_admin(&org, async |admin| domain::users::profile(&admin, user).await).await
}

/// Returns the roles and groups that can be granted.
#[server(prefix = "/api", endpoint = "users/grants", input = Json)]
pub async fn list_grants(org: String) -> Result<Grants, Problem> {
    as_admin(&org, async |admin| domain::grants::options(&admin).await).await
}

/// Returns what inviting each address of the list would do, without doing it.
#[server(prefix = "/api", endpoint = "users/classify", input = Json)]
pub async fn classify(org: String, addresses: String) -> Result<InviteResult, Problem> {
    as_admin(&org, async |admin| domain::invitations::classify(&admin, &addresses).await).await
}

/// Invites every address of the list that may be invited, and returns the result for each.
#[server(prefix = "/api", endpoint = "users/invite")]
pub async fn invite(
    org: String,
    #[server(default)] addresses: String,
    #[server(default)] role: OrganizationRole,
    #[server(default)] roles: Vec<RoleId>,
    #[server(default)] groups: Vec<GroupId>,
) -> Result<InviteResult, Problem> {
    let grant = model::invitations::AccessGrant { role, roles, groups };
    as_admin(&org, async |admin| domain::invitations::invite(&admin, &addresses, &grant).await).await
}

/// Applies an action to each of the users that it is allowed for, and returns a refusal for each of the others.
#[server(prefix = "/api", endpoint = "users/act")]
pub async fn apply_action(
    org: String,
    action: UserAction,
    #[server(default)] users: Vec<UserId>,
) -> Result<ActionResult, Problem> {
    as_admin(&org, async |admin| domain::users::apply_action(&admin, action, &users).await).await
}

/// Resends every expired invitation and returns how many there were.
#[server(prefix = "/api", endpoint = "users/invite_all_again")]
pub async fn resend_all_expired(org: String) -> Result<usize, Problem> {
    as_admin(&org, async |admin| domain::users::resend_expired(&admin).await).await
}

/// Sets the organization role, the roles and the groups of a user, replacing the previous ones.
#[server(prefix = "/api", endpoint = "users/change")]
pub async fn change_user(
    org: String,
    user: UserId,
    role: OrganizationRole,
    #[server(default)] roles: Vec<RoleId>,
    #[server(default)] groups: Vec<GroupId>,
) -> Result<(), Problem> {
    let grant = model::invitations::AccessGrant { role, roles, groups };
    as_admin(&org, async |admin| domain::users::set_access(&admin, user, &grant).await).await
}

/// Adds users to a group or removes them from it, and returns how many of them that changed.
#[server(prefix = "/api", endpoint = "users/change_group")]
pub async fn change_group(
    org: String,
    group: GroupId,
    change: GroupChange,
    #[server(default)] users: Vec<UserId>,
) -> Result<GroupChangeResult, Problem> {
    as_admin(&org, async |admin| domain::groups::change_members(&admin, change, group, &users).await).await
}

/// Returns the link of a user's invitation and records the access in the audit log.
#[server(prefix = "/api", endpoint = "users/copy_link")]
pub async fn copy_link(org: String, user: UserId) -> Result<String, Problem> {
    as_admin(&org, async |admin| domain::invitations::copy_link(&admin, user).await).await
}
