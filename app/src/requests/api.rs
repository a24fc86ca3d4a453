//! Wishes for an invitation: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::requests::{RequestsPage, RequestsQuery};
use model::{Problem, RequestId};

/// One page of the open requests.
#[server(prefix = "/api", endpoint = "requests/list", input = Json)]
pub async fn list_requests(org: String, query: RequestsQuery) -> Result<RequestsPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::requests::list(&request_context.admin(&org).await?, &query).await }.await;
    server::respond(&request_context, page)
}

/// Closes every request whose address belongs to a user by now, and says how many there were.
#[server(prefix = "/api", endpoint = "requests/dismiss_stale")]
pub async fn dismiss_stale(org: String) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let closed = async { domain::requests::dismiss_stale(&request_context.admin(&org).await?).await }.await;
    server::respond(&request_context, closed)
}

/// Closes requests without an invitation, by their ids or by their addresses, and says how many were open.
#[server(prefix = "/api", endpoint = "requests/dismiss")]
pub async fn dismiss(
    org: String,
    #[server(default)] requests: Vec<RequestId>,
    #[server(default)] email: Vec<String>,
    #[server(default)] tell: bool,
) -> Result<usize, Problem> {
    let request_context = server::request_context()?;
    let closed = async {
        let admin = request_context.admin(&org).await?;
        let mut all = requests;
        all.extend(domain::requests::find_open_by_email(&admin, &email).await?);
        domain::requests::dismiss(&admin, &all, tell).await
    };
    server::respond(&request_context, closed.await)
}
