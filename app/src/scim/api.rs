//! Server functions of Settings > Provisioning.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::api_keys::{Lifetime, NewApiKey, Provisioning, Scope};
use model::{ApiKeyId, Problem};

/// The SCIM base URL and the API keys of the organization.
#[server(prefix = "/api", endpoint = "keys/list", input = Json)]
pub async fn list_keys(org: String) -> Result<Provisioning, Problem> {
    let request_context = server::request_context()?;
    let keys = async { domain::api_keys::provisioning(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, keys)
}

/// Creates a key. The response is the only place that contains its token.
#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(
    org: String,
    #[server(default)] name: String,
    #[server(default)] scopes: Vec<Scope>,
    #[server(default)] lifetime: Lifetime,
) -> Result<NewApiKey, Problem> {
    let request_context = server::request_context()?;
    let created = async {
        domain::api_keys::create(&request_context.admin(&org).await?, &name, &scopes, lifetime).await
    }
    .await;
    server::respond(&request_context, created)
}

/// Revokes a key.
#[server(prefix = "/api", endpoint = "keys/revoke")]
pub async fn revoke_key(org: String, id: ApiKeyId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let revoked = async { domain::api_keys::revoke(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, revoked)
}
