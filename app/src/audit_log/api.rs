//! Server functions of the audit log page.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::audit_log::{AuditPage, AuditQuery};

/// Lists one page of events, newest first.
#[server(prefix = "/api", endpoint = "audit_log/list", input = Json)]
pub async fn list_events(org: String, query: AuditQuery) -> Result<AuditPage, Problem> {
    let request_context = server::request_context()?;
    let page = async { domain::audit_log::list(&request_context.admin(&org).await?, &query).await }.await;
    server::respond(&request_context, page)
}
