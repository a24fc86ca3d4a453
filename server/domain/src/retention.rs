//! Purging expired data: rate-limit counters, unconfirmed requests, sign-ins, sessions, and the email addresses of people
//! who never joined.
//!
//! No scheduled job is needed. Each unauthenticated request that adds rows also purges a few expired ones, so that there
//! are never many more rows than the last day's.

use crate::{InOrganization, OrganizationContext, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;

/// Rows of each kind that one call purges.
const BATCH_SIZE: i64 = 10;

/// Retention of counters, ended sessions, and requests and sign-ins that were never completed.
const ABANDONED_RETENTION: TimeDelta = TimeDelta::hours(24);

/// Retention of completed sign-ins, closed requests and revoked invitations, so that admins can look up what happened.
const HISTORY_RETENTION: TimeDelta = TimeDelta::days(90);

/// Purges a few expired rows. Call it last in a transaction, since it locks rows that others may need.
pub(crate) async fn purge_expired(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
) -> Result<()> {
    sqlx::query!(
        "with counters as (
            delete from rate_limits where ctid = any (array(
                select ctid from rate_limits
                where organization_id = $1 and window_start <= $2 and scope <> 'request_organization'
                order by window_start limit $4 for update skip locked
            ))
         ), unconfirmed_requests as (
            delete from invitation_requests where ctid = any (array(
                select ctid from invitation_requests
                where organization_id = $1 and status = 'unconfirmed' and confirm_expires_at <= $2
                order by confirm_expires_at limit $4 for update skip locked
            ))
         ), sign_ins_without_user as (
            delete from sign_ins where ctid = any (array(
                select ctid from sign_ins where organization_id = $1 and user_id is null and expires_at <= $2
                order by expires_at limit $4 for update skip locked
            ))
         ), old_sign_ins as (
            delete from sign_ins where ctid = any (array(
                select ctid from sign_ins where organization_id = $1 and user_id is not null and expires_at <= $3
                order by expires_at limit $4 for update skip locked
            ))
         ), expired_sessions as (
            delete from sessions where ctid = any (array(
                select ctid from sessions where organization_id = $1 and expires_at <= $2
                order by expires_at limit $4 for update skip locked
            ))
         ), closed_requests as (
            delete from invitation_requests where ctid = any (array(
                select ctid from invitation_requests
                where organization_id = $1 and ended_at <= least($3, $5)
                order by ended_at limit $4 for update skip locked
            ))
         )
         delete from invitations where ctid = any (array(
            select ctid from invitations where organization_id = $1 and user_id is null and ended_at <= $3
            order by ended_at limit $4 for update skip locked
         ))",
        context.organization_id(),
        context.now() - ABANDONED_RETENTION,
        context.now() - HISTORY_RETENTION,
        BATCH_SIZE,
        // A dismissed request is needed until its cooldown is over.
        context.now() - TimeDelta::days(context.settings().request_cooldown_days.into())
    )
    .execute(transaction)
    .await?;
    Ok(())
}
