//! Joining without the invitation link: by SSO sign-in or SCIM provisioning.
//!
//! If the address has an open invitation, joining accepts it in the same transaction. The user gets the invited role and
//! groups, and no second user is created.

use crate::audit::Actor;
use crate::membership::{self, Joining, LockedUser, NewUser};
use crate::{OrganizationContext, Result, grants};
use model::transitions::{Action, MembershipState};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole};
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

/// Admits a person according to the transitions of `action`. Returns the locked user as they were before; a user who was
/// active stays unchanged.
///
/// # Errors
/// The refusal of the transition, or a group that doesn't exist. The transaction must then be rolled back.
pub(crate) async fn admit(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    admission: &Admission<'_>,
    action: Action,
) -> Result<LockedUser> {
    let Admission { email, name, role, groups, by, actor } = *admission;
    let joining = Joining { email: email.as_str(), name, by, actor };
    let new_user = NewUser { role, joining: Some(&joining) };
    let user = membership::lock_address(transaction, context, email, &new_user).await?;
    membership::check(action, user.state)?;
    if user.state == MembershipState::Unknown {
        grants::grant(transaction, context, &[user.id.0], &[], groups).await?;
    }
    if !matches!(user.state, MembershipState::Active | MembershipState::Suspended) {
        membership::join(transaction, context, &user, &joining).await?;
    }
    Ok(user)
}
