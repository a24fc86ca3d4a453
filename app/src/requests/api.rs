//! The server functions for invitation requests.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::requests::{RequestsPage, RequestsQuery};
use model::{Problem, RequestId};

/// Returns one page of the open requests.
#[server(prefix = "/api", endpoint = "requests/list", input = Json)]
pub async fn list_requests(org: String, query: RequestsQuery) -> Result<RequestsPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::requests::list(&request_context.admin(&org).await?, &query).await }.await;
    server::respond(&request_context, page)
}

/// Dismisses every stale request and returns how many there were.
#[server(prefix = "/api", endpoint = "requests/dismiss_stale")]
pub async fn dismiss_stale(org: String) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let dismissed =
        async { domain::requests::dismiss_stale(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, dismissed)
}

/// Dismisses requests by their ids or by their addresses, and returns how many of them were open.
#[server(prefix = "/api", endpoint = "requests/dismiss")]
pub async fn dismiss(
    org: String,
    #[server(default)] requests: Vec<RequestId>,
    #[server(default)] email: Vec<String>,
    #[server(default)] notify: bool,
) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let dismissed = async {
        let admin = request_context.admin(&org).await?;
        let mut all = requests;
        all.extend(domain::requests::find_open_by_email(&admin, &email).await?);
        domain::requests::dismiss(&admin, &all, notify).await
    };
    server::respond(&request_context, dismissed.await)
}
