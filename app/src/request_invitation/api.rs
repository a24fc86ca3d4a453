//! The server functions for requesting an invitation.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::requests::ConfirmPage;

/// Requests an invitation. The response is the same for every address.
#[server(prefix = "/api", endpoint = "ask/request")]
pub async fn request_invitation(
    org: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] message: String,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let submitted = async {
        domain::requests::submit(&request_context.organization(&org).await?, &email, &name, &message).await
    }
    .await;
    server::respond(&request_context, submitted)
}

/// Returns the page of the confirmation link that was opened in this browser, without confirming the request.
#[server(prefix = "/api", endpoint = "ask/confirm_page", input = Json)]
pub async fn get_confirm_page(org: String) -> Result<ConfirmPage, Problem> {
    let request_context = server::request_context()?;
    let Some(token) = server::link_token(server::EmailLink::ConfirmRequest, &org) else {
        return Ok(ConfirmPage::NoSuchLink);
    };
    let page =
        async { domain::requests::confirm_page(&request_context.organization(&org).await?, &token).await }
            .await;
    server::respond(&request_context, page)
}

/// Confirms the request whose confirmation link was opened in this browser.
#[server(prefix = "/api", endpoint = "ask/confirm")]
pub async fn confirm_request(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let confirmed = async {
        let token =
            server::link_token(server::EmailLink::ConfirmRequest, &org).ok_or(Problem::InvalidLink)?;
        domain::requests::confirm(&request_context.organization(&org).await?, &token).await
    };
    server::respond(&request_context, confirmed.await)
}
