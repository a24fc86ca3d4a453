//! The ways in beside the invitation's own link: an identity provider's sign-in, and a directory's provisioning.
//!
//! Whichever way somebody comes, an open invitation of the address is settled with it: the role and the groups that it
//! offered are theirs, and nobody becomes two users.

use crate::audit::{self, Actor, Targets};
use crate::invitations::state;
use crate::{Error, Result, Visitor, grants, requests};
use chrono::{DateTime, Utc};
use model::rules::{Action, AddressState, Cell, rule};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// How often the user of an address may be gone again between two looks at it.
const LOOKS_MOST: usize = 10;

/// Somebody who comes in, or comes again.
pub(crate) struct Newcomer<'a> {
    pub email: &'a EmailAddress,
    /// As the other side calls them. It stands only where there is no name yet; empty, where it is not known.
    pub name: &'a str,
    /// What a stranger gets. Whoever is invited has what was offered.
    pub role: OrganizationRole,
    pub groups: &'a [GroupId],
    pub by: JoinedBy,
    /// Who does it; nothing: the newcomer.
    pub actor: Option<Actor<'a>>,
}

/// Who came in.
pub(crate) struct Entered {
    pub user: UserId,
    /// The state of the address before. An active user's row is locked, and was not changed.
    pub before: AddressState,
}

/// Lets somebody in by the rule table's row for `action`, and locks their row until the transaction ends.
///
/// # Errors
/// The table's refusal; a group that is not there.
pub(crate) async fn enter(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    newcomer: &Newcomer<'_>,
    action: Action,
) -> Result<Entered> {
    for _ in 0..LOOKS_MOST {
        let stranger = rule(action, AddressState::Unknown);
        if let Cell::Done(_) = stranger
            && let Some(user) = insert(transaction, visitor, newcomer).await?
        {
            let groups: Vec<Uuid> = newcomer.groups.iter().map(|group| group.0).collect();
            grants::give(transaction, visitor, &[user.0], &[], &groups).await?;
            joined(transaction, visitor, newcomer, user).await?;
            return Ok(Entered { user, before: AddressState::Unknown });
        }
        match (lock(transaction, visitor, newcomer.email).await?, stranger) {
            (Some((user, before)), _) => {
                refuse(rule(action, before))?;
                if matches!(before, AddressState::Invited | AddressState::Expired) {
                    activate(transaction, visitor, newcomer, user).await?;
                    joined(transaction, visitor, newcomer, user).await?;
                }
                return Ok(Entered { user, before });
            }
            // It was removed between the two looks.
            (None, Cell::Done(_)) => {}
            (None, stranger) => refuse(stranger)?,
        }
    }
    Err(Error::Internal("the same address was removed again and again".to_owned()))
}

fn refuse(cell: Cell) -> Result<()> {
    match cell {
        Cell::Refused(why) => Err(Problem::Refused { why }.into()),
        Cell::Done(_) | Cell::Nothing => Ok(()),
    }
}

/// Makes a user of an address that nobody has.
async fn insert(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    newcomer: &Newcomer<'_>,
) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        "insert into users
            (organization_id, id, email, email_key, name, status, role, joined_at, joined_by, last_login_at, created_at)
         values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $7)
         on conflict on constraint users_email_key do nothing
         returning id",
        visitor.organization(),
        visitor.new_id(),
        newcomer.email.as_str(),
        newcomer.email.key(),
        newcomer.name,
        newcomer.role.code(),
        visitor.now,
        newcomer.by.code(),
        login_at(visitor, newcomer.by)
    )
    .fetch_optional(transaction)
    .await?;
    Ok(id.map(UserId))
}

/// Locks the user of an address, and finds out its state.
async fn lock(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    email: &EmailAddress,
) -> Result<Option<(UserId, AddressState)>> {
    let user = sqlx::query!(
        "select id, status from users where organization_id = $1 and email_key = $2 for update",
        visitor.organization(),
        email.key()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(user) = user else { return Ok(None) };
    let ends = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and user_id = $2 and status = 'open'",
        visitor.organization(),
        user.id
    )
    .fetch_optional(transaction)
    .await?;
    Ok(Some((UserId(user.id), state(&user.status, ends, visitor.now))))
}

/// Takes the invitation of a locked user.
async fn activate(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    newcomer: &Newcomer<'_>,
    user: UserId,
) -> Result<()> {
    sqlx::query!(
        "update invitations set status = 'accepted', ended_at = $3
         where organization_id = $1 and user_id = $2 and status = 'open'",
        visitor.organization(),
        user.0,
        visitor.now
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "update users
         set status = 'active', name = coalesce(nullif(name, ''), $3), joined_at = $4, joined_by = $5, last_login_at = $6
         where organization_id = $1 and id = $2 and status = 'invited'",
        visitor.organization(),
        user.0,
        newcomer.name,
        visitor.now,
        newcomer.by.code(),
        login_at(visitor, newcomer.by)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// What goes with joining, whatever the address was before.
async fn joined(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    newcomer: &Newcomer<'_>,
    user: UserId,
) -> Result<()> {
    let email = newcomer.email.as_str();
    let dismissed = requests::joined(transaction, visitor, user).await?;
    let name = if newcomer.name.is_empty() { email } else { newcomer.name };
    let actor = newcomer.actor.unwrap_or(Actor::User { id: user, name });
    let details = requests::joined_details(newcomer.by, dismissed);
    audit::record(transaction, visitor, &actor, "user.joined", &Targets::one(user, email), &details).await
}

/// Whom a directory makes has not been here yet.
fn login_at(visitor: &Visitor<'_>, by: JoinedBy) -> Option<DateTime<Utc>> {
    (by == JoinedBy::Sso).then_some(visitor.now)
}
