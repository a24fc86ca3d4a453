//! Wishes for an invitation: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::requests::RequestsPage;
use model::{Problem, RequestId};

/// The open requests.
#[server(prefix = "/api", endpoint = "requests/list", input = Json)]
pub async fn list_requests(org: String) -> Result<RequestsPage, Problem> {
    let caller = server::caller()?;
    let page = async { domain::requests::list(&caller.admin(&org).await?).await }.await;
    server::answer(&caller, page)
}

/// Closes requests without an invitation, and says how many were open.
#[server(prefix = "/api", endpoint = "requests/dismiss")]
pub async fn dismiss(org: String, #[server(default)] requests: Vec<RequestId>) -> Result<usize, Problem> {
    let caller = server::caller()?;
    let closed = async { domain::requests::dismiss(&caller.admin(&org).await?, &requests).await }.await;
    server::answer(&caller, closed)
}
