//! Signing in by a provider: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::sso::{RefusedPage, SignedOutPage, Ways};
use model::{ConnectionId, Problem};

/// The ways to sign in.
#[server(prefix = "/api", endpoint = "sso/ways", input = Json)]
pub async fn sign_in_ways(org: String) -> Result<Ways, Problem> {
    let request_context = server::request_context()?;
    let ways = async { domain::sso::ways(&request_context.organization(&org).await?).await }.await;
    server::respond(&request_context, ways)
}

/// Why the last sign-in by a provider came to nothing that was tried in this browser.
#[server(prefix = "/api", endpoint = "sso/refused", input = Json)]
pub async fn refused_sign_in(org: String) -> Result<RefusedPage, Problem> {
    let request_context = server::request_context()?;
    let browser = server::sso_flow_token(&org);
    let page = async {
        domain::sso::refused_page(&request_context.organization(&org).await?, browser.as_ref()).await
    }
    .await;
    server::respond(&request_context, page)
}

/// Where a provider signs out whoever has signed out here.
#[server(prefix = "/api", endpoint = "sso/signed_out", input = Json)]
pub async fn signed_out_of(org: String, connection: ConnectionId) -> Result<Option<SignedOutPage>, Problem> {
    let request_context = server::request_context()?;
    let page =
        async { domain::sso::signed_out(&request_context.organization(&org).await?, connection).await };
    match page.await {
        // The connection is gone: there is nothing to sign out of.
        Err(domain::Error::Problem(Problem::NotFound)) => Ok(None),
        page => server::respond(&request_context, page),
    }
}
