//! Joining: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::join::JoinPage;

/// What the invitation link that was opened in this browser leads to. Changes nothing.
#[server(prefix = "/api", endpoint = "join/page", input = Json)]
pub async fn opened_invitation(org: String) -> Result<JoinPage, Problem> {
    let caller = server::caller()?;
    let Some(token) = server::link_token(server::Link::Join, &org) else { return Ok(JoinPage::NoSuchLink) };
    let page = async { domain::invitations::join_page(&caller.visit(&org).await?, &token).await }.await;
    server::answer(&caller, page)
}

/// Joins by the invitation link that was opened in this browser, as the address that its page showed.
#[server(prefix = "/api", endpoint = "join/join")]
pub async fn join(org: String, email: String, #[server(default)] name: String) -> Result<(), Problem> {
    let caller = server::caller()?;
    let joined = async {
        let token = server::link_token(server::Link::Join, &org).ok_or(Problem::LinkUnusable)?;
        domain::invitations::join(&caller.visit(&org).await?, &token, &email, &name).await
    };
    let joined = joined.await;
    let session = server::answer(&caller, joined)?;
    server::start_session(&org, &session);
    server::go(&crate::paths::home(&org));
    Ok(())
}

/// Asks the admins for a new invitation, by the link of one that has expired. Answers the same whatever the link is.
#[server(prefix = "/api", endpoint = "join/ask_again")]
pub async fn ask_again(org: String) -> Result<(), Problem> {
    let caller = server::caller()?;
    let asked = async {
        match server::link_token(server::Link::Join, &org) {
            Some(token) => domain::requests::ask_again(&caller.visit(&org).await?, &token).await,
            None => Ok(()),
        }
    };
    server::answer(&caller, asked.await)
}
