//! Server functions of the Roles page.

use crate::runtime::prelude::*;
use model::permission::Role;
use model::{Problem, RoleId};

#[server(prefix = "/api", endpoint = "roles/list", input = Json)]
pub async fn list_roles(org: String) -> Result<Vec<Role>, Problem> {
    as_admin(&org, async |admin| domain::roles::list(&admin).await).await
}

/// Creates a role, or updates the one with this id.
#[server(prefix = "/api", endpoint = "roles/save")]
pub async fn save_role(
    org: String,
    #[server(default)] id: Option<RoleId>,
    #[server(default)] name: String,
    #[server(default)] permissions: String,
) -> Result<RoleId, Problem> {
    as_admin(&org, async |admin| domain::roles::save(&admin, id, &name, &permissions).await).await
}

#[server(prefix = "/api", endpoint = "roles/delete")]
pub async fn delete_role(org: String, id: RoleId) -> Result<(), Problem> {
    as_admin(&org, async |admin| domain::roles::delete(&admin, id).await).await
}
