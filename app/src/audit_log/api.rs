//! The audit log: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::audit::{AuditPage, AuditQuery};

/// One page of the log.
#[server(prefix = "/api", endpoint = "audit_log/list", input = Json)]
pub async fn list_events(org: String, query: AuditQuery) -> Result<AuditPage, Problem> {
    let caller = server::caller()?;
    let page = async { domain::audit_log::list(&caller.admin(&org).await?, &query).await }.await;
    server::answer(&caller, page)
}
