//! Server functions of the Groups page.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::permission::{Group, RoleName};
use model::{GroupId, Problem, RoleId};

/// All groups, and the roles that can be assigned to them.
#[server(prefix = "/api", endpoint = "groups/list", input = Json)]
pub async fn list_groups(org: String) -> Result<(Vec<Group>, Vec<RoleName>), Problem> {
    let request_context = server::request_context()?;
    let groups = async {
        let admin = request_context.admin(&org).await?;
        Ok((domain::groups::list(&admin).await?, domain::grants::options(&admin).await?.roles))
    };
    server::respond(&request_context, groups.await)
}

/// Creates a group, or updates the one with this id.
#[server(prefix = "/api", endpoint = "groups/save")]
pub async fn save_group(
    org: String,
    #[server(default)] id: Option<GroupId>,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] roles: Vec<RoleId>,
) -> Result<GroupId, Problem> {
    let request_context = server::request_context()?;
    let result = async {
        domain::groups::save(&request_context.admin(&org).await?, id, &name, &description, &roles).await
    };
    server::respond(&request_context, result.await)
}

/// Deletes a group, but not its members.
#[server(prefix = "/api", endpoint = "groups/delete")]
pub async fn delete_group(org: String, id: GroupId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result = async { domain::groups::delete(&request_context.admin(&org).await?, id).await }.await;
    server::respond(&request_context, result)
}
