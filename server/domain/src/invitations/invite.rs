//! Inviting a list of addresses: a fixed number of statements in one transaction, whatever the length of the list.

use super::classify::{
    AddressStatus, invite_result, load_statuses, membership_state, parse_entries, valid_addresses,
};
use crate::audit::{self, Targets};
use crate::column::parse_column;
use crate::retry::Attempts;
use crate::statistics::{self, Table};
use crate::{Admin, InOrganization, Result, grants, mail, requests};
use chrono::{DateTime, TimeDelta, Utc};
use model::audit_log::AuditAction;
use model::invitations::{AccessGrant, AddressClass, InviteResult};
use model::transitions::MembershipState;
use model::{OrganizationRole, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Invites every address of the list that may be invited, queues an email for each, and reports the result of every entry.
/// Either all accepted addresses are invited, or none.
///
/// # Errors
/// A field error if the list has no entries or more than 10,000 addresses, or if a role or group does not exist.
pub async fn invite(admin: &Admin<'_>, list: &str, grant: &AccessGrant) -> Result<InviteResult> {
    let entries = parse_entries(list)?;
    let mut batch = Batch::default();
    let mut transaction = admin.app().pool.begin().await?;
    let (allowed, disallowed) =
        valid_addresses(&entries).into_iter().partition(|(email, _)| admin.settings().allows(email));
    upsert_users(&mut transaction, admin, allowed, grant.role, &mut batch).await?;
    classify_disallowed(&mut transaction, admin, disallowed, &mut batch).await?;
    statistics::refresh(&mut transaction, Table::Users, batch.invitees.len()).await?;
    let mails = upsert_invitations(&mut transaction, admin, grant.role, &batch).await?;
    assign_access(&mut transaction, admin, grant, &batch).await?;
    let emails: Vec<&str> = batch.invitees.iter().map(|user| user.email_normalized.as_str()).collect();
    requests::mark_approved(&mut transaction, admin.context(), &emails).await?;
    approve_requests_of_invited(&mut transaction, admin, &batch).await?;
    let mut targets = Targets::default();
    for user in &batch.invitees {
        targets.push(UserId(user.id), &user.email);
    }
    let details = audit_details(&mut transaction, admin, grant, batch.invitees.first()).await?;
    audit::record(
        &mut transaction,
        admin.context(),
        &admin.actor(),
        AuditAction::UserInvited,
        &targets,
        &details,
    )
    .await?;
    statistics::refresh(&mut transaction, Table::Invitations, mails.len()).await?;
    mail::enqueue_invitations(&mut transaction, admin.context(), &mails).await?;
    transaction.commit().await?;
    admin.app().mail_ready.notify_one();
    Ok(invite_result(entries, &batch.statuses, admin.settings()))
}

/// The status of each address before this batch, and the users who get an invitation now.
#[derive(Default)]
struct Batch {
    /// By normalized address.
    statuses: HashMap<String, AddressStatus>,
    invitees: Vec<Invitee>,
}

struct Invitee {
    id: Uuid,
    email: String,
    email_normalized: String,
    /// Whether the user had an invitation, which has expired.
    is_reinvited: bool,
}

/// Inserts a user for each unknown address and locks the existing users of the others. An address whose user is deleted
/// between the two statements is tried again.
///
/// `pending` maps normalized addresses to the form that email is sent to.
async fn upsert_users(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    mut pending: HashMap<String, String>,
    role: OrganizationRole,
    batch: &mut Batch,
) -> Result<()> {
    let mut attempts = Attempts::new("locking the users to invite");
    while !pending.is_empty() {
        attempts.start()?;
        insert_users(transaction, admin, &mut pending, role, batch).await?;
        classify_locked(transaction, admin, &mut pending, batch).await?;
    }
    Ok(())
}

async fn insert_users(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    pending: &mut HashMap<String, String>,
    role: OrganizationRole,
    batch: &mut Batch,
) -> Result<()> {
    let (normalized, emails): (Vec<String>, Vec<String>) = pending.drain().unzip();
    let ids: Vec<Uuid> = normalized.iter().map(|_| admin.new_id()).collect();
    // In the order of the addresses, so that two concurrent batches can't deadlock.
    let inserted: HashSet<Uuid> = sqlx::query_scalar!(
        "insert into users (organization_id, id, email, email_normalized, status, role, created_at)
         select $1, row.id, row.email, row.email_normalized, 'invited', $2, $3
         from unnest($4::uuid[], $5::text[], $6::text[]) as row (id, email, email_normalized)
         order by row.email_normalized
         on conflict on constraint users_email_key do nothing
         returning id",
        admin.organization_id(),
        role.code(),
        admin.now(),
        &ids,
        &emails,
        &normalized
    )
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    for ((id, email), email_normalized) in ids.into_iter().zip(emails).zip(normalized) {
        if inserted.contains(&id) {
            batch.statuses.insert(email_normalized.clone(), AddressStatus::UNKNOWN);
            batch.invitees.push(Invitee { id, email, email_normalized, is_reinvited: false });
        } else {
            pending.insert(email_normalized, email);
        }
    }
    Ok(())
}

/// Locks the existing users of the pending addresses, and classifies them. Those whose invitation has expired are invited
/// again.
async fn classify_locked(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    pending: &mut HashMap<String, String>,
    batch: &mut Batch,
) -> Result<()> {
    if pending.is_empty() {
        return Ok(());
    }
    let emails: Vec<String> = pending.keys().cloned().collect();
    let users = sqlx::query!(
        "select id, email, email_normalized, status from users
         where organization_id = $1 and email_normalized = any($2)
         order by email_normalized
         for update",
        admin.organization_id(),
        &emails
    )
    .fetch_all(&mut *transaction)
    .await?;
    let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
    let expirations = load_open_expirations(transaction, admin, &ids).await?;
    for user in users {
        pending.remove(&user.email_normalized);
        let state = membership_state(
            parse_column(&user.status, "users", "status", user.id)?,
            expirations.get(&user.id).copied(),
            admin.now(),
        );
        if AddressClass::for_state(state).is_invited() {
            batch.invitees.push(Invitee {
                id: user.id,
                email: user.email,
                email_normalized: user.email_normalized.clone(),
                is_reinvited: true,
            });
        }
        let status = AddressStatus { state, user: Some(UserId(user.id)), has_open_request: false };
        batch.statuses.insert(user.email_normalized, status);
    }
    Ok(())
}

/// Classifies the addresses whose domain is not allowed. They are never invited, so their users are not locked.
async fn classify_disallowed(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    disallowed: HashMap<String, String>,
    batch: &mut Batch,
) -> Result<()> {
    if !disallowed.is_empty() {
        let emails: Vec<String> = disallowed.into_keys().collect();
        batch.statuses.extend(load_statuses(transaction, admin, &emails).await?);
    }
    Ok(())
}

/// Approves the open requests of addresses that already had a valid invitation: they need no new one.
async fn approve_requests_of_invited(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    batch: &Batch,
) -> Result<()> {
    let invited = batch.statuses.iter().filter(|(_, status)| status.state == MembershipState::Invited);
    let emails: Vec<&str> = invited.map(|(email, _)| email.as_str()).collect();
    if emails.is_empty() {
        return Ok(());
    }
    let mut targets = Targets::default();
    for email in requests::mark_approved(transaction, admin.context(), &emails).await? {
        targets.push_address(&email);
    }
    let actor = admin.actor();
    audit::record(transaction, admin.context(), &actor, AuditAction::RequestApproved, &targets, &json!({}))
        .await
}

/// Assigns the granted roles and groups to the invitees. A renewed invitation replaces what the expired one had granted.
async fn assign_access(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    grant: &AccessGrant,
    batch: &Batch,
) -> Result<()> {
    let ids = |reinvited: bool| -> Vec<Uuid> {
        let invitees = batch.invitees.iter().filter(|user| user.is_reinvited == reinvited);
        invitees.map(|user| user.id).collect()
    };
    grants::grant(transaction, admin.context(), &ids(false), &grant.roles, &grant.groups).await?;
    let reinvited = ids(true);
    if reinvited.is_empty() {
        return Ok(());
    }
    grants::set(transaction, admin.context(), &reinvited, &grant.roles, &grant.groups).await
}

/// The grant as the audit log stores it. Roles and groups are stored by name, since ids mean nothing once a role is
/// deleted. The names are read from any one invitee, because all of them got the same.
async fn audit_details(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    grant: &AccessGrant,
    invitee: Option<&Invitee>,
) -> Result<Value> {
    let mut details = json!({ "role": grant.role.code() });
    if let Some(user) = invitee.filter(|_| !grant.roles.is_empty() || !grant.groups.is_empty()) {
        let granted = grants::load(transaction, admin.context(), UserId(user.id)).await?;
        details["roles"] = granted.roles.into_iter().map(|role| role.name).collect();
        details["groups"] = granted.groups.into_iter().map(|group| group.name).collect();
    }
    Ok(details)
}

/// When the open invitations of these users expire, by user.
async fn load_open_expirations(
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

/// Inserts an invitation for each new user and renews the expired ones. Returns the emails to queue.
async fn upsert_invitations(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    role: OrganizationRole,
    batch: &Batch,
) -> Result<Vec<mail::InvitationMail>> {
    let expires_at = admin.now() + TimeDelta::days(admin.settings().invitation_days.into());
    let inviter = admin.user().display_name();
    let (reinvited, new): (Vec<&Invitee>, Vec<&Invitee>) =
        batch.invitees.iter().partition(|user| user.is_reinvited);
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
        admin.user().id.0,
        inviter,
        admin.now(),
        expires_at,
        &mails.iter().map(|mail| mail.invitation).collect::<Vec<_>>(),
        &new.iter().map(|user| user.id).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.email.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *transaction)
    .await?;
    if !reinvited.is_empty() {
        let users: Vec<Uuid> = reinvited.iter().map(|user| user.id).collect();
        // The new grant replaces the organization role of the expired invitation, too.
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
            admin.user().id.0,
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
