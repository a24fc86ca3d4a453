//! Emails that notify admins about open requests, at most once an hour.

use crate::{InOrganization, OrganizationContext, Result};
use chrono::TimeDelta;
use model::RequestId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Minimum time between two notifications.
const MIN_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// Queues an email about open requests to every admin, unless it is turned off or one is already queued. If the last one was
/// sent less than an hour ago, this one is due an hour after it.
pub(super) async fn queue_admin_emails(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<()> {
    if !context.settings().notify_requests {
        return Ok(());
    }
    let notified_at = sqlx::query_scalar!(
        "select requests_notified_at from organizations where id = $1 for no key update",
        context.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    // Already queued for later. It counts the open requests when it is sent.
    if notified_at.is_some_and(|at| at > context.now()) {
        return Ok(());
    }
    let due = notified_at.map_or(context.now(), |at| context.now().max(at + MIN_INTERVAL));
    sqlx::query!(
        "update organizations set requests_notified_at = $2 where id = $1",
        context.organization_id(),
        due
    )
    .execute(&mut *transaction)
    .await?;
    let admins = sqlx::query_scalar!(
        "select email from users where organization_id = $1 and role = 'admin' and status = 'active'",
        context.organization_id()
    )
    .fetch_all(&mut *transaction)
    .await?;
    let ids: Vec<Uuid> = admins.iter().map(|_| context.new_id()).collect();
    sqlx::query!(
        "insert into deliveries (organization_id, id, kind, request_id, email, state, due_at, created_at)
         select $1, row.id, 'open_requests', $2, row.email, 'queued', $3, $4
         from unnest($5::uuid[], $6::text[]) as row (id, email)",
        context.organization_id(),
        request.0,
        due,
        context.now(),
        &ids,
        &admins
    )
    .execute(transaction)
    .await?;
    Ok(())
}
