//! Inviting: what is asked, and what is answered for each address.

use crate::email::AddressError;
use crate::transitions::{Action, MembershipState, Refusal, Transition, transition};
use crate::{GroupId, OrganizationRole, RoleId, UserId};
use serde::{Deserialize, Serialize};

/// The most addresses in one go.
pub const MAX_ADDRESSES: usize = 10_000;

/// What everybody on a list is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessGrant {
    pub role: OrganizationRole,
    pub roles: Vec<RoleId>,
    pub groups: Vec<GroupId>,
}

impl From<OrganizationRole> for AccessGrant {
    fn from(role: OrganizationRole) -> Self {
        Self { role, ..Self::default() }
    }
}

/// What an address in the list is, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    /// Nobody here has it: it will be invited (before sending), or was (after).
    New,
    /// Its invitation had expired: it starts again.
    Again,
    /// Invited, a user, suspended, or of another domain: nothing is done, for this reason.
    Refused { why: Refusal },
    /// It stands in the list before, at this position (counted from 0).
    Duplicate { of: usize },
    /// It is no address, for this reason.
    Malformed { why: AddressError },
}

impl AddressClass {
    pub const fn of_state(state: MembershipState) -> Self {
        match transition(Action::Invite, state) {
            Transition::Reject(why) => Self::Refused { why },
            Transition::Apply(_) | Transition::NoOp => match state {
                MembershipState::Expired => Self::Again,
                _ => Self::New,
            },
        }
    }

    /// Whether an address of this class gets an invitation.
    pub const fn is_invited(&self) -> bool {
        matches!(self, Self::New | Self::Again)
    }
}

/// One entry of the list and what it is. The list's order is kept, and every entry is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifiedAddress {
    /// The address as it is written in mail, or what was typed where there is none.
    pub text: String,
    pub class: AddressClass,
    /// Who has the address already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whether an invitation request from this address was waiting for review. Inviting the address approves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_open_request: bool,
}

impl ClassifiedAddress {
    /// An entry that nobody has.
    pub const fn new(text: String, class: AddressClass) -> Self {
        Self { text, class, user: None, has_open_request: false }
    }
}

/// What became of a list of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteResult {
    pub addresses: Vec<ClassifiedAddress>,
}

impl InviteResult {
    /// How many got an invitation.
    pub fn invited(&self) -> usize {
        self.addresses.iter().filter(|address| address.class.is_invited()).count()
    }
}
