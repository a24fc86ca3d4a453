//! The ways in beside the invitation's own link: an identity provider's sign-in, and a directory's provisioning.
//!
//! Whichever way somebody comes, an open invitation of the address is settled with it: the role and the groups that it
//! offered are theirs, and nobody becomes two users.

use crate::audit::{self, Actor, Targets};
use crate::invitations::membership_state;
use crate::{Error, OrganizationContext, Result, grants, requests};
use chrono::{DateTime, Utc};
use model::transitions::{Action, MembershipState, Transition, transition};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// How often the user of an address may be gone again between two looks at it.
const MAX_LOCK_ATTEMPTS: usize = 10;

/// Somebody who comes in, or comes again.
pub(crate) struct Admission<'a> {
    pub email: &'a EmailAddress,
    /// As the other side calls them. It stands only where there is no name yet; empty, where it is not known.
    pub name: &'a str,
    /// What a stranger gets. Whoever is invited has what was offered.
    pub role: OrganizationRole,
    pub groups: &'a [GroupId],
    pub by: JoinedBy,
    /// Who does it; nothing: the admission.
    pub actor: Option<Actor<'a>>,
}

/// Who came in.
pub(crate) struct Admitted {
    pub user: UserId,
    /// The state of the address before. An active user's row is locked, and was not changed.
    pub before: MembershipState,
}

/// Lets somebody in by the rule table's row for `action`, and locks their row until the transaction ends.
///
/// # Errors
/// The table's refusal; a group that is not there.
pub(crate) async fn admit(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
    action: Action,
) -> Result<Admitted> {
    for _ in 0..MAX_LOCK_ATTEMPTS {
        let stranger = transition(action, MembershipState::Unknown);
        if let Transition::Apply(_) = stranger
            && let Some(user) = insert(transaction, context, admission).await?
        {
            let groups: Vec<Uuid> = admission.groups.iter().map(|group| group.0).collect();
            grants::grant(transaction, context, &[user.0], &[], &groups).await?;
            record_join(transaction, context, admission, user).await?;
            return Ok(Admitted { user, before: MembershipState::Unknown });
        }
        match (lock(transaction, context, admission.email).await?, stranger) {
            (Some((user, before)), _) => {
                refuse(transition(action, before))?;
                if matches!(before, MembershipState::Invited | MembershipState::Expired) {
                    activate(transaction, context, admission, user).await?;
                    record_join(transaction, context, admission, user).await?;
                }
                return Ok(Admitted { user, before });
            }
            // It was removed between the two looks.
            (None, Transition::Apply(_)) => {}
            (None, stranger) => refuse(stranger)?,
        }
    }
    Err(Error::Internal("the same address was removed again and again".to_owned()))
}

fn refuse(cell: Transition) -> Result<()> {
    match cell {
        Transition::Reject(why) => Err(Problem::Refused { why }.into()),
        Transition::Apply(_) | Transition::NoOp => Ok(()),
    }
}

/// Makes a user of an address that nobody has.
async fn insert(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        "insert into users
            (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, last_login_at, created_at)
         values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $7)
         on conflict on constraint users_email_key do nothing
         returning id",
        context.organization_id(),
        context.new_id(),
        admission.email.as_str(),
        admission.email.normalized(),
        admission.name,
        admission.role.code(),
        context.now,
        admission.by.code(),
        login_at(context, admission.by)
    )
    .fetch_optional(transaction)
    .await?;
    Ok(id.map(UserId))
}

/// Locks the user of an address, and finds out its state.
async fn lock(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email: &EmailAddress,
) -> Result<Option<(UserId, MembershipState)>> {
    let user = sqlx::query!(
        "select id, status from users where organization_id = $1 and email_normalized = $2 for update",
        context.organization_id(),
        email.normalized()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(user) = user else { return Ok(None) };
    let ends = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and user_id = $2 and status = 'open'",
        context.organization_id(),
        user.id
    )
    .fetch_optional(transaction)
    .await?;
    Ok(Some((UserId(user.id), membership_state(&user.status, ends, context.now))))
}

/// Takes the invitation of a locked user.
async fn activate(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
    user: UserId,
) -> Result<()> {
    sqlx::query!(
        "update invitations set status = 'accepted', ended_at = $3
         where organization_id = $1 and user_id = $2 and status = 'open'",
        context.organization_id(),
        user.0,
        context.now
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "update users
         set status = 'active', name = coalesce(nullif(name, ''), $3), joined_at = $4, joined_by = $5, last_login_at = $6
         where organization_id = $1 and id = $2 and status = 'invited'",
        context.organization_id(),
        user.0,
        admission.name,
        context.now,
        admission.by.code(),
        login_at(context, admission.by)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// What goes with joining, whatever the address was before.
async fn record_join(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
    user: UserId,
) -> Result<()> {
    let email = admission.email.as_str();
    let dismissed = requests::mark_joined(transaction, context, user).await?;
    let name = if admission.name.is_empty() { email } else { admission.name };
    let actor = admission.actor.unwrap_or(Actor::User { id: user, name });
    let details = requests::join_details(admission.by, dismissed);
    audit::record(transaction, context, &actor, "user.joined", &Targets::one(user, email), &details).await
}

/// Whom a directory makes has not been here yet.
fn login_at(context: &OrganizationContext<'_>, by: JoinedBy) -> Option<DateTime<Utc>> {
    (by == JoinedBy::Sso).then_some(context.now)
}
