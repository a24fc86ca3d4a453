//! Inviting: what is asked, and what is answered for each address.

use crate::email::AddressError;
use crate::rules::{Action, AddressState, Cell, Refusal, rule};
use crate::{GroupId, OrganizationRole, RoleId, UserId};
use serde::{Deserialize, Serialize};

/// The most addresses in one go.
pub const ADDRESSES_MAX: usize = 10_000;

/// What everybody on a list is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub role: OrganizationRole,
    pub roles: Vec<RoleId>,
    pub groups: Vec<GroupId>,
}

impl From<OrganizationRole> for Offer {
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
    pub const fn of_state(state: AddressState) -> Self {
        match rule(Action::Invite, state) {
            Cell::Refused(why) => Self::Refused { why },
            Cell::Done(_) | Cell::Nothing => match state {
                AddressState::Expired => Self::Again,
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
pub struct ClassedAddress {
    /// The address as it is written in mail, or what was typed where there is none.
    pub text: String,
    pub class: AddressClass,
    /// Who has the address already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whether a request of this address waits for the admins, before it is invited: an invitation answers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

impl ClassedAddress {
    /// An entry that nobody has.
    pub const fn new(text: String, class: AddressClass) -> Self {
        Self { text, class, user: None, asked: false }
    }
}

/// What became of a list of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteAnswer {
    pub addresses: Vec<ClassedAddress>,
}

impl InviteAnswer {
    /// How many got an invitation.
    pub fn invited(&self) -> usize {
        self.addresses.iter().filter(|address| address.class.is_invited()).count()
    }
}
