//! The users of an organization: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::actions::{ActionAnswer, UserAction};
use model::invite::InviteAnswer;
#[cfg(feature = "ssr")]
use model::invite::Offer;
use model::permission::{Grants, GroupAnswer, GroupChange};
use model::users::{UserProfile, UsersPage, UsersQuery};
use model::{GroupId, OrganizationRole, Problem, RoleId, UserId};

/// One page of the list.
#[server(prefix = "/api", endpoint = "users/list", input = Json)]
pub async fn list_users(org: String, query: UsersQuery) -> Result<UsersPage, Problem> {
    let caller = server::caller()?;
    let page = async { domain::users::list(&caller.admin(&org).await?, &query).await }.await;
    server::answer(&caller, page)
}

/// One user.
#[server(prefix = "/api", endpoint = "users/profile", input = Json)]
pub async fn show_user(org: String, user: UserId) -> Result<UserProfile, Problem> {
    let caller = server::caller()?;
    let profile = async { domain::users::profile(&caller.admin(&org).await?, user).await }.await;
    server::answer(&caller, profile)
}

/// The roles and groups that can be given.
#[server(prefix = "/api", endpoint = "users/grants", input = Json)]
pub async fn list_grants(org: String) -> Result<Grants, Problem> {
    let caller = server::caller()?;
    let grants = async { domain::grants::choices(&caller.admin(&org).await?).await }.await;
    server::answer(&caller, grants)
}

/// What inviting each address of the list would do. Changes nothing.
#[server(prefix = "/api", endpoint = "users/classify", input = Json)]
pub async fn classify(org: String, addresses: String) -> Result<InviteAnswer, Problem> {
    let caller = server::caller()?;
    let classes = async { domain::invitations::classify(&caller.admin(&org).await?, &addresses).await }.await;
    server::answer(&caller, classes)
}

/// Invites every address of the list that may be invited, and answers for each.
#[server(prefix = "/api", endpoint = "users/invite")]
pub async fn invite(
    org: String,
    #[server(default)] addresses: String,
    #[server(default)] role: OrganizationRole,
    #[server(default)] roles: Vec<RoleId>,
    #[server(default)] groups: Vec<GroupId>,
) -> Result<InviteAnswer, Problem> {
    let caller = server::caller()?;
    let offer = Offer { role, roles, groups };
    let answer =
        async { domain::invitations::invite(&caller.admin(&org).await?, &addresses, &offer).await }.await;
    server::answer(&caller, answer)
}

/// Does something to each of the users to whom it may be done, and answers for the others.
#[server(prefix = "/api", endpoint = "users/act")]
pub async fn act(
    org: String,
    action: UserAction,
    #[server(default)] users: Vec<UserId>,
) -> Result<ActionAnswer, Problem> {
    let caller = server::caller()?;
    let answer = async { domain::users::act(&caller.admin(&org).await?, action, &users).await }.await;
    server::answer(&caller, answer)
}

/// Sends every expired invitation again, and says how many.
#[server(prefix = "/api", endpoint = "users/invite_all_again")]
pub async fn invite_all_again(org: String) -> Result<usize, Problem> {
    let caller = server::caller()?;
    let sent = async { domain::users::invite_all_again(&caller.admin(&org).await?).await }.await;
    server::answer(&caller, sent)
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
    let caller = server::caller()?;
    let offer = Offer { role, roles, groups };
    let changed = async { domain::users::change(&caller.admin(&org).await?, user, &offer).await }.await;
    server::answer(&caller, changed)
}

/// Puts users into a group or takes them out of it, and says for how many that was news.
#[server(prefix = "/api", endpoint = "users/change_group")]
pub async fn change_group(
    org: String,
    group: GroupId,
    change: GroupChange,
    #[server(default)] users: Vec<UserId>,
) -> Result<GroupAnswer, Problem> {
    let caller = server::caller()?;
    let changed = async {
        let admin = caller.admin(&org).await?;
        match change {
            GroupChange::Add => domain::groups::add_members(&admin, group, &users).await,
            GroupChange::Remove => domain::groups::remove_members(&admin, group, &users).await,
        }
    };
    server::answer(&caller, changed.await)
}

/// The link of a user's invitation; that it was asked for is written down.
#[server(prefix = "/api", endpoint = "users/copy_link")]
pub async fn copy_link(org: String, user: UserId) -> Result<String, Problem> {
    let caller = server::caller()?;
    let link = async { domain::invitations::copy_link(&caller.admin(&org).await?, user).await }.await;
    server::answer(&caller, link)
}
