//! Server functions of the Roles page.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::permission::Role;
use model::{Problem, RoleId};

#[server(prefix = "/api", endpoint = "roles/list", input = Json)]
pub async fn list_roles(org: String) -> Result<Vec<Role>, Problem> {
    let request_context = server::request_context()?;
    let roles = async { domain::roles::list(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, roles)
}

/// Creates a role, or updates the one with this id.
#[server(prefix = "/api", endpoint = "roles/save")]
pub async fn save_role(
    org: String,
    #[server(default)] id: Option<RoleId>,
    #[server(default)] name: String,
    #[server(default)] permissions: String,
) -> Result<RoleId, Problem> {
    let request_context = server::request_context()?;
    let result =
        async { domain::roles::save(&request_context.admin(&org).await?, id, &name, &permissions).await }
            .await;
    server::respond(&request_context, result)
}

#[server(prefix = "/api", endpoint = "roles/delete")]
pub async fn delete_role(org: String, id: RoleId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result = async { domain::roles::delete(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, result)
}
