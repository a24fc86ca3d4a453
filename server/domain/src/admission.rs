//! Joining without the invitation link: by SSO sign-in or SCIM provisioning.
//!
//! If the address has an open invitation, joining accepts it in the same transaction. The user gets the invited role and
//! groups, and no second user is created.

use crate::audit::{self, Actor, Targets};
use crate::column::parse_column;
use crate::invitations::membership_state;
use crate::retry::Attempts;
use crate::{InOrganization, OrganizationContext, Result, grants, requests};
use chrono::{DateTime, Utc};
use model::audit_log::AuditAction;
use model::transitions::{Action, MembershipState, Transition, transition};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use sqlx::PgConnection;

/// A person to admit, who may already be a user.
pub(crate) struct Admission<'a> {
    pub email: &'a EmailAddress,
    /// The name from the external system, may be empty. Used only if the user has no name yet.
    pub name: &'a str,
    /// The role for someone without an invitation. Invited people get the invited role.
    pub role: OrganizationRole,
    /// The groups for someone without an invitation.
    pub groups: &'a [GroupId],
    pub by: JoinedBy,
    /// The actor for the audit log. `None` if users admit themselves, by signing in.
    pub actor: Option<Actor<'a>>,
}

/// The result of an admission.
pub(crate) struct Admitted {
    pub user: UserId,
    /// The state before. The row of a user who was active is locked but unchanged.
    pub before: MembershipState,
}

/// Admits a person according to the transitions of `action`, and locks the user until the end of the transaction.
///
/// # Errors
/// The refusal of the transition, or a group that doesn't exist.
pub(crate) async fn admit(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
    action: Action,
) -> Result<Admitted> {
    let mut attempts = Attempts::new("locking the user to admit");
    loop {
        attempts.start()?;
        let if_unknown = transition(action, MembershipState::Unknown);
        if let Transition::Apply(_) = if_unknown
            && let Some(user) = insert_user(transaction, context, admission).await?
        {
            grants::grant(transaction, context, &[user.0], &[], admission.groups).await?;
            record_join(transaction, context, admission, user).await?;
            return Ok(Admitted { user, before: MembershipState::Unknown });
        }
        match (lock_user(transaction, context, admission.email).await?, if_unknown) {
            (Some((user, before)), _) => {
                check(transition(action, before))?;
                if matches!(before, MembershipState::Invited | MembershipState::Expired) {
                    accept_invitation(transaction, context, admission, user).await?;
                    record_join(transaction, context, admission, user).await?;
                }
                return Ok(Admitted { user, before });
            }
            // The user was removed between the insert and the lock: retry.
            (None, Transition::Apply(_)) => {}
            (None, if_unknown) => check(if_unknown)?,
        }
    }
}

fn check(transition: Transition) -> Result<()> {
    match transition {
        Transition::Reject(why) => Err(Problem::Refused { why }.into()),
        Transition::Apply(_) | Transition::NoOp => Ok(()),
    }
}

/// Creates an active user; `None` if the address already has a user.
async fn insert_user(
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
        context.now(),
        admission.by.code(),
        login_at(context, admission.by)
    )
    .fetch_optional(transaction)
    .await?;
    Ok(id.map(UserId))
}

/// Locks the user with this address and determines their state.
async fn lock_user(
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
    let expires_at = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and user_id = $2 and status = 'open'",
        context.organization_id(),
        user.id
    )
    .fetch_optional(transaction)
    .await?;
    let status = parse_column(&user.status, "users", "status", user.id)?;
    Ok(Some((UserId(user.id), membership_state(status, expires_at, context.now()))))
}

/// Accepts the invitation of a locked user and activates them.
async fn accept_invitation(
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
        context.now()
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
        context.now(),
        admission.by.code(),
        login_at(context, admission.by)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Closes the user's open request if the settings say so, and records the audit event.
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
    audit::record(transaction, context, &actor, AuditAction::UserJoined, &Targets::one(user, email), &details)
        .await
}

/// The login time of a new user: SSO users are signing in, SCIM users have never signed in.
fn login_at(context: &OrganizationContext<'_>, by: JoinedBy) -> Option<DateTime<Utc>> {
    (by == JoinedBy::Sso).then_some(context.now())
}
