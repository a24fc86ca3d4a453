//! Inviting a list of addresses: a fixed number of statements in one transaction, whatever the length of the list.

use super::classify::{AddressStatus, invite_result, load_statuses, parse_entries, valid_addresses};
use crate::audit::{self, Targets};
use crate::membership::{self, LockedUser, NewUser};
use crate::statistics::{self, Table};
use crate::{Admin, InOrganization, Result, grants, mail, requests};
use chrono::TimeDelta;
use model::OrganizationRole;
use model::audit_log::AuditAction;
use model::invitations::{AccessGrant, AddressClass, InviteResult};
use model::transitions::MembershipState;
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
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
    lock_invitees(&mut transaction, admin, allowed, grant.role, &mut batch).await?;
    classify_disallowed(&mut transaction, admin, disallowed, &mut batch).await?;
    statistics::refresh(&mut transaction, Table::Users, batch.invitees.len()).await?;
    let mails = upsert_invitations(&mut transaction, admin, grant.role, &batch).await?;
    assign_access(&mut transaction, admin, grant, &batch).await?;
    let emails: Vec<&str> = batch.invitees.iter().map(|user| user.email_normalized.as_str()).collect();
    requests::mark_approved(&mut transaction, admin.context(), &emails).await?;
    approve_requests_of_invited(&mut transaction, admin, &batch).await?;
    let mut targets = Targets::default();
    for user in &batch.invitees {
        targets.push(user.id, &user.email);
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
    /// Unknown so far, or with an expired invitation.
    invitees: Vec<LockedUser>,
}

/// Locks the users of these addresses, inserts those who are missing, and classifies all of them. New users and those whose
/// invitation has expired are invited.
///
/// `addresses` maps normalized addresses to the form that email is sent to.
async fn lock_invitees(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    addresses: HashMap<String, String>,
    role: OrganizationRole,
    batch: &mut Batch,
) -> Result<()> {
    let new_user = NewUser { role, joining: None };
    for user in membership::lock_addresses(transaction, admin.context(), addresses, &new_user).await? {
        let known = Some(user.id).filter(|_| user.state != MembershipState::Unknown);
        let status = AddressStatus { state: user.state, user: known, has_open_request: false };
        batch.statuses.insert(user.email_normalized.clone(), status);
        if AddressClass::for_state(user.state).is_invited() {
            batch.invitees.push(user);
        }
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
    let ids = |state| -> Vec<Uuid> {
        let invitees = batch.invitees.iter().filter(|user| user.state == state);
        invitees.map(|user| user.id.0).collect()
    };
    let new = ids(MembershipState::Unknown);
    grants::grant(transaction, admin.context(), &new, &grant.roles, &grant.groups).await?;
    let reinvited = ids(MembershipState::Expired);
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
    invitee: Option<&LockedUser>,
) -> Result<Value> {
    let mut details = json!({ "role": grant.role.code() });
    if let Some(user) = invitee.filter(|_| !grant.roles.is_empty() || !grant.groups.is_empty()) {
        let granted = grants::load(transaction, admin.context(), user.id).await?;
        details["roles"] = granted.roles.into_iter().map(|role| role.name).collect();
        details["groups"] = granted.groups.into_iter().map(|group| group.name).collect();
    }
    Ok(details)
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
    let (reinvited, new): (Vec<&LockedUser>, Vec<&LockedUser>) =
        batch.invitees.iter().partition(|user| user.state == MembershipState::Expired);
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
        &new.iter().map(|user| user.id.0).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.email.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *transaction)
    .await?;
    if !reinvited.is_empty() {
        let users: Vec<Uuid> = reinvited.iter().map(|user| user.id.0).collect();
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
