//! The rule table: what each action does to an address, by the state the address is in. The pure half; the server's
//! domain makes it true under races.

use crate::UserStatus;
use serde::{Deserialize, Serialize};

/// The state of an address in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    Unknown,
    Invited,
    Expired,
    Active,
    Suspended,
}

impl AddressState {
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Invited, Self::Expired, Self::Active, Self::Suspended];
}

impl From<Option<UserStatus>> for AddressState {
    fn from(status: Option<UserStatus>) -> Self {
        match status {
            None => Self::Unknown,
            Some(UserStatus::Invited) => Self::Invited,
            Some(UserStatus::Expired) => Self::Expired,
            Some(UserStatus::Active) => Self::Active,
            Some(UserStatus::Suspended) => Self::Suspended,
        }
    }
}

/// What inviting an address does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invite {
    /// A user, an invitation and a mail.
    New,
    /// The invitation that had expired starts again, with a mail and the role chosen now.
    Again,
    Refused(InviteRefusal),
}

/// Why an address is not invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum InviteRefusal {
    #[error("already invited")]
    AlreadyInvited,
    #[error("user already exists in the organization")]
    UserExists,
    #[error("suspended")]
    Suspended,
}

/// The table's row "invite".
pub const fn invite(state: AddressState) -> Invite {
    match state {
        AddressState::Unknown => Invite::New,
        AddressState::Expired => Invite::Again,
        AddressState::Invited => Invite::Refused(InviteRefusal::AlreadyInvited),
        AddressState::Active => Invite::Refused(InviteRefusal::UserExists),
        AddressState::Suspended => Invite::Refused(InviteRefusal::Suspended),
    }
}

/// What opening or using the link of an invitation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// The form's POST makes the user active and signs in.
    Join,
    /// The page says that the link was revoked.
    Revoked,
    /// The page says that its time is over.
    Expired,
    /// The page says "You already joined"; nobody is signed in.
    AlreadyJoined,
    /// The same words as for a link that never was.
    NoSuchLink,
}

/// The table's row "accept", for a link that is genuine.
pub const fn accept(state: AddressState) -> Accept {
    match state {
        AddressState::Unknown => Accept::Revoked,
        AddressState::Invited => Accept::Join,
        AddressState::Expired => Accept::Expired,
        AddressState::Active => Accept::AlreadyJoined,
        AddressState::Suspended => Accept::NoSuchLink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_invite() {
        let row = [
            (AddressState::Unknown, Invite::New),
            (AddressState::Invited, Invite::Refused(InviteRefusal::AlreadyInvited)),
            (AddressState::Expired, Invite::Again),
            (AddressState::Active, Invite::Refused(InviteRefusal::UserExists)),
            (AddressState::Suspended, Invite::Refused(InviteRefusal::Suspended)),
        ];
        assert_eq!(row.map(|(state, _)| state), AddressState::ALL);
        for (state, answer) in row {
            assert_eq!(invite(state), answer, "{state:?}");
        }
    }

    #[test]
    fn the_row_accept() {
        let row = [
            (AddressState::Unknown, Accept::Revoked),
            (AddressState::Invited, Accept::Join),
            (AddressState::Expired, Accept::Expired),
            (AddressState::Active, Accept::AlreadyJoined),
            (AddressState::Suspended, Accept::NoSuchLink),
        ];
        assert_eq!(row.map(|(state, _)| state), AddressState::ALL);
        for (state, answer) in row {
            assert_eq!(accept(state), answer, "{state:?}");
        }
    }

    #[test]
    fn the_refusal_of_a_user_has_these_words() {
        assert_eq!(InviteRefusal::UserExists.to_string(), "user already exists in the organization");
    }

    #[test]
    fn a_user_s_status_is_the_state_of_the_address() {
        let states = UserStatus::ALL.map(|status| AddressState::from(Some(status)));
        assert_eq!(
            states,
            [AddressState::Active, AddressState::Invited, AddressState::Expired, AddressState::Suspended]
        );
        assert_eq!(AddressState::from(None), AddressState::Unknown);
    }
}
