//! The server functions of the join page.

use crate::runtime::prelude::*;
use model::Problem;
use model::join::JoinPage;

/// Returns the page of the invitation link that was opened in this browser, without accepting the invitation.
#[server(prefix = "/api", endpoint = "join/page", input = Json)]
pub async fn get_join_page(org: String) -> Result<JoinPage, Problem> {
    let Some(token) = server::link_token(server::EmailLink::Join, &org) else {
        return Ok(JoinPage::NoSuchLink);
    };
    in_organization(&org, async |organization| domain::invitations::join_page(&organization, &token).await)
        .await
}

/// Accepts the invitation whose link was opened in this browser, for the address that its page showed.
#[server(prefix = "/api", endpoint = "join/join")]
pub async fn join(org: String, email: String, #[server(default)] name: String) -> Result<(), Problem> {
    let session = in_organization(&org, async |organization| {
        let token = server::link_token(server::EmailLink::Join, &org).ok_or(Problem::InvalidLink)?;
        domain::invitations::join(&organization, &token, &email, &name).await
    })
    .await?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::home(&org));
    Ok(())
}

/// Requests a new invitation with the link of an expired one. The response is the same for every link.
#[server(prefix = "/api", endpoint = "join/request_renewal")]
pub async fn request_renewal(org: String) -> Result<(), Problem> {
    in_organization(&org, async |organization| match server::link_token(server::EmailLink::Join, &org) {
        Some(token) => domain::requests::request_renewal(&organization, &token).await,
        None => Ok(()),
    })
    .await
}
