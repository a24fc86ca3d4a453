//! Server functions of the Groups page.

use crate::runtime::prelude::*;
use model::permission::{Group, RoleName};
use model::{GroupId, Problem, RoleId};

/// All groups, and the roles that can be assigned to them.
#[server(prefix = "/api", endpoint = "groups/list", input = Json)]
pub async fn list_groups(org: String) -> Result<(Vec<Group>, Vec<RoleName>), Problem> {
    as_admin(&org, async |admin| {
        Ok((domain::groups::list(&admin).await?, domain::grants::options(&admin).await?.roles))
    })
    .await
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
    as_admin(&org, async |admin| domain::groups::save(&admin, id, &name, &description, &roles).await).await
}

/// Deletes a group, but not its members.
#[server(prefix = "/api", endpoint = "groups/delete")]
pub async fn delete_group(org: String, id: GroupId) -> Result<(), Problem> {
    as_admin(&org, async |admin| domain::groups::delete(&admin, id).await).await
}
