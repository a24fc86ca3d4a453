//! The server functions of the SSO pages.

use crate::runtime::prelude::*;
use model::sso::{ProviderLogout, SignInOptions, SsoRefusalDetails};
use model::{ConnectionId, Problem};

/// The sign-in options of the login page.
#[server(prefix = "/api", endpoint = "sso/options", input = Json)]
pub async fn get_sign_in_options(org: String) -> Result<SignInOptions, Problem> {
    in_organization(&org, async |organization| domain::sso::sign_in_options(&organization).await).await
}

/// Why the last SSO sign-in in this browser was refused.
#[server(prefix = "/api", endpoint = "sso/refusal", input = Json)]
pub async fn get_last_refusal(org: String) -> Result<SsoRefusalDetails, Problem> {
    let browser_token = server::sso_flow_token(&org);
    in_organization(&org, async |organization| {
        domain::sso::last_refusal(&organization, browser_token.as_ref()).await
    })
    .await
}

/// The URL to sign out at the provider after signing out here. `None` if the connection was deleted.
#[server(prefix = "/api", endpoint = "sso/provider_logout", input = Json)]
pub async fn get_provider_logout(
    org: String,
    connection: ConnectionId,
) -> Result<Option<ProviderLogout>, Problem> {
    in_organization(&org, async |organization| {
        match domain::sso::provider_logout(&organization, connection).await {
            Err(domain::Error::Problem(Problem::NotFound)) => Ok(None),
            logout => logout,
        }
    })
    .await
}
