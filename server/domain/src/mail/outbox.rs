//! The SQL of the outbox.
//!
//! A worker leases a delivery by moving its `due_at` to the end of the lease, so the delivery becomes due again if the
//! worker dies. The same timestamp identifies the lease: every update names the lease it was made under, and changes
//! no rows if another worker has claimed the delivery since.

use super::state::StateCode;
use crate::{AppContext, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Organization id and delivery id.
pub(super) type DeliveryKey = (Uuid, Uuid);

/// A delivery that this worker has claimed, with the data that its message needs.
pub(super) struct ClaimedDelivery {
    pub organization_id: Uuid,
    pub id: Uuid,
    pub kind: String,
    pub email: String,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub slug: String,
    pub organization: String,
    pub sign_in_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub invitation_id: Option<Uuid>,
    pub is_invitation_open: Option<bool>,
    pub invitation_expires_at: Option<DateTime<Utc>>,
    pub inviter: Option<String>,
    pub inviter_email: Option<String>,
}

/// Claims due deliveries until `lease`; no other worker gets them. Sign-in messages come first, since someone is waiting
/// for them. Claims at most `limit` deliveries, at most `limit_others` of which are not sign-in messages.
///
/// The update finds the rows by `ctid`, which can't change while they are locked: with their keys instead, the planner
/// reads the whole table, and the statement took 9 ms instead of 2.
pub(super) async fn claim(
    app: &AppContext,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: i64,
    limit_others: i64,
) -> Result<Vec<ClaimedDelivery>> {
    let claimed = sqlx::query_as!(
        ClaimedDelivery,
        "with urgent as materialized (
            select ctid from deliveries
            where kind = 'sign_in' and due_at <= $1
            order by due_at limit $3
            for update skip locked
         ), others as materialized (
            select ctid from deliveries
            where kind <> 'sign_in' and due_at <= $1
            order by due_at limit greatest(0, least($4, $3 - (select count(*) from urgent)))
            for update skip locked
         ), claimed as (
            update deliveries d set due_at = $2
            where d.ctid = any (array(select ctid from urgent union all select ctid from others))
            returning d.*
         )
         select c.organization_id as \"organization_id!\", c.id as \"id!\", c.kind as \"kind!\", c.email as \"email!\", c.attempts as \"attempts!\",
            c.created_at as \"created_at!\", c.sign_in_id, c.request_id, c.invitation_id, o.slug, o.name as organization,
            i.status = 'open' as \"is_invitation_open?\", i.expires_at as \"invitation_expires_at?\",
            i.inviter_name as \"inviter?\", inviter.email as \"inviter_email?\"
         from claimed c
         join organizations o on o.id = c.organization_id
         left join invitations i on i.organization_id = c.organization_id and i.id = c.invitation_id
         left join users inviter on inviter.organization_id = i.organization_id and inviter.id = i.invited_by",
        now,
        lease,
        limit,
        limit_others
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(claimed)
}

/// Extends leases until `new_lease`. Returns the deliveries whose lease was still valid.
pub(super) async fn renew_leases(
    app: &AppContext,
    leases: &[(DeliveryKey, DateTime<Utc>)],
    new_lease: DateTime<Utc>,
) -> Result<Vec<DeliveryKey>> {
    let (organizations, ids, leases) = columns(leases.iter().copied());
    let rows = sqlx::query!(
        "update deliveries d set due_at = $4
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as leased (organization_id, id, lease)
         where d.organization_id = leased.organization_id and d.id = leased.id and d.due_at = leased.lease
         returning d.organization_id, d.id",
        &organizations,
        &ids,
        &leases,
        new_lease
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

/// The change to a leased delivery; it ends the lease.
pub(super) struct DeliveryUpdate {
    /// The new state; `None` if no attempt was made.
    pub state: Option<StateCode>,
    /// The next attempt; `None` if the delivery has ended.
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub at: DateTime<Utc>,
}

impl DeliveryUpdate {
    /// No attempt was made; any worker may claim the delivery from `due_at` on.
    pub fn released(due_at: DateTime<Utc>) -> Self {
        Self { state: None, due_at: Some(due_at), reply: String::new(), at: due_at }
    }

    /// The message is no longer needed.
    pub fn cancelled(now: DateTime<Utc>) -> Self {
        Self { state: Some(StateCode::Cancelled), due_at: None, reply: String::new(), at: now }
    }
}

/// Writes updates, each under the lease it was made with. Returns the deliveries whose lease was still valid.
pub(super) async fn write_updates(
    app: &AppContext,
    updates: &[(DeliveryKey, DateTime<Utc>, &DeliveryUpdate)],
) -> Result<Vec<DeliveryKey>> {
    let (organizations, ids, leases) = columns(updates.iter().map(|(key, lease, _)| (*key, *lease)));
    let states: Vec<Option<&str>> =
        updates.iter().map(|(_, _, update)| update.state.map(|state| state.into_str())).collect();
    let due_ats: Vec<Option<DateTime<Utc>>> = updates.iter().map(|(_, _, update)| update.due_at).collect();
    let replies: Vec<&str> = updates.iter().map(|(_, _, update)| update.reply.as_str()).collect();
    let ats: Vec<DateTime<Utc>> = updates.iter().map(|(_, _, update)| update.at).collect();
    let rows = sqlx::query!(
        "update deliveries d
         set state = coalesce(outcome.state, d.state),
            attempts = d.attempts + case when outcome.state is null or outcome.state = 'cancelled' then 0 else 1 end,
            reply = case when outcome.state is null then d.reply else outcome.reply end,
            due_at = outcome.due_at,
            ended_at = case when outcome.due_at is null then outcome.at end
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::text[],
            $7::timestamptz[]) as outcome (organization_id, id, lease, state, due_at, reply, at)
         where d.organization_id = outcome.organization_id and d.id = outcome.id and d.due_at = outcome.lease
         returning d.organization_id, d.id",
        &organizations,
        &ids,
        &leases,
        &states as &[Option<&str>],
        &due_ats as &[Option<DateTime<Utc>>],
        &replies as &[&str],
        &ats
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

fn columns(
    leases: impl Iterator<Item = (DeliveryKey, DateTime<Utc>)>,
) -> (Vec<Uuid>, Vec<Uuid>, Vec<DateTime<Utc>>) {
    let (keys, leases): (Vec<DeliveryKey>, Vec<DateTime<Utc>>) = leases.unzip();
    let (organizations, ids) = keys.into_iter().unzip();
    (organizations, ids, leases)
}

/// The hashes of the link and the code that a sign-in message is about to carry.
pub(super) struct SignInSecrets {
    pub organization_id: Uuid,
    pub sign_in_id: Uuid,
    pub link_hash: Vec<u8>,
    pub code_hash: Vec<u8>,
}

/// A sign-in whose link and code are now valid.
pub(super) struct ActivatedSignIn {
    pub organization_id: Uuid,
    pub sign_in_id: Uuid,
    /// The user's own address. The address as typed compares as equal, but might be another mailbox.
    pub email: String,
    pub expires_at: DateTime<Utc>,
    /// Whether a browser is waiting for the code.
    pub has_code: bool,
}

/// Makes links and codes valid for those sign-ins that are still open and belong to an active user. Where email links
/// are disabled, only admins get one.
pub(super) async fn activate_sign_ins(
    app: &AppContext,
    now: DateTime<Utc>,
    secrets: &[SignInSecrets],
) -> Result<Vec<ActivatedSignIn>> {
    let organizations: Vec<Uuid> = secrets.iter().map(|secrets| secrets.organization_id).collect();
    let ids: Vec<Uuid> = secrets.iter().map(|secrets| secrets.sign_in_id).collect();
    let link_hashes: Vec<&[u8]> = secrets.iter().map(|secrets| secrets.link_hash.as_slice()).collect();
    let code_hashes: Vec<&[u8]> = secrets.iter().map(|secrets| secrets.code_hash.as_slice()).collect();
    let activated = sqlx::query_as!(
        ActivatedSignIn,
        "update sign_ins s set user_id = u.id, link_hash = secrets.link_hash,
            code_hash = case when s.browser_hash is not null then secrets.code_hash end
         from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
                as secrets (organization_id, id, link_hash, code_hash),
            users u, organizations o
         where s.organization_id = secrets.organization_id and s.id = secrets.id and o.id = s.organization_id
            and s.used_at is null and s.expires_at > $5
            and u.organization_id = s.organization_id and u.email_normalized = s.email_normalized and u.status = 'active'
            and (u.role = 'admin' or not o.email_links_disabled)
         returning s.organization_id, s.id as sign_in_id, u.email, s.expires_at, s.code_hash is not null as \"has_code!\"",
        &organizations,
        &ids,
        &link_hashes as &[&[u8]],
        &code_hashes as &[&[u8]],
        now
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(activated)
}
