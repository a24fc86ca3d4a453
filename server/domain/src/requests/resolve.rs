//! Resolving open requests whose address is invited or joins.

use crate::{InOrganization, OrganizationContext, Result};
use model::UserId;
use model::users::JoinedBy;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Resolves the open request of a user who is joining, if the settings say so. Returns whether there was one.
pub(crate) async fn mark_joined(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<bool> {
    if !context.settings().dismiss_stale_requests {
        return Ok(false);
    }
    let resolved = sqlx::query!(
        "update invitation_requests set status = 'resolved', ended_at = $2
         where organization_id = $1 and status = 'open'
            and email_normalized = (select email_normalized from users where organization_id = $1 and id = $3)",
        context.organization_id(),
        context.now(),
        user.0
    )
    .execute(transaction)
    .await?;
    Ok(resolved.rows_affected() > 0)
}

/// Audit details of joining: how, and whether it dismissed an open request.
pub(crate) fn join_details(by: JoinedBy, dismissed: bool) -> Value {
    let mut details = json!({ "by": by.code() });
    if dismissed {
        details["request"] = "dismissed".into();
    }
    details
}

/// Approves the open requests of these normalized addresses, which are being invited. Returns the addresses that had one.
pub(crate) async fn mark_approved(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    emails_normalized: &[&str],
) -> Result<Vec<String>> {
    let emails = sqlx::query_scalar!(
        "with open as (
            select id from invitation_requests
            where organization_id = $1 and email_normalized = any($3) and status = 'open' order by id for update
         )
         update invitation_requests set status = 'approved', ended_at = $2
         where organization_id = $1 and id in (select id from open)
         returning email",
        context.organization_id(),
        context.now(),
        emails_normalized as &[&str]
    )
    .fetch_all(transaction)
    .await?;
    Ok(emails)
}
