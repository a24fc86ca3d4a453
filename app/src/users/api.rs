//! The users of an organization: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::invite::InviteAnswer;
use model::users::{UserProfile, UsersPage, UsersQuery};
use model::{OrganizationRole, Problem, UserId};

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
) -> Result<InviteAnswer, Problem> {
    let caller = server::caller()?;
    let answer =
        async { domain::invitations::invite(&caller.admin(&org).await?, &addresses, &role.into()).await }.await;
    server::answer(&caller, answer)
}
