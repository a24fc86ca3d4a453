//! Inviting a list of addresses: the access to grant, and the result for each address.

use crate::email::AddressError;
use crate::transitions::{Action, MembershipState, Refusal, Transition, transition};
use crate::{GroupId, OrganizationRole, RoleId, UserId};
use serde::{Deserialize, Serialize};

/// Most addresses in one submission.
pub const MAX_ADDRESSES: usize = 10_000;

/// The access that goes with an invitation: organization role, roles and groups.
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

/// The class of an address in the list: before sending, what will happen to it; afterwards, what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    /// Not known in the organization: will be invited, or was.
    New,
    /// Its invitation has expired: will be invited again, or was.
    Expired,
    /// Not invited for this reason, such as being a user already.
    Refused { why: Refusal },
    /// Same address as an earlier entry; `of` is its index.
    Duplicate { of: usize },
    /// Not a valid address, for this reason.
    Malformed { why: AddressError },
}

impl AddressClass {
    /// The class of a valid address in this state.
    pub const fn for_state(state: MembershipState) -> Self {
        match transition(Action::Invite, state) {
            Transition::Reject(why) => Self::Refused { why },
            Transition::Apply(_) | Transition::NoOp => match state {
                MembershipState::Expired => Self::Expired,
                _ => Self::New,
            },
        }
    }

    /// Whether an address of this class gets an invitation.
    pub const fn is_invited(&self) -> bool {
        matches!(self, Self::New | Self::Expired)
    }
}

/// One entry of the list with its class. Results keep every entry, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifiedAddress {
    /// The email address, or the input if it is malformed.
    pub text: String,
    pub class: AddressClass,
    /// The existing user with this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whether the address had an open request before it was invited. An invitation approves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_open_request: bool,
}

impl ClassifiedAddress {
    /// An entry without a user or an open request.
    pub const fn new(text: String, class: AddressClass) -> Self {
        Self { text, class, user: None, has_open_request: false }
    }
}

/// The result of inviting a list of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteResult {
    pub addresses: Vec<ClassifiedAddress>,
}

impl InviteResult {
    /// Number of invited addresses.
    pub fn count_invited(&self) -> usize {
        self.addresses.iter().filter(|address| address.class.is_invited()).count()
    }
}
