//! The rule table: what each action does to an address, by the state the address is in. The pure half; the server's
//! domain makes it true under races.

use serde::{Deserialize, Serialize};

/// The state of an address in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipState {
    Unknown,
    Invited,
    Expired,
    Active,
    Suspended,
}

impl MembershipState {
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Invited, Self::Expired, Self::Active, Self::Suspended];
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Invite,
    Resend,
    RevokeInvitation,
    /// The form of the link's page, posted.
    Accept,
    /// Asking from outside, where the settings allow it.
    Request,
    /// Inviting an address that has an open request.
    Approve,
    Dismiss,
    ChangeRole,
    Suspend,
    Reactivate,
    /// SCIM's deletion, too.
    RevokeMembership,
    /// Coming from the identity provider, where strangers join by that (just-in-time joining).
    SsoSignIn,
    /// Coming from the identity provider, where only those join by it who are invited.
    SsoSignInInvited,
    ScimCreate,
    /// SCIM's `active: false`.
    ScimDeactivate,
    /// SCIM's `active: true`.
    ScimActivate,
}

impl Action {
    pub const ALL: [Self; 16] = [
        Self::Invite,
        Self::Resend,
        Self::RevokeInvitation,
        Self::Accept,
        Self::Request,
        Self::Approve,
        Self::Dismiss,
        Self::ChangeRole,
        Self::Suspend,
        Self::Reactivate,
        Self::RevokeMembership,
        Self::SsoSignIn,
        Self::SsoSignInInvited,
        Self::ScimCreate,
        Self::ScimDeactivate,
        Self::ScimActivate,
    ];

    /// The row's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Resend => "resend",
            Self::RevokeInvitation => "revoke invitation",
            Self::Accept => "accept",
            Self::Request => "request",
            Self::Approve => "approve a request",
            Self::Dismiss => "dismiss a request",
            Self::ChangeRole => "change role",
            Self::Suspend => "suspend",
            Self::Reactivate => "reactivate",
            Self::RevokeMembership => "revoke membership, SCIM delete",
            Self::SsoSignIn => "SSO sign-in, JIT on",
            Self::SsoSignInInvited => "SSO sign-in, JIT off",
            Self::ScimCreate => "SCIM create",
            Self::ScimDeactivate => "SCIM active: false",
            Self::ScimActivate => "SCIM active: true",
        }
    }
}

/// A cell of the table: what an action does to an address in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It is done.
    Apply(Effect),
    /// It is refused, and nothing changes.
    Reject(Refusal),
    /// There is nobody to do it to, or it is so already: nothing changes.
    NoOp,
}

/// What comes of an action that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The state of the address from then on.
    pub state: MembershipState,
    /// What goes to the address.
    pub mail: Mail,
    /// The action's word in the audit log, where it has its one row; asking has none until it is confirmed.
    pub audit: Option<&'static str>,
}

/// A mail that an action sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    No,
    /// An invitation, whose days start anew.
    Invitation,
    /// The invitation as it is.
    InvitationAgain,
    /// The link that puts a request before the admins.
    Confirmation,
    SignIn,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("already invited")]
    AlreadyInvited,
    #[error("user already exists in the organization")]
    UserExists,
    #[error("suspended")]
    Suspended,
    #[error("has no invitation")]
    NotInvited,
    #[error("the invitation has expired")]
    InvitationExpired,
    #[error("domain not allowed")]
    DomainNotAllowed,
    #[error("has joined already")]
    HasJoined,
    #[error("has not joined yet")]
    NotJoined,
    #[error("is active")]
    IsActive,
    #[error("is suspended already")]
    SuspendedAlready,
    #[error("is the last active Organization Admin")]
    LastAdmin,
    /// The page of a link whose invitation was taken back.
    #[error("the link was revoked")]
    LinkRevoked,
    /// The page of a link whose time is over.
    #[error("the link has expired")]
    LinkExpired,
    /// The page of a link that was used; nobody is signed in.
    #[error("already joined")]
    LinkUsed,
    /// The same words as for a link that never was.
    #[error("there is no such link")]
    NoSuchLink,
}

/// The table.
#[expect(clippy::match_same_arms, reason = "a table is read by its rows")]
pub const fn transition(action: Action, state: MembershipState) -> Transition {
    use Action as A;
    use MembershipState as S;
    match (action, state) {
        (A::Invite | A::Approve, S::Unknown | S::Expired) => mailed("user.invited"),
        (A::Invite, S::Invited) => Transition::Reject(Refusal::AlreadyInvited),
        (A::Invite | A::Approve, S::Active) => Transition::Reject(Refusal::UserExists),
        (A::Invite | A::Approve, S::Suspended) => Transition::Reject(Refusal::Suspended),
        (A::Resend, S::Invited | S::Expired) => mailed("invitation.resent"),
        (A::Resend | A::RevokeInvitation, S::Active | S::Suspended) => Transition::Reject(Refusal::HasJoined),
        (A::RevokeInvitation | A::RevokeMembership, S::Invited | S::Expired) => {
            done(S::Unknown, "invitation.revoked")
        }
        (A::Request, S::Unknown | S::Expired) => sent(state, Mail::Confirmation),
        (A::Request, S::Invited) => sent(state, Mail::InvitationAgain),
        (A::Request, S::Active) => sent(state, Mail::SignIn),
        // Whoever is suspended hears nothing; the answer is the same.
        (A::Request, S::Suspended) => sent(state, Mail::No),
        (A::Approve, S::Invited) => done(state, "request.approved"),
        (A::Dismiss, _) => done(state, "request.dismissed"),
        (A::Accept, S::Unknown) => Transition::Reject(Refusal::LinkRevoked),
        (A::Accept, S::Invited) => done(S::Active, "user.joined"),
        (A::Accept, S::Expired) => Transition::Reject(Refusal::LinkExpired),
        (A::Accept, S::Active) => Transition::Reject(Refusal::LinkUsed),
        (A::Accept, S::Suspended) => Transition::Reject(Refusal::NoSuchLink),
        (A::ChangeRole, S::Invited | S::Expired | S::Active | S::Suspended) => {
            done(state, "user.role_changed")
        }
        (A::Suspend, S::Active) => done(S::Suspended, "user.suspended"),
        (A::Suspend | A::Reactivate, S::Invited | S::Expired) => Transition::Reject(Refusal::NotJoined),
        (A::Suspend, S::Suspended) => Transition::Reject(Refusal::SuspendedAlready),
        (A::Reactivate, S::Suspended) => done(S::Active, "user.reactivated"),
        (A::Reactivate, S::Active) => Transition::Reject(Refusal::IsActive),
        (A::RevokeMembership, S::Active | S::Suspended) => done(S::Unknown, "user.revoked"),
        (A::SsoSignIn, S::Unknown | S::Expired)
        | (A::SsoSignIn | A::SsoSignInInvited, S::Invited)
        | (A::ScimCreate, S::Unknown | S::Invited | S::Expired) => done(S::Active, "user.joined"),
        (A::SsoSignInInvited, S::Unknown) => Transition::Reject(Refusal::NotInvited),
        (A::SsoSignInInvited, S::Expired) => Transition::Reject(Refusal::InvitationExpired),
        (A::SsoSignIn | A::SsoSignInInvited, S::Active) => done(S::Active, "user.signed_in"),
        (A::SsoSignIn | A::SsoSignInInvited, S::Suspended) => Transition::Reject(Refusal::Suspended),
        (A::ScimCreate, S::Active | S::Suspended) => Transition::Reject(Refusal::UserExists),
        (A::ScimDeactivate, S::Invited | S::Expired) => done(S::Unknown, "invitation.revoked"),
        (A::ScimDeactivate, S::Active) => done(S::Suspended, "user.suspended"),
        (A::ScimActivate, S::Suspended) => done(S::Active, "user.reactivated"),
        (
            A::Resend
            | A::RevokeInvitation
            | A::ChangeRole
            | A::Suspend
            | A::Reactivate
            | A::RevokeMembership,
            S::Unknown,
        )
        | (A::ScimDeactivate, S::Unknown | S::Suspended)
        | (A::ScimActivate, S::Unknown | S::Invited | S::Expired | S::Active) => Transition::NoOp,
    }
}

const fn done(state: MembershipState, audit: &'static str) -> Transition {
    Transition::Apply(Effect { state, mail: Mail::No, audit: Some(audit) })
}

const fn mailed(audit: &'static str) -> Transition {
    Transition::Apply(Effect { state: MembershipState::Invited, mail: Mail::Invitation, audit: Some(audit) })
}

const fn sent(state: MembershipState, mail: Mail) -> Transition {
    Transition::Apply(Effect { state, mail, audit: None })
}

/// The table for people, as Markdown.
pub fn table() -> String {
    let mut lines = vec![
        "| action | Unknown | Invited | Expired | Active | Suspended |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for action in Action::ALL {
        let cells = MembershipState::ALL.map(|state| words(action, state));
        lines.push(format!("| {} | {} |", action.label(), cells.join(" | ")));
    }
    lines.join("\n")
}

fn words(action: Action, before: MembershipState) -> String {
    let outcome = match transition(action, before) {
        Transition::NoOp => return "–".to_owned(),
        Transition::Reject(why) => return format!("refused: {why}"),
        Transition::Apply(outcome) => outcome,
    };
    let done = match action {
        Action::Approve | Action::Dismiss => "the request is closed".to_owned(),
        Action::SsoSignIn | Action::SsoSignInInvited => "signed in".to_owned(),
        _ => "done".to_owned(),
    };
    match outcome.mail {
        Mail::Invitation => format!("{:?}, mail, all days anew", outcome.state),
        Mail::InvitationAgain => "its invitation is mailed again".to_owned(),
        Mail::Confirmation => "a mail to confirm, then an open request".to_owned(),
        Mail::SignIn => "a sign-in mail".to_owned(),
        Mail::No if action == Action::Request => "nothing".to_owned(),
        Mail::No if outcome.state == before => done,
        Mail::No => format!("{:?}", outcome.state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_table_as_it_is() {
        const README: &str = include_str!("../../../README.md");
        let table = table();
        assert!(README.contains(&table), "README.md wants this table in place of its own:\n\n{table}\n");
    }

    #[test]
    fn what_is_refused_for_an_active_user_has_these_words() {
        assert_eq!(
            transition(Action::Invite, MembershipState::Active),
            Transition::Reject(Refusal::UserExists),
        );
        assert_eq!(Refusal::UserExists.to_string(), "user already exists in the organization");
    }

    #[test]
    fn only_an_invited_address_joins() {
        let joins = MembershipState::ALL
            .map(|state| matches!(transition(Action::Accept, state), Transition::Apply(_)));
        assert_eq!(joins, [false, true, false, false, false]);
    }
}
