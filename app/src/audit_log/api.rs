//! Server functions of the audit log page.

use crate::runtime::prelude::*;
use model::Problem;
use model::audit_log::{AuditPage, AuditQuery};

/// Lists one page of events, newest first.
#[server(prefix = "/api", endpoint = "audit_log/list", input = Json)]
pub async fn list_events(org: String, query: AuditQuery) -> Result<AuditPage, Problem> {
    as_admin(&org, async |admin| domain::audit_log::list(&admin, &query).await).await
}
