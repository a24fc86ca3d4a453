//! Locking users and addresses together with their states.

use super::state::user_status;
use crate::audit::Actor;
use crate::column::parse_column;
use crate::retry::Attempts;
use crate::{Error, InOrganization, OrganizationContext, Result};
use chrono::{DateTime, Utc};
use model::transitions::MembershipState;
use model::users::JoinedBy;
use model::{EmailAddress, InvitationId, OrganizationRole, UserId};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A user whose row is locked until the end of the transaction. The state can't change meanwhile.
pub(crate) struct LockedUser {
    pub id: UserId,
    /// Empty if the user has no name.
    pub name: String,
    pub email: String,
    pub email_normalized: String,
    pub role: OrganizationRole,
    /// `Unknown` if this transaction inserted the user, see [`lock_addresses`].
    pub state: MembershipState,
    /// The open invitation.
    pub invitation: Option<InvitationId>,
}

/// Which users to lock.
#[derive(Clone, Copy)]
pub(crate) enum Selection<'a> {
    Ids(&'a [Uuid]),
    /// By normalized address.
    Addresses(&'a [String]),
    /// The user that this invitation, open or not, belongs to.
    Invitation(InvitationId),
}

/// The columns of a user that are read with the lock.
struct UserRow {
    id: Uuid,
    name: String,
    email: String,
    email_normalized: String,
    role: String,
    status: String,
}

/// Locks the selected users that exist, in the order of their addresses, as every transaction does to avoid deadlocks, and
/// then reads their open invitations.
pub(crate) async fn lock_users(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    selection: Selection<'_>,
) -> Result<Vec<LockedUser>> {
    let organization = context.organization_id();
    let users = match selection {
        Selection::Ids(ids) => {
            sqlx::query_as!(
                UserRow,
                "select id, name, email, email_normalized, role, status from users
                 where organization_id = $1 and id = any($2) order by email_normalized for update",
                organization,
                ids
            )
            .fetch_all(&mut *transaction)
            .await?
        }
        Selection::Addresses(emails) => {
            sqlx::query_as!(
                UserRow,
                "select id, name, email, email_normalized, role, status from users
                 where organization_id = $1 and email_normalized = any($2) order by email_normalized for update",
                organization,
                emails
            )
            .fetch_all(&mut *transaction)
            .await?
        }
        Selection::Invitation(invitation) => {
            sqlx::query_as!(
                UserRow,
                "select id, name, email, email_normalized, role, status from users
                 where organization_id = $1
                    and id = (select user_id from invitations where organization_id = $1 and id = $2)
                 for update",
                organization,
                invitation.0
            )
            .fetch_all(&mut *transaction)
            .await?
        }
    };
    let invitations = load_open_invitations(transaction, context, &users).await?;
    users
        .into_iter()
        .map(|user| {
            let invitation = invitations.get(&user.id);
            let expires_at = invitation.map(|(_, expires_at)| *expires_at);
            let status = parse_column(&user.status, "users", "status", user.id)?;
            Ok(LockedUser {
                id: UserId(user.id),
                state: user_status(status, expires_at, context.now()).into(),
                invitation: invitation.map(|(id, _)| *id),
                name: user.name,
                email: user.email,
                email_normalized: user.email_normalized,
                role: parse_column(&user.role, "users", "role", user.id)?,
            })
        })
        .collect()
}

/// The open invitations of those who are invited, with their expiry, by user.
async fn load_open_invitations(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    users: &[UserRow],
) -> Result<HashMap<Uuid, (InvitationId, DateTime<Utc>)>> {
    let invited: Vec<Uuid> =
        users.iter().filter(|user| user.status == "invited").map(|user| user.id).collect();
    if invited.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "select id, user_id as \"user_id!\", expires_at from invitations
         where organization_id = $1 and user_id = any($2) and status = 'open'",
        context.organization_id(),
        &invited
    )
    .fetch_all(transaction)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, (InvitationId(row.id), row.expires_at))).collect())
}

/// Locks one user.
///
/// # Errors
/// Not found.
pub(crate) async fn lock_user(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<LockedUser> {
    lock_users(transaction, context, Selection::Ids(&[user.0])).await?.pop().ok_or_else(Error::not_found)
}

/// How somebody joins.
pub(crate) struct Joining<'a> {
    /// The address that they joined with, for the audit log.
    pub email: &'a str,
    /// May be empty.
    pub name: &'a str,
    pub by: JoinedBy,
    /// The actor for the audit log. `None` for the user.
    pub actor: Option<Actor<'a>>,
}

impl Joining<'_> {
    /// Users who join by themselves are signed in; SCIM users have never signed in.
    pub(super) fn last_login_at(&self, context: &OrganizationContext<'_>) -> Option<DateTime<Utc>> {
        (self.by != JoinedBy::Scim).then_some(context.now())
    }
}

/// The user to insert for an address that has none: invited, or joined already.
pub(crate) struct NewUser<'a> {
    pub role: OrganizationRole,
    pub joining: Option<&'a Joining<'a>>,
}

/// Locks the users with these addresses. Inserts one for each address that has none, so that concurrent transactions wait for
/// this one; its state is `Unknown`.
///
/// `addresses` maps normalized addresses to the form that email is sent to.
pub(crate) async fn lock_addresses(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    mut addresses: HashMap<String, String>,
    new_user: &NewUser<'_>,
) -> Result<Vec<LockedUser>> {
    let mut locked = Vec::with_capacity(addresses.len());
    let mut attempts = Attempts::new("locking the users with these addresses");
    while !addresses.is_empty() {
        attempts.start()?;
        locked.extend(insert_users(transaction, context, &mut addresses, new_user).await?);
        if addresses.is_empty() {
            break;
        }
        // A user that is deleted before this statement is inserted by the next attempt.
        let emails: Vec<String> = addresses.keys().cloned().collect();
        for user in lock_users(transaction, context, Selection::Addresses(&emails)).await? {
            addresses.remove(&user.email_normalized);
            locked.push(user);
        }
    }
    Ok(locked)
}

/// Locks the user with this address, or inserts one; see [`lock_addresses`].
pub(crate) async fn lock_address(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email: &EmailAddress,
    new_user: &NewUser<'_>,
) -> Result<LockedUser> {
    let addresses = HashMap::from([(email.normalized(), email.as_str().to_owned())]);
    let mut locked = lock_addresses(transaction, context, addresses, new_user).await?;
    locked.pop().ok_or_else(|| Error::Internal("an address was not locked".to_owned()))
}

/// Inserts a user for each address that has none, and removes it from `addresses`.
async fn insert_users(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    addresses: &mut HashMap<String, String>,
    new_user: &NewUser<'_>,
) -> Result<Vec<LockedUser>> {
    let (normalized, emails): (Vec<String>, Vec<String>) = addresses.drain().unzip();
    let ids: Vec<Uuid> = normalized.iter().map(|_| context.new_id()).collect();
    let name = new_user.joining.map_or("", |joining| joining.name);
    // In the order of the addresses, so that two concurrent batches can't deadlock.
    let inserted: HashSet<Uuid> = sqlx::query_scalar!(
        "insert into users (organization_id, id, email, email_normalized, name, status, role,
            joined_at, joined_by, last_login_at, created_at)
         select $1, row.id, row.email, row.email_normalized, $2, $3, $4, $5, $6, $7, $8
         from unnest($9::uuid[], $10::text[], $11::text[]) as row (id, email, email_normalized)
         order by row.email_normalized
         on conflict on constraint users_email_key do nothing
         returning id",
        context.organization_id(),
        name,
        if new_user.joining.is_some() { "active" } else { "invited" },
        new_user.role.code(),
        new_user.joining.map(|_| context.now()),
        new_user.joining.map(|joining| joining.by.code()),
        new_user.joining.and_then(|joining| joining.last_login_at(context)),
        context.now(),
        &ids,
        &emails,
        &normalized
    )
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    let mut users = Vec::with_capacity(inserted.len());
    for ((id, email), email_normalized) in ids.into_iter().zip(emails).zip(normalized) {
        if inserted.contains(&id) {
            users.push(LockedUser {
                id: UserId(id),
                name: name.to_owned(),
                email,
                email_normalized,
                role: new_user.role,
                state: MembershipState::Unknown,
                invitation: None,
            });
        } else {
            addresses.insert(email_normalized, email);
        }
    }
    Ok(users)
}
