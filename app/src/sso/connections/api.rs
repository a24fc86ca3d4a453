//! The server functions of Settings > Authentication.
#![expect(clippy::too_many_arguments, reason = "server functions take each form field as an argument")]

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
#[cfg(feature = "ssr")]
use model::sso::ConnectionForm;
use model::sso::{AuthenticationSettings, ConnectionTest};
use model::{ConnectionId, GroupId, Problem};

/// The settings page.
#[server(prefix = "/api", endpoint = "authentication/get", input = Json)]
pub async fn get_authentication_settings(org: String) -> Result<AuthenticationSettings, Problem> {
    let request_context = server::request_context()?;
    let settings = async { domain::sso::settings(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, settings)
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
    let request_context = server::request_context()?;
    let form = ConnectionForm {
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
    let saved =
        async { domain::sso::save_connection(&request_context.admin(&org).await?, id, &form).await }.await;
    server::respond(&request_context, saved)
}

/// Deletes a connection. Its users stay members.
#[server(prefix = "/api", endpoint = "authentication/delete")]
pub async fn delete_connection(org: String, id: ConnectionId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let deleted =
        async { domain::sso::delete_connection(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, deleted)
}

/// Checks the provider's metadata and keys.
#[server(prefix = "/api", endpoint = "authentication/test")]
pub async fn test_connection(org: String, id: ConnectionId) -> Result<ConnectionTest, Problem> {
    let request_context = server::request_context()?;
    let tested = async { domain::sso::test_connection(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, tested)
}

/// Changes "Disable email links". Returns the new value.
#[server(prefix = "/api", endpoint = "authentication/email_links")]
pub async fn set_email_links_disabled(
    org: String,
    #[server(default)] email_links_disabled: bool,
) -> Result<bool, Problem> {
    let request_context = server::request_context()?;
    let changed = async {
        domain::sso::set_email_links_disabled(&request_context.admin(&org).await?, email_links_disabled).await
    }
    .await;
    server::respond(&request_context, changed.map(|()| email_links_disabled))
}
