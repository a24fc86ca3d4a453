//! Forgetting what is over: counters, tries that came to nothing, and the addresses of people who did not stay.
//!
//! Every try of somebody outside takes a few such rows along, so that there are never many more than those of the last
//! day, and no job is needed for it.

use crate::{OrganizationContext, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;

/// How many rows of each kind one try takes along.
const MAX_ROWS: i64 = 10;

/// For how long counters, and tries that came to nothing, are kept.
const TRIES_HOURS: i64 = 24;

/// For how long it can be looked up what became of a request, an invitation that was revoked, or a sign-in mail.
const KEPT_DAYS: i64 = 90;

/// Forgets a few rows that are over. Called last in a transaction: who goes before holds what others may want.
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
         ), unconfirmed as (
            delete from invitation_requests where ctid = any (array(
                select ctid from invitation_requests
                where organization_id = $1 and status = 'unconfirmed' and confirm_expires_at <= $2
                order by confirm_expires_at limit $4 for update skip locked
            ))
         ), of_nobody as (
            delete from sign_ins where ctid = any (array(
                select ctid from sign_ins where organization_id = $1 and user_id is null and expires_at <= $2
                order by expires_at limit $4 for update skip locked
            ))
         ), old_sign_ins as (
            delete from sign_ins where ctid = any (array(
                select ctid from sign_ins where organization_id = $1 and user_id is not null and expires_at <= $3
                order by expires_at limit $4 for update skip locked
            ))
         ), ended_sessions as (
            delete from sessions where ctid = any (array(
                select ctid from sessions where organization_id = $1 and expires_at <= $2
                order by expires_at limit $4 for update skip locked
            ))
         ), answered as (
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
        context.now - TimeDelta::hours(TRIES_HOURS),
        context.now - TimeDelta::days(KEPT_DAYS),
        MAX_ROWS,
        // A dismissed address is told from others for as long as the settings say.
        context.now - TimeDelta::days(context.settings.request_cooldown_days.into())
    )
    .execute(transaction)
    .await?;
    Ok(())
}
