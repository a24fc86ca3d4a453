//! The audit log: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::audit_log::{AuditPage, AuditQuery};

/// One page of the log.
#[server(prefix = "/api", endpoint = "audit_log/list", input = Json)]
pub async fn list_events(org: String, query: AuditQuery) -> Result<AuditPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::audit_log::list(&request_context.admin(&org).await?, &query).await }.await;
    server::answer(&request_context, page)
}
