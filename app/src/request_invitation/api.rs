//! The server functions for requesting an invitation.

use crate::runtime::prelude::*;
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
    in_organization(&org, async |organization| {
        domain::requests::submit(&organization, &email, &name, &message).await
    })
    .await
}

/// Returns the page of the confirmation link that was opened in this browser, without confirming the request.
#[server(prefix = "/api", endpoint = "ask/confirm_page", input = Json)]
pub async fn get_confirm_page(org: String) -> Result<ConfirmPage, Problem> {
    let Some(token) = server::link_token(server::EmailLink::ConfirmRequest, &org) else {
        return Ok(ConfirmPage::NoSuchLink);
    };
    in_organization(&org, async |organization| domain::requests::confirm_page(&organization, &token).await)
        .await
}

/// Confirms the request whose confirmation link was opened in this browser.
#[server(prefix = "/api", endpoint = "ask/confirm")]
pub async fn confirm_request(org: String) -> Result<(), Problem> {
    in_organization(&org, async |organization| {
        let token =
            server::link_token(server::EmailLink::ConfirmRequest, &org).ok_or(Problem::InvalidLink)?;
        domain::requests::confirm(&organization, &token).await
    })
    .await
}
