//! Custom roles: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::permission::Role;
use model::{Problem, RoleId};

/// All roles.
#[server(prefix = "/api", endpoint = "roles/list", input = Json)]
pub async fn list_roles(org: String) -> Result<Vec<Role>, Problem> {
    let request_context = server::request_context()?;
    let roles = async { domain::roles::list(&request_context.admin(&org).await?).await }.await;
    server::answer(&request_context, roles)
}

/// Makes a role, or changes the one of this id.
#[server(prefix = "/api", endpoint = "roles/save")]
pub async fn save_role(
    org: String,
    #[server(default)] id: Option<RoleId>,
    #[server(default)] name: String,
    #[server(default)] permissions: String,
) -> Result<RoleId, Problem> {
    let request_context = server::request_context()?;
    let saved =
        async { domain::roles::save(&request_context.admin(&org).await?, id, &name, &permissions).await }
            .await;
    server::answer(&request_context, saved)
}

/// Deletes a role.
#[server(prefix = "/api", endpoint = "roles/delete")]
pub async fn delete_role(org: String, id: RoleId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let deleted = async { domain::roles::delete(&request_context.admin(&org).await?, id).await }.await;
    server::answer(&request_context, deleted)
}
