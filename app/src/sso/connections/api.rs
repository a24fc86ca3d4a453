//! Settings > Authentication: the server functions.
#![expect(clippy::too_many_arguments, reason = "a form has a field for each setting")]

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
#[cfg(feature = "ssr")]
use model::sso::ConnectionForm;
use model::sso::{Authentication, Tested};
use model::{ConnectionId, GroupId, Problem};

/// The connections, and what goes with them.
#[server(prefix = "/api", endpoint = "authentication/show", input = Json)]
pub async fn show_authentication(org: String) -> Result<Authentication, Problem> {
    let request_context = server::request_context()?;
    let shown = async { domain::sso::list(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, shown)
}

/// Makes a connection, or changes the one of this id.
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
    let saved = async { domain::sso::save(&request_context.admin(&org).await?, id, &form).await }.await;
    server::respond(&request_context, saved)
}

/// Deletes a connection; who came in by it stays.
#[server(prefix = "/api", endpoint = "authentication/delete")]
pub async fn delete_connection(org: String, id: ConnectionId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let deleted = async { domain::sso::delete(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, deleted)
}

/// Asks the provider whether the connection could work.
#[server(prefix = "/api", endpoint = "authentication/test")]
pub async fn test_connection(org: String, id: ConnectionId) -> Result<Tested, Problem> {
    let request_context = server::request_context()?;
    let tested = async { domain::sso::test(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, tested)
}

/// Leaves the email link to admins alone, or to everybody.
#[server(prefix = "/api", endpoint = "authentication/email_links")]
pub async fn switch_email_links(
    org: String,
    #[server(default)] email_links_disabled: bool,
) -> Result<bool, Problem> {
    let request_context = server::request_context()?;
    let switched = async {
        domain::sso::switch_email_links(&request_context.admin(&org).await?, email_links_disabled).await
    }
    .await;
    server::respond(&request_context, switched.map(|()| email_links_disabled))
}
