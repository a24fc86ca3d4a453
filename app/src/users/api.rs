//! The users of an organization: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::actions::{ActionResult, UserAction};
#[cfg(feature = "ssr")]
use model::invitations::AccessGrant;
use model::invitations::InviteResult;
use model::permission::{Grants, GroupChange, GroupChangeResult};
use model::users::{UserProfile, UsersPage, UsersQuery};
use model::{GroupId, OrganizationRole, Problem, RoleId, UserId};

/// One page of the list.
#[server(prefix = "/api", endpoint = "users/list", input = Json)]
pub async fn list_users(org: String, query: UsersQuery) -> Result<UsersPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::users::list(&request_context.admin(&org).await?, &query).await }.await;
    server::respond(&request_context, page)
}

/// One user.
#[server(prefix = "/api", endpoint = "users/profile", input = Json)]
pub async fn show_user(org: String, user: UserId) -> Result<UserProfile, Problem> {
    let request_context = server::request_context()?;
    let profile = async { domain::users::profile(&request_context.admin(&org).await?, user).await }.await;
    server::respond(&request_context, profile)
}

/// The roles and groups that can be given.
#[server(prefix = "/api", endpoint = "users/grants", input = Json)]
pub async fn list_grants(org: String) -> Result<Grants, Problem> {
    let request_context = server::request_context()?;
    let grants = async { domain::grants::options(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, grants)
}

/// What inviting each address of the list would do. Changes nothing.
#[server(prefix = "/api", endpoint = "users/classify", input = Json)]
pub async fn classify(org: String, addresses: String) -> Result<InviteResult, Problem> {
    let request_context = server::request_context()?;
    let classes =
        async { domain::invitations::classify(&request_context.admin(&org).await?, &addresses).await }.await;
    server::respond(&request_context, classes)
}

/// Invites every address of the list that may be invited, and answers for each.
#[server(prefix = "/api", endpoint = "users/invite")]
pub async fn invite(
    org: String,
    #[server(default)] addresses: String,
    #[server(default)] role: OrganizationRole,
    #[server(default)] roles: Vec<RoleId>,
    #[server(default)] groups: Vec<GroupId>,
) -> Result<InviteResult, Problem> {
    let request_context = server::request_context()?;
    let offer = AccessGrant { role, roles, groups };
    let answer =
        async { domain::invitations::invite(&request_context.admin(&org).await?, &addresses, &offer).await }
            .await;
    server::respond(&request_context, answer)
}

/// Does something to each of the users to whom it may be done, and answers for the others.
#[server(prefix = "/api", endpoint = "users/act")]
pub async fn act(
    org: String,
    action: UserAction,
    #[server(default)] users: Vec<UserId>,
) -> Result<ActionResult, Problem> {
    let request_context = server::request_context()?;
    let answer =
        async { domain::users::apply_action(&request_context.admin(&org).await?, action, &users).await }
            .await;
    server::respond(&request_context, answer)
}

/// Sends every expired invitation again, and says how many.
#[server(prefix = "/api", endpoint = "users/invite_all_again")]
pub async fn invite_all_again(org: String) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let sent = async { domain::users::resend_expired(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, sent)
}

/// Gives a user exactly this organization role and these roles and groups.
#[server(prefix = "/api", endpoint = "users/change")]
pub async fn change_user(
    org: String,
    user: UserId,
    role: OrganizationRole,
    #[server(default)] roles: Vec<RoleId>,
    #[server(default)] groups: Vec<GroupId>,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let offer = AccessGrant { role, roles, groups };
    let changed =
        async { domain::users::set_access(&request_context.admin(&org).await?, user, &offer).await }.await;
    server::respond(&request_context, changed)
}

/// Puts users into a group or takes them out of it, and says for how many that was news.
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
        match change {
            GroupChange::Add => domain::groups::add_members(&admin, group, &users).await,
            GroupChange::Remove => domain::groups::remove_members(&admin, group, &users).await,
        }
    };
    server::respond(&request_context, changed.await)
}

/// The link of a user's invitation; that it was asked for is written down.
#[server(prefix = "/api", endpoint = "users/copy_link")]
pub async fn copy_link(org: String, user: UserId) -> Result<String, Problem> {
    let request_context = server::request_context()?;
    let link =
        async { domain::invitations::copy_link(&request_context.admin(&org).await?, user).await }.await;
    server::respond(&request_context, link)
}
