//! Server functions of Settings > Provisioning.

use crate::runtime::prelude::*;
use model::api_keys::{Lifetime, NewApiKey, Provisioning, Scope};
use model::{ApiKeyId, Problem};

/// The SCIM base URL and the API keys of the organization.
#[server(prefix = "/api", endpoint = "keys/list", input = Json)]
pub async fn list_keys(org: String) -> Result<Provisioning, Problem> {
    as_admin(&org, async |admin| domain::api_keys::provisioning(&admin).await).await
}

/// Creates a key. The response is the only place that contains its token.
#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(
    org: String,
    #[server(default)] name: String,
    #[server(default)] scopes: Vec<Scope>,
    #[server(default)] lifetime: Lifetime,
) -> Result<NewApiKey, Problem> {
    as_admin(&org, async |admin| domain::api_keys::create(&admin, &name, &scopes, lifetime).await).await
}

/// Revokes a key.
#[server(prefix = "/api", endpoint = "keys/revoke")]
pub async fn revoke_key(org: String, id: ApiKeyId) -> Result<(), Problem> {
    as_admin(&org, async |admin| domain::api_keys::revoke(&admin, id).await).await
}
