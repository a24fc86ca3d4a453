//! The server functions of Settings > Authentication.
#![expect(clippy::too_many_arguments, reason = "server functions take each form field as an argument")]

use crate::runtime::prelude::*;
use model::sso::{AuthenticationSettings, ConnectionTest};
use model::{ConnectionId, GroupId, Problem};

/// The settings page.
#[server(prefix = "/api", endpoint = "authentication/get", input = Json)]
pub async fn get_authentication_settings(org: String) -> Result<AuthenticationSettings, Problem> {
    as_admin(&org, async |admin| domain::sso::settings(&admin).await).await
}

/// Creates a connection, or updates the one with this id.
#[server(prefix = "/api", endpoint = "authentication/save")]
pub async fn save_connection(
    org: String,
    #[server(default)] id: Option<ConnectionId>,
    #[server(default)] name: String,
    #[server(default)] issuer: String,
    #[server(default)] client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] just_in_time: bool,
    #[server(default)] default_role: String,
    #[server(default)] groups: Vec<GroupId>,
    #[server(default)] allowed_domains: String,
    #[server(default)] max_age_minutes: String,
) -> Result<ConnectionId, Problem> {
    let form = model::sso::ConnectionForm {
        name,
        issuer,
        client_id,
        client_secret,
        just_in_time,
        default_role,
        groups,
        allowed_domains,
        max_age_minutes,
    };
    as_admin(&org, async |admin| domain::sso::save_connection(&admin, id, &form).await).await
}

/// Deletes a connection. Its users stay members.
#[server(prefix = "/api", endpoint = "authentication/delete")]
pub async fn delete_connection(org: String, id: ConnectionId) -> Result<(), Problem> {
    as_admin(&org, async |admin| domain::sso::delete_connection(&admin, id).await).await
}

/// Checks the provider's metadata and keys.
#[server(prefix = "/api", endpoint = "authentication/test")]
pub async fn test_connection(org: String, id: ConnectionId) -> Result<ConnectionTest, Problem> {
    as_admin(&org, async |admin| domain::sso::test_connection(&admin, id).await).await
}

/// Changes "Disable email links". Returns the new value.
#[server(prefix = "/api", endpoint = "authentication/email_links")]
pub async fn set_email_links_disabled(
    org: String,
    #[server(default)] email_links_disabled: bool,
) -> Result<bool, Problem> {
    as_admin(&org, async |admin| domain::sso::set_email_links_disabled(&admin, email_links_disabled).await)
        .await?;
    Ok(email_links_disabled)
}
