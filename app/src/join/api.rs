//! The server functions of the join page.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::join::JoinPage;

/// Returns the page of the invitation link that was opened in this browser, without accepting the invitation.
#[server(prefix = "/api", endpoint = "join/page", input = Json)]
pub async fn get_join_page(org: String) -> Result<JoinPage, Problem> {
    let request_context = server::request_context()?;
    let Some(token) = server::link_token(server::EmailLink::Join, &org) else {
        return Ok(JoinPage::NoSuchLink);
    };
    let page =
        async { domain::invitations::join_page(&request_context.organization(&org).await?, &token).await }
            .await;
    server::respond(&request_context, page)
}

/// Accepts the invitation whose link was opened in this browser, for the address that its page showed.
#[server(prefix = "/api", endpoint = "join/join")]
pub async fn join(org: String, email: String, #[server(default)] name: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let joined = async {
        let token = server::link_token(server::EmailLink::Join, &org).ok_or(Problem::InvalidLink)?;
        domain::invitations::join(&request_context.organization(&org).await?, &token, &email, &name).await
    };
    let joined = joined.await;
    let session = server::respond(&request_context, joined)?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::home(&org));
    Ok(())
}

/// Requests a new invitation with the link of an expired one. The response is the same for every link.
#[server(prefix = "/api", endpoint = "join/request_renewal")]
pub async fn request_renewal(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let requested = async {
        match server::link_token(server::EmailLink::Join, &org) {
            Some(token) => {
                domain::requests::request_renewal(&request_context.organization(&org).await?, &token).await
            }
            None => Ok(()),
        }
    };
    server::respond(&request_context, requested.await)
}
