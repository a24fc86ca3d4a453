//! What an admin does to users that are there already, one or several at once.

use crate::organization::OrganizationRole;
use crate::transitions::{Action, Refusal};
use crate::users::NoSuchChoice;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The most users in one go.
pub const MAX_USERS: usize = 1_000;

/// An action of the rule table, as a button has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserAction {
    Resend,
    RevokeInvitation,
    Suspend,
    Reactivate,
    /// Takes somebody out, whether they have joined or not.
    RevokeMembership,
    MakeAdmin,
    MakeMember,
    /// A directory's word that somebody should not get in: suspends, or takes the invitation back.
    Deactivate,
    /// A directory's word that somebody may get in.
    Activate,
}

impl UserAction {
    /// Those that have a button.
    pub const ALL: [Self; 7] = [
        Self::Resend,
        Self::RevokeInvitation,
        Self::Suspend,
        Self::Reactivate,
        Self::RevokeMembership,
        Self::MakeAdmin,
        Self::MakeMember,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::RevokeInvitation => "revoke_invitation",
            Self::Suspend => "suspend",
            Self::Reactivate => "reactivate",
            Self::RevokeMembership => "revoke_membership",
            Self::MakeAdmin => "make_admin",
            Self::MakeMember => "make_member",
            Self::Deactivate => "deactivate",
            Self::Activate => "activate",
        }
    }

    /// The row of the rule table.
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

    /// The role that it gives.
    pub const fn role(self) -> Option<OrganizationRole> {
        match self {
            Self::MakeAdmin => Some(OrganizationRole::Admin),
            Self::MakeMember => Some(OrganizationRole::Member),
            _ => None,
        }
    }

    /// Whether an active admin is none any more after it.
    pub const fn ends_an_admin(self) -> bool {
        matches!(self, Self::Suspend | Self::RevokeMembership | Self::MakeMember | Self::Deactivate)
    }
}

impl FromStr for UserAction {
    type Err = NoSuchChoice;

    fn from_str(code: &str) -> Result<Self, NoSuchChoice> {
        Self::ALL.into_iter().find(|action| action.code() == code).ok_or(NoSuchChoice)
    }
}

/// What became of it, for each. Nothing is said of those for whom it was so already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    pub action: UserAction,
    /// The addresses to which it was done.
    pub done: Vec<String>,
    pub refused: Vec<RefusedUser>,
    /// How many were not there any more.
    pub gone: usize,
}

/// Somebody to whom it was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUser {
    pub email: String,
    pub why: Refusal,
}
