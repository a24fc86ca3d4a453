//! The server functions for invitation requests.

use crate::runtime::prelude::*;
use model::requests::{RequestsPage, RequestsQuery};
use model::{Problem, RequestId};

/// Returns one page of the open requests.
#[server(prefix = "/api", endpoint = "requests/list", input = Json)]
pub async fn list_requests(org: String, query: RequestsQuery) -> Result<RequestsPage, Problem> {
    as_admin(&org, async |admin| domain::requests::list(&admin, &query).await).await
}

/// Dismisses every stale request and returns how many there were.
#[server(prefix = "/api", endpoint = "requests/dismiss_stale")]
pub async fn dismiss_stale(org: String) -> Result<usize, Problem> {
    as_admin(&org, async |admin| domain::requests::dismiss_stale(&admin).await).await
}

/// Dismisses requests by their ids or by their addresses, and returns how many of them were open.
#[server(prefix = "/api", endpoint = "requests/dismiss")]
pub async fn dismiss(
    org: String,
    #[server(default)] requests: Vec<RequestId>,
    #[server(default)] email: Vec<String>,
    #[server(default)] notify: bool,
) -> Result<usize, Problem> {
    as_admin(&org, async |admin| {
        let mut all = requests;
        all.extend(domain::requests::find_open_by_email(&admin, &email).await?);
        domain::requests::dismiss(&admin, &all, notify).await
    })
    .await
}
