//! The server functions of the SSO pages.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::sso::{ProviderLogout, SignInOptions, SsoRefusalDetails};
use model::{ConnectionId, Problem};

/// The sign-in options of the login page.
#[server(prefix = "/api", endpoint = "sso/options", input = Json)]
pub async fn get_sign_in_options(org: String) -> Result<SignInOptions, Problem> {
    let request_context = server::request_context()?;
    let options =
        async { domain::sso::sign_in_options(&request_context.organization(&org).await?).await }.await;
    server::respond(&request_context, options)
}

/// Why the last SSO sign-in in this browser was refused.
#[server(prefix = "/api", endpoint = "sso/refusal", input = Json)]
pub async fn get_last_refusal(org: String) -> Result<SsoRefusalDetails, Problem> {
    let request_context = server::request_context()?;
    let browser_token = server::sso_flow_token(&org);
    let refusal = async {
        domain::sso::last_refusal(&request_context.organization(&org).await?, browser_token.as_ref()).await
    };
    server::respond(&request_context, refusal.await)
}

/// The URL to sign out at the provider after signing out here. `None` if the connection was deleted.
#[server(prefix = "/api", endpoint = "sso/provider_logout", input = Json)]
pub async fn get_provider_logout(
    org: String,
    connection: ConnectionId,
) -> Result<Option<ProviderLogout>, Problem> {
    let request_context = server::request_context()?;
    let logout =
        async { domain::sso::provider_logout(&request_context.organization(&org).await?, connection).await };
    match logout.await {
        Err(domain::Error::Problem(Problem::NotFound)) => Ok(None),
        logout => server::respond(&request_context, logout),
    }
}
