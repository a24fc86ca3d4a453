//! Inviting a list of addresses: a handful of statements in one transaction, however long the list is.

use super::classify::{self, addresses, answer, read, state, states};
use crate::audit::{self, Actor, Targets};
use crate::{Admin, Error, Result, grants, mail, requests};
use chrono::{DateTime, TimeDelta, Utc};
use model::invitations::{AccessGrant, AddressClass, InviteResult};
use model::transitions::MembershipState;
use model::{OrganizationRole, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How often an address may be gone again between two looks at it.
const MAX_LOCK_ATTEMPTS: usize = 10;

/// Invites every address of the list that may be invited, each with its mail, and says of every entry what became of
/// it. All of the accepted ones are invited, or none.
///
/// # Errors
/// When the list has no address or more than 10,000.
pub async fn invite(admin: &Admin<'_>, list: &str, offer: &AccessGrant) -> Result<InviteResult> {
    let entries = read(list)?;
    let mut found = Found::default();
    let mut transaction = admin.app().pool.begin().await?;
    let (allowed, barred) = addresses(&entries).into_iter().partition(|(key, _)| admin.settings.allows(key));
    settle_users(&mut transaction, admin, allowed, offer.role, &mut found).await?;
    look_at(&mut transaction, admin, barred, &mut found).await?;
    let mails = write_invitations(&mut transaction, admin, offer.role, &found).await?;
    grant(&mut transaction, admin, offer, &found).await?;
    let keys: Vec<&str> = found.invited.iter().map(|user| user.email_normalized.as_str()).collect();
    requests::mark_approved(&mut transaction, admin, &keys).await?;
    settle_invited(&mut transaction, admin, &found).await?;
    let mut targets = Targets::default();
    for user in &found.invited {
        targets.push(UserId(user.id), &user.email);
    }
    let details = details(&mut transaction, admin, offer, found.invited.first()).await?;
    audit::record(&mut transaction, admin, &Actor::user(&admin.user), "user.invited", &targets, &details)
        .await?;
    mail::enqueue_invitations(&mut transaction, admin, &mails).await?;
    transaction.commit().await?;
    admin.app().mail_ready.notify_one();
    Ok(answer(entries, &found.states, &admin.settings))
}

/// What stood at each address, and the users who get an invitation now.
#[derive(Default)]
struct Found {
    states: HashMap<String, classify::Found>,
    invited: Vec<Invited>,
}

struct Invited {
    id: Uuid,
    email: String,
    email_normalized: String,
    again: bool,
}

/// Makes a user for each unknown address, locks the users of the others, and tells the two apart. An address whose
/// user is removed between the two looks gets another look.
async fn settle_users(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    mut rest: HashMap<String, String>,
    role: OrganizationRole,
    found: &mut Found,
) -> Result<()> {
    for _ in 0..MAX_LOCK_ATTEMPTS {
        if rest.is_empty() {
            return Ok(());
        }
        insert_users(transaction, admin, &mut rest, role, found).await?;
        lock_users(transaction, admin, &mut rest, found).await?;
    }
    Err(Error::Internal("the same addresses were removed again and again".to_owned()))
}

async fn insert_users(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    rest: &mut HashMap<String, String>,
    role: OrganizationRole,
    found: &mut Found,
) -> Result<()> {
    let (keys, emails): (Vec<String>, Vec<String>) = rest.drain().unzip();
    let ids: Vec<Uuid> = keys.iter().map(|_| admin.new_id()).collect();
    // In the order of the addresses, so that two lists never wait for each other in a circle.
    let inserted: HashSet<Uuid> = sqlx::query_scalar!(
        "insert into users (organization_id, id, email, email_normalized, status, role, created_at)
         select $1, row.id, row.email, row.email_normalized, 'invited', $2, $3
         from unnest($4::uuid[], $5::text[], $6::text[]) as row (id, email, email_normalized)
         order by row.email_normalized
         on conflict on constraint users_email_key do nothing
         returning id",
        admin.organization_id(),
        role.code(),
        admin.now,
        &ids,
        &emails,
        &keys
    )
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    for ((id, email), email_normalized) in ids.into_iter().zip(emails).zip(keys) {
        if inserted.contains(&id) {
            found.states.insert(email_normalized.clone(), classify::Found::NOBODY);
            found.invited.push(Invited { id, email, email_normalized, again: false });
        } else {
            rest.insert(email_normalized, email);
        }
    }
    Ok(())
}

async fn lock_users(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    rest: &mut HashMap<String, String>,
    found: &mut Found,
) -> Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = rest.keys().cloned().collect();
    let users = sqlx::query!(
        "select id, email, email_normalized, status from users
         where organization_id = $1 and email_normalized = any($2)
         order by email_normalized
         for update",
        admin.organization_id(),
        &keys
    )
    .fetch_all(&mut *transaction)
    .await?;
    let invited: Vec<Uuid> =
        users.iter().filter(|user| user.status == "invited").map(|user| user.id).collect();
    let ends = open_invitations(transaction, admin, &invited).await?;
    for user in users {
        rest.remove(&user.email_normalized);
        let state = state(&user.status, ends.get(&user.id).copied(), admin.now);
        if AddressClass::of_state(state).is_invited() {
            found.invited.push(Invited {
                id: user.id,
                email: user.email,
                email_normalized: user.email_normalized.clone(),
                again: true,
            });
        }
        let user_id = Some(UserId(user.id));
        found.states.insert(user.email_normalized, classify::Found { state, user: user_id, asked: false });
    }
    Ok(())
}

/// The states of addresses whose domain is not allowed: they are not invited, whatever these are.
async fn look_at(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    barred: HashMap<String, String>,
    found: &mut Found,
) -> Result<()> {
    if !barred.is_empty() {
        let keys: Vec<String> = barred.into_keys().collect();
        found.states.extend(states(transaction, admin, &keys).await?);
    }
    Ok(())
}

/// The requests of those who were invited before: they have what they asked for.
async fn settle_invited(transaction: &mut PgConnection, admin: &Admin<'_>, found: &Found) -> Result<()> {
    let invited = found.states.iter().filter(|(_, found)| found.state == MembershipState::Invited);
    let keys: Vec<&str> = invited.map(|(key, _)| key.as_str()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut targets = Targets::default();
    for email in requests::mark_approved(transaction, admin, &keys).await? {
        targets.push_address(&email);
    }
    let actor = Actor::user(&admin.user);
    audit::record(transaction, admin, &actor, "request.approved", &targets, &json!({})).await
}

/// Gives everybody who is invited what is offered. Who was invited before has nothing beside it: an old invitation brings
/// nothing back.
async fn grant(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    offer: &AccessGrant,
    found: &Found,
) -> Result<()> {
    let ids = |again: bool| -> Vec<Uuid> {
        found.invited.iter().filter(|user| user.again == again).map(|user| user.id).collect()
    };
    let roles: Vec<Uuid> = offer.roles.iter().map(|role| role.0).collect();
    let groups: Vec<Uuid> = offer.groups.iter().map(|group| group.0).collect();
    grants::grant(transaction, admin, &ids(false), &roles, &groups).await?;
    let again = ids(true);
    if again.is_empty() {
        return Ok(());
    }
    grants::set(transaction, admin, &again, &offer.roles, &offer.groups).await
}

/// What the log keeps of an offer: the names, since ids say nothing once a role is gone.
async fn details(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    offer: &AccessGrant,
    one: Option<&Invited>,
) -> Result<Value> {
    let mut details = json!({ "role": offer.role.code() });
    if let Some(user) = one.filter(|_| !offer.roles.is_empty() || !offer.groups.is_empty()) {
        let granted = grants::of_user(transaction, admin, UserId(user.id)).await?;
        details["roles"] = granted.roles.into_iter().map(|role| role.name).collect();
        details["groups"] = granted.groups.into_iter().map(|group| group.name).collect();
    }
    Ok(details)
}

async fn open_invitations(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    users: &[Uuid],
) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let rows = sqlx::query!(
        "select user_id as \"user_id!\", expires_at from invitations
         where organization_id = $1 and user_id = any($2) and status = 'open'",
        admin.organization_id(),
        users
    )
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.expires_at)).collect())
}

/// Writes a new invitation for each new user and starts the expired ones again; gives back what to mail.
async fn write_invitations(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    role: OrganizationRole,
    found: &Found,
) -> Result<Vec<mail::InvitationMail>> {
    let expires_at = admin.now + TimeDelta::days(admin.settings.invitation_days.into());
    let inviter = admin.user.shown_name();
    let (again, new): (Vec<&Invited>, Vec<&Invited>) = found.invited.iter().partition(|user| user.again);
    let mut mails: Vec<mail::InvitationMail> = new
        .iter()
        .map(|user| mail::InvitationMail { invitation: admin.new_id(), email: user.email.clone() })
        .collect();
    sqlx::query!(
        "insert into invitations
            (organization_id, id, user_id, email, status, invited_by, inviter_name, created_at, expires_at)
         select $1, row.id, row.user_id, row.email, 'open', $2, $3, $4, $5
         from unnest($6::uuid[], $7::uuid[], $8::text[]) as row (id, user_id, email)",
        admin.organization_id(),
        admin.user.id.0,
        inviter,
        admin.now,
        expires_at,
        &mails.iter().map(|mail| mail.invitation).collect::<Vec<_>>(),
        &new.iter().map(|user| user.id).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.email.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *transaction)
    .await?;
    if !again.is_empty() {
        let users: Vec<Uuid> = again.iter().map(|user| user.id).collect();
        // The role is the one chosen now: an old invitation brings nothing back.
        sqlx::query!(
            "update users set role = $2 where organization_id = $1 and id = any($3)",
            admin.organization_id(),
            role.code(),
            &users
        )
        .execute(&mut *transaction)
        .await?;
        let rows = sqlx::query!(
            "update invitations set expires_at = $2, invited_by = $3, inviter_name = $4
             where organization_id = $1 and user_id = any($5) and status = 'open'
             returning id, email",
            admin.organization_id(),
            expires_at,
            admin.user.id.0,
            inviter,
            &users
        )
        .fetch_all(transaction)
        .await?;
        mails.extend(
            rows.into_iter().map(|row| mail::InvitationMail { invitation: row.id, email: row.email }),
        );
    }
    Ok(mails)
}
