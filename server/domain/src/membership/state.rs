//! The state of an address, and whether it allows an action.

use crate::Result;
use chrono::{DateTime, Utc};
use model::transitions::{Action, MembershipState, Transition, transition};
use model::{Problem, UserStatus};

/// The status of a user, from the stored status and the expiry of the open invitation.
pub(crate) fn user_status(
    stored: UserStatus,
    invitation_expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> UserStatus {
    match stored {
        UserStatus::Active | UserStatus::Suspended => stored,
        UserStatus::Invited | UserStatus::Expired => match invitation_expires_at {
            Some(expires_at) if expires_at > now => UserStatus::Invited,
            _ => UserStatus::Expired,
        },
    }
}

/// The state of an address, from the stored status of its user, if there is one, and the expiry of the open invitation.
pub(crate) fn state(
    stored: Option<UserStatus>,
    invitation_expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> MembershipState {
    stored.map_or(MembershipState::Unknown, |stored| user_status(stored, invitation_expires_at, now).into())
}

/// Requires that the state allows the action.
///
/// # Errors
/// The refusal.
pub(crate) fn check(action: Action, state: MembershipState) -> Result<()> {
    match transition(action, state) {
        Transition::Reject(why) => Err(Problem::Refused { why }.into()),
        Transition::Apply(_) | Transition::NoOp => Ok(()),
    }
}
