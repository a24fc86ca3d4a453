//! Asking for an invitation: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::requests::ConfirmPage;

/// Asks for an invitation. The answer is the same for every address.
#[server(prefix = "/api", endpoint = "ask/request")]
pub async fn request_invitation(
    org: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] message: String,
) -> Result<(), Problem> {
    let caller = server::caller()?;
    let asked =
        async { domain::requests::ask(&caller.visit(&org).await?, &email, &name, &message).await }.await;
    server::answer(&caller, asked)
}

/// What the link of a request's mail leads to that was opened in this browser. Changes nothing.
#[server(prefix = "/api", endpoint = "ask/confirm_page", input = Json)]
pub async fn opened_request(org: String) -> Result<ConfirmPage, Problem> {
    let caller = server::caller()?;
    let Some(token) = server::link_token(server::Link::ConfirmRequest, &org) else {
        return Ok(ConfirmPage::NoSuchLink);
    };
    let page = async { domain::requests::confirm_page(&caller.visit(&org).await?, &token).await }.await;
    server::answer(&caller, page)
}

/// Confirms the request whose link was opened in this browser.
#[server(prefix = "/api", endpoint = "ask/confirm")]
pub async fn confirm_request(org: String) -> Result<(), Problem> {
    let caller = server::caller()?;
    let confirmed = async {
        let token = server::link_token(server::Link::ConfirmRequest, &org).ok_or(Problem::LinkUnusable)?;
        domain::requests::confirm(&caller.visit(&org).await?, &token).await
    };
    server::answer(&caller, confirmed.await)
}
