//! The outbox's statements. A mail in hand is due again when its lease ends, and that very time shows whose it is: who
//! writes down what became of a mail names the lease, and writes nothing when another has taken over.

use crate::{AppContext, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An organization's id and a delivery's.
pub(super) type Key = (Uuid, Uuid);

/// A mail that was taken in hand, with what it tells of.
pub(super) struct Claimed {
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
    pub invitation_status: Option<String>,
    pub invitation_ends: Option<DateTime<Utc>>,
    pub inviter: Option<String>,
    pub inviter_email: Option<String>,
}

/// Takes what is due in hand until `lease`, and gives each mail to one worker alone: sign-in mails first, since
/// somebody waits for them, and at most `most` in all, of which at most `others` are no sign-in mails.
///
/// The rows are found again by their place (`ctid`), which can't change while they are locked: by their keys the planner
/// read the whole table for it, and took 9 ms instead of 2.
pub(super) async fn claim(
    app: &AppContext,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    most: i64,
    others: i64,
) -> Result<Vec<Claimed>> {
    let claimed = sqlx::query_as!(
        Claimed,
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
            i.status as \"invitation_status?\", i.expires_at as \"invitation_ends?\",
            i.inviter_name as \"inviter?\", inviter.email as \"inviter_email?\"
         from claimed c
         join organizations o on o.id = c.organization_id
         left join invitations i on i.organization_id = c.organization_id and i.id = c.invitation_id
         left join users inviter on inviter.organization_id = i.organization_id and inviter.id = i.invited_by",
        now,
        lease,
        most,
        others
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(claimed)
}

/// Holds on to mails in hand: gives back those that are still ours, with their new lease.
pub(super) async fn extend(
    app: &AppContext,
    held: &[(Key, DateTime<Utc>)],
    lease: DateTime<Utc>,
) -> Result<Vec<Key>> {
    let (organizations, ids, leases) = columns(held.iter().map(|(key, lease)| (*key, *lease)));
    let rows = sqlx::query!(
        "update deliveries d set due_at = $4
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as held (organization_id, id, lease)
         where d.organization_id = held.organization_id and d.id = held.id and d.due_at = held.lease
         returning d.organization_id, d.id",
        &organizations,
        &ids,
        &leases,
        lease
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

/// What became of a mail.
pub(super) struct Entry {
    /// The new state; nothing, when it was not tried.
    pub state: Option<&'static str>,
    /// When it is due again; nothing, when it has come to its end.
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub at: DateTime<Utc>,
}

impl Entry {
    /// It was not tried, and anybody may take it.
    pub fn given_back(now: DateTime<Utc>) -> Self {
        Self { state: None, due_at: Some(now), reply: String::new(), at: now }
    }

    /// What it was about has ended.
    pub fn dropped(now: DateTime<Utc>) -> Self {
        Self { state: Some("cancelled"), due_at: None, reply: String::new(), at: now }
    }
}

/// Writes down what became of mails in hand, each with the lease that it was held by; gives back which were still ours.
pub(super) async fn record(app: &AppContext, entries: &[(Key, DateTime<Utc>, &Entry)]) -> Result<Vec<Key>> {
    let (organizations, ids, leases) = columns(entries.iter().map(|(key, lease, _)| (*key, *lease)));
    let states: Vec<Option<&str>> = entries.iter().map(|(_, _, entry)| entry.state).collect();
    let dues: Vec<Option<DateTime<Utc>>> = entries.iter().map(|(_, _, entry)| entry.due_at).collect();
    let replies: Vec<&str> = entries.iter().map(|(_, _, entry)| entry.reply.as_str()).collect();
    let times: Vec<DateTime<Utc>> = entries.iter().map(|(_, _, entry)| entry.at).collect();
    let rows = sqlx::query!(
        "update deliveries d
         set state = coalesce(entry.state, d.state),
            attempts = d.attempts + case when entry.state is null or entry.state = 'cancelled' then 0 else 1 end,
            reply = case when entry.state is null then d.reply else entry.reply end,
            due_at = entry.due_at,
            ended_at = case when entry.due_at is null then entry.at end
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::text[],
            $7::timestamptz[]) as entry (organization_id, id, lease, state, due_at, reply, at)
         where d.organization_id = entry.organization_id and d.id = entry.id and d.due_at = entry.lease
         returning d.organization_id, d.id",
        &organizations,
        &ids,
        &leases,
        &states as &[Option<&str>],
        &dues as &[Option<DateTime<Utc>>],
        &replies as &[&str],
        &times
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

fn columns(rows: impl Iterator<Item = (Key, DateTime<Utc>)>) -> (Vec<Uuid>, Vec<Uuid>, Vec<DateTime<Utc>>) {
    let (keys, leases): (Vec<Key>, Vec<DateTime<Utc>>) = rows.unzip();
    let (organizations, ids) = keys.into_iter().unzip();
    (organizations, ids, leases)
}

/// A try to sign in, for which the mail is about to be made.
pub(super) struct Arming {
    pub organization_id: Uuid,
    pub sign_in_id: Uuid,
    pub link_hash: Vec<u8>,
    pub code_hash: Vec<u8>,
}

/// A try to sign in that belongs to somebody, and is open.
pub(super) struct Armed {
    pub organization_id: Uuid,
    pub sign_in_id: Uuid,
    /// The user's own address. What was typed compares as the same, but might lead to another's mailbox.
    pub email: String,
    pub expires_at: DateTime<Utc>,
    /// Whether there is a browser in which a code could be typed.
    pub has_code: bool,
}

/// Gives attempts to sign in what opens them, where their address is an active user's and they are open. Where the email link
/// is the admins' alone, nobody else gets one.
pub(super) async fn arm(app: &AppContext, now: DateTime<Utc>, armings: &[Arming]) -> Result<Vec<Armed>> {
    let organizations: Vec<Uuid> = armings.iter().map(|arming| arming.organization_id).collect();
    let ids: Vec<Uuid> = armings.iter().map(|arming| arming.sign_in_id).collect();
    let links: Vec<&[u8]> = armings.iter().map(|arming| arming.link_hash.as_slice()).collect();
    let codes: Vec<&[u8]> = armings.iter().map(|arming| arming.code_hash.as_slice()).collect();
    let armed = sqlx::query_as!(
        Armed,
        "update sign_ins s set user_id = u.id, link_hash = arming.link_hash,
            code_hash = case when s.browser_hash is not null then arming.code_hash end
         from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
                as arming (organization_id, id, link_hash, code_hash),
            users u, organizations o
         where s.organization_id = arming.organization_id and s.id = arming.id and o.id = s.organization_id
            and s.used_at is null and s.expires_at > $5
            and u.organization_id = s.organization_id and u.email_normalized = s.email_normalized and u.status = 'active'
            and (u.role = 'admin' or not o.email_links_disabled)
         returning s.organization_id, s.id as sign_in_id, u.email, s.expires_at, s.code_hash is not null as \"has_code!\"",
        &organizations,
        &ids,
        &links as &[&[u8]],
        &codes as &[&[u8]],
        now
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(armed)
}
