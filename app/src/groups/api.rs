//! Groups: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::permission::{Group, RoleName};
use model::{GroupId, Problem, RoleId};

/// All groups, and the roles that they can be given.
#[server(prefix = "/api", endpoint = "groups/list", input = Json)]
pub async fn list_groups(org: String) -> Result<(Vec<Group>, Vec<RoleName>), Problem> {
    let request_context = server::request_context()?;
    let groups = async {
        let admin = request_context.admin(&org).await?;
        Ok((domain::groups::list(&admin).await?, domain::grants::options(&admin).await?.roles))
    };
    server::answer(&request_context, groups.await)
}

/// Makes a group, or changes the one of this id.
#[server(prefix = "/api", endpoint = "groups/save")]
pub async fn save_group(
    org: String,
    #[server(default)] id: Option<GroupId>,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] roles: Vec<RoleId>,
) -> Result<GroupId, Problem> {
    let request_context = server::request_context()?;
    let saved = async {
        domain::groups::save(&request_context.admin(&org).await?, id, &name, &description, &roles).await
    };
    server::answer(&request_context, saved.await)
}

/// Deletes a group; its people stay.
#[server(prefix = "/api", endpoint = "groups/delete")]
pub async fn delete_group(org: String, id: GroupId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let deleted = async { domain::groups::delete(&request_context.admin(&org).await?, id).await }.await;
    server::answer(&request_context, deleted)
}
