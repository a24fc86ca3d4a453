//! The server functions of the Users page and the profile.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::actions::{ActionResult, UserAction};
#[cfg(feature = "ssr")]
use model::invitations::AccessGrant;
use model::invitations::InviteResult;
use model::permission::{Grants, GroupChange, GroupChangeResult};
use model::users::{UserProfile, UsersPage, UsersQuery};
use model::{GroupId, OrganizationRole, Problem, RoleId, UserId};

/// Returns one page of the list.
#[server(prefix = "/api", endpoint = "users/list", input = Json)]
pub async fn list_users(org: String, query: UsersQuery) -> Result<UsersPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::users::list(&request_context.admin(&org).await?, &query).await }.await;
    server::respond(&request_context, page)
}

/// Returns the profile of one user.
#[server(prefix = "/api", endpoint = "users/profile", input = Json)]
pub async fn get_profile(org: String, user: UserId) -> Result<UserProfile, Problem> {
    let request_context = server::request_context()?;
    let profile = async { domain::users::profile(&request_context.admin(&org).await?, user).await }.await;
    server::respond(&request_context, profile)
}

/// Returns the roles and groups that can be granted.
#[server(prefix = "/api", endpoint = "users/grants", input = Json)]
pub async fn list_grants(org: String) -> Result<Grants, Problem> {
    let request_context = server::request_context()?;
    let grants = async { domain::grants::options(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, grants)
}

/// Returns what inviting each address of the list would do, without doing it.
#[server(prefix = "/api", endpoint = "users/classify", input = Json)]
pub async fn classify(org: String, addresses: String) -> Result<InviteResult, Problem> {
    let request_context = server::request_context()?;
    let classified =
        async { domain::invitations::classify(&request_context.admin(&org).await?, &addresses).await }.await;
    server::respond(&request_context, classified)
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
    let request_context = server::request_context()?;
    let grant = AccessGrant { role, roles, groups };
    let result =
        async { domain::invitations::invite(&request_context.admin(&org).await?, &addresses, &grant).await }
            .await;
    server::respond(&request_context, result)
}

/// Applies an action to each of the users that it is allowed for, and returns a refusal for each of the others.
#[server(prefix = "/api", endpoint = "users/act")]
pub async fn apply_action(
    org: String,
    action: UserAction,
    #[server(default)] users: Vec<UserId>,
) -> Result<ActionResult, Problem> {
    let request_context = server::request_context()?;
    let result =
        async { domain::users::apply_action(&request_context.admin(&org).await?, action, &users).await }
            .await;
    server::respond(&request_context, result)
}

/// Resends every expired invitation and returns how many there were.
#[server(prefix = "/api", endpoint = "users/invite_all_again")]
pub async fn resend_all_expired(org: String) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let sent = async { domain::users::resend_expired(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, sent)
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
    let request_context = server::request_context()?;
    let grant = AccessGrant { role, roles, groups };
    let changed =
        async { domain::users::set_access(&request_context.admin(&org).await?, user, &grant).await }.await;
    server::respond(&request_context, changed)
}

/// Adds users to a group or removes them from it, and returns how many of them that changed.
#[server(prefix = "/api", endpoint = "users/change_group")]
pub async fn change_group(
    org: String,
    group: GroupId,
    change: GroupChange,
    #[server(default)] users: Vec<UserId>,
) -> Result<GroupChangeResult, Problem> {
    let request_context = server::request_context()?;
    let changed = async {
        let admin = request_context.admin(&org).await?;
        domain::groups::change_members(&admin, change, group, &users).await
    };
    server::respond(&request_context, changed.await)
}

/// Returns the link of a user's invitation and records the access in the audit log.
#[server(prefix = "/api", endpoint = "users/copy_link")]
pub async fn copy_link(org: String, user: UserId) -> Result<String, Problem> {
    let request_context = server::request_context()?;
    let link =
        async { domain::invitations::copy_link(&request_context.admin(&org).await?, user).await }.await;
    server::respond(&request_context, link)
}
