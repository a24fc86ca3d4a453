//! Forgetting what is over: counters, tries that came to nothing, and the addresses of people who did not stay.
//!
//! Every try of somebody outside takes a few such rows along, so that there are never many more than those of the last
//! day, and no job is needed for it.

use crate::{Result, Visitor};
use chrono::TimeDelta;
use sqlx::PgConnection;

/// How many rows of each kind one try takes along.
const ROWS_MOST: i64 = 10;

/// For how long counters, and tries that came to nothing, are kept.
const TRIES_HOURS: i64 = 24;

/// For how long it can be looked up what became of a request, an invitation that was revoked, or a sign-in mail.
const KEPT_DAYS: i64 = 90;

/// Forgets a few rows that are over. Called last in a transaction: who goes before holds what others may want.
pub(crate) async fn forget(transaction: &mut PgConnection, visitor: &Visitor<'_>) -> Result<()> {
    sqlx::query!(
        "with counters as (
            delete from quotas where ctid = any (array(
                select ctid from quotas
                where organization_id = $1 and since <= $2 and scope <> 'request_organization'
                order by since limit $4 for update skip locked
            ))
         ), unconfirmed as (
            delete from invitation_requests where ctid = any (array(
                select ctid from invitation_requests
                where organization_id = $1 and status = 'asked' and confirm_until <= $2
                order by confirm_until limit $4 for update skip locked
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
        visitor.organization(),
        visitor.now - TimeDelta::hours(TRIES_HOURS),
        visitor.now - TimeDelta::days(KEPT_DAYS),
        ROWS_MOST,
        // A dismissed address is told from others for as long as the settings say.
        visitor.now - TimeDelta::days(visitor.settings.request_again_days.into())
    )
    .execute(transaction)
    .await?;
    Ok(())
}
