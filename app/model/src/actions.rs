//! Actions on existing users, one or several at a time.

use crate::organization::OrganizationRole;
use crate::transitions::{Action, Refusal};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// Most users that one call may act on.
pub const MAX_USERS: usize = 1_000;

/// An action on an existing user; each maps to a row of the transition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum UserAction {
    Resend,
    RevokeInvitation,
    Suspend,
    Reactivate,
    /// Removes the user, whether they have joined or are only invited.
    RevokeMembership,
    MakeAdmin,
    MakeMember,
    /// SCIM `active: false`: suspends the user, or revokes the invitation.
    Deactivate,
    /// SCIM `active: true`: reactivates a suspended user.
    Activate,
}

impl UserAction {
    /// The name in form fields and JSON.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// The row of the transition table.
    pub const fn action(self) -> Action {
        match self {
            Self::Resend => Action::Resend,
            Self::RevokeInvitation => Action::RevokeInvitation,
            Self::Suspend => Action::Suspend,
            Self::Reactivate => Action::Reactivate,
            Self::RevokeMembership => Action::RevokeMembership,
            Self::MakeAdmin | Self::MakeMember => Action::ChangeRole,
            Self::Deactivate => Action::ScimDeactivate,
            Self::Activate => Action::ScimActivate,
        }
    }

    /// The organization role that the action assigns.
    pub const fn role(self) -> Option<OrganizationRole> {
        match self {
            Self::MakeAdmin => Some(OrganizationRole::Admin),
            Self::MakeMember => Some(OrganizationRole::Member),
            _ => None,
        }
    }

    /// Whether an active admin stops being one, so that the last one must be protected.
    pub const fn can_remove_admin(self) -> bool {
        matches!(self, Self::Suspend | Self::RevokeMembership | Self::MakeMember | Self::Deactivate)
    }
}

/// The result for each user. Users who were already in the requested state are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    pub action: UserAction,
    /// The email addresses of the users that were changed.
    pub done: Vec<String>,
    pub refused: Vec<RefusedUser>,
    /// How many users no longer exist.
    pub not_found: usize,
}

/// A user that was not changed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUser {
    pub email: String,
    pub why: Refusal,
}
