//! Telling the admins that requests wait: by mail, once an hour at most.

use crate::{OrganizationContext, Result};
use chrono::TimeDelta;
use model::RequestId;
use sqlx::PgConnection;
use uuid::Uuid;

/// How far two mails about waiting requests are apart at least, in minutes.
const APART_MINUTES: i64 = 60;

/// Queues a mail to every admin about what waits, unless one is on its way or the settings say no. Where one left less
/// than an hour ago, the next is due an hour after it.
pub(super) async fn admins(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    request: RequestId,
) -> Result<()> {
    if !context.settings.notify_requests {
        return Ok(());
    }
    let before = sqlx::query_scalar!(
        "select requests_notified_at from organizations where id = $1 for no key update",
        context.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    // The next one is queued already, and counts what waits when it leaves.
    if before.is_some_and(|before| before > context.now) {
        return Ok(());
    }
    let due =
        before.map_or(context.now, |before| context.now.max(before + TimeDelta::minutes(APART_MINUTES)));
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
        context.now,
        &ids,
        &admins
    )
    .execute(transaction)
    .await?;
    Ok(())
}
