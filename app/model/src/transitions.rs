//! The state machine of a membership: what each action does to an email address in each state.
//!
//! [`transition`] is a pure function and the single source of truth; `docs/rules.md` shows it as a table. The `domain`
//! crate applies it under locks, so that it also holds for concurrent actions.

use crate::audit_log::AuditAction;
use serde::{Deserialize, Serialize};

/// The membership state of an email address in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MembershipState {
    /// No user has the address.
    Unknown,
    /// Has an open invitation.
    Invited,
    /// Has an open invitation whose time has run out.
    Expired,
    Active,
    Suspended,
}

impl MembershipState {
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Invited, Self::Expired, Self::Active, Self::Suspended];
}

/// An action on an address: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Invite,
    Resend,
    RevokeInvitation,
    /// Posting the form of the join page.
    Accept,
    /// Requesting an invitation, if the settings allow it.
    Request,
    /// Inviting an address that has an open request.
    Approve,
    Dismiss,
    ChangeRole,
    Suspend,
    Reactivate,
    /// Also a SCIM `DELETE`.
    RevokeMembership,
    /// Signing in through a connection with just-in-time joining: anyone can join.
    SsoSignIn,
    /// Signing in through a connection without just-in-time joining: only invited people can join.
    SsoSignInInvited,
    ScimCreate,
    /// SCIM `active: false`.
    ScimDeactivate,
    /// SCIM `active: true`.
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

    /// The row's label.
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

/// What an action does to an address in a state: a cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The action is carried out.
    Apply(Effect),
    /// The action is refused; nothing changes.
    Reject(Refusal),
    /// There is no such user, or they are already in the requested state; nothing changes.
    NoOp,
}

/// The effect of an action that is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The new state of the address.
    pub state: MembershipState,
    /// The email to send to the address.
    pub mail: Mail,
    /// The single audit event of the action. `None` for a request, which is recorded only once confirmed.
    pub audit: Option<AuditAction>,
}

/// The email that an action sends to the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    None,
    /// An invitation whose expiry restarts.
    Invitation,
    /// The existing invitation with its expiry unchanged.
    ExistingInvitation,
    /// The link that confirms a request and opens it for review by the admins.
    Confirmation,
    /// A sign-in link.
    SignIn,
}

/// Why an action is refused.
///
/// Each text reads well in a sentence such as "blob@example.com wasn’t changed: user is suspended."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("already invited")]
    AlreadyInvited,
    #[error("user already exists in the organization")]
    UserExists,
    #[error("user is suspended")]
    Suspended,
    #[error("no invitation")]
    NotInvited,
    #[error("invitation has expired")]
    InvitationExpired,
    #[error("domain not allowed")]
    DomainNotAllowed,
    #[error("user has already joined")]
    HasJoined,
    #[error("user hasn’t joined yet")]
    NotJoined,
    #[error("user is already active")]
    AlreadyActive,
    #[error("user is already suspended")]
    AlreadySuspended,
    #[error("the organization needs at least one active admin")]
    LastAdmin,
    /// The invitation behind the link was revoked.
    #[error("link was revoked")]
    LinkRevoked,
    /// The invitation behind the link has expired.
    #[error("link has expired")]
    LinkExpired,
    /// The invitation behind the link was accepted. Using it again signs nobody in.
    #[error("link has already been used")]
    LinkUsed,
    /// The same text as for an unknown link, so that it doesn't reveal a suspension.
    #[error("link not found")]
    NoSuchLink,
}

/// What `action` does to an address in `state`.
#[expect(clippy::match_same_arms, reason = "one arm per row of the table")]
pub const fn transition(action: Action, state: MembershipState) -> Transition {
    use Action as A;
    use MembershipState as S;
    match (action, state) {
        (A::Invite | A::Approve, S::Unknown | S::Expired) => send_invitation(AuditAction::UserInvited),
        (A::Invite, S::Invited) => Transition::Reject(Refusal::AlreadyInvited),
        (A::Invite | A::Approve, S::Active) => Transition::Reject(Refusal::UserExists),
        (A::Invite | A::Approve, S::Suspended) => Transition::Reject(Refusal::Suspended),
        (A::Resend, S::Invited | S::Expired) => send_invitation(AuditAction::InvitationResent),
        (A::Resend | A::RevokeInvitation, S::Active | S::Suspended) => Transition::Reject(Refusal::HasJoined),
        (A::RevokeInvitation | A::RevokeMembership, S::Invited | S::Expired) => {
            apply(S::Unknown, AuditAction::InvitationRevoked)
        }
        (A::Request, S::Unknown | S::Expired) => send(state, Mail::Confirmation),
        (A::Request, S::Invited) => send(state, Mail::ExistingInvitation),
        (A::Request, S::Active) => send(state, Mail::SignIn),
        // No email to suspended users, although the response is the same.
        (A::Request, S::Suspended) => send(state, Mail::None),
        (A::Approve, S::Invited) => apply(state, AuditAction::RequestApproved),
        (A::Dismiss, _) => apply(state, AuditAction::RequestDismissed),
        (A::Accept, S::Unknown) => Transition::Reject(Refusal::LinkRevoked),
        (A::Accept, S::Invited) => apply(S::Active, AuditAction::UserJoined),
        (A::Accept, S::Expired) => Transition::Reject(Refusal::LinkExpired),
        (A::Accept, S::Active) => Transition::Reject(Refusal::LinkUsed),
        (A::Accept, S::Suspended) => Transition::Reject(Refusal::NoSuchLink),
        (A::ChangeRole, S::Invited | S::Expired | S::Active | S::Suspended) => {
            apply(state, AuditAction::UserRoleChanged)
        }
        (A::Suspend, S::Active) => apply(S::Suspended, AuditAction::UserSuspended),
        (A::Suspend | A::Reactivate, S::Invited | S::Expired) => Transition::Reject(Refusal::NotJoined),
        (A::Suspend, S::Suspended) => Transition::Reject(Refusal::AlreadySuspended),
        (A::Reactivate, S::Suspended) => apply(S::Active, AuditAction::UserReactivated),
        (A::Reactivate, S::Active) => Transition::Reject(Refusal::AlreadyActive),
        (A::RevokeMembership, S::Active | S::Suspended) => apply(S::Unknown, AuditAction::UserRevoked),
        (A::SsoSignIn, S::Unknown | S::Expired)
        | (A::SsoSignIn | A::SsoSignInInvited, S::Invited)
        | (A::ScimCreate, S::Unknown | S::Invited | S::Expired) => apply(S::Active, AuditAction::UserJoined),
        (A::SsoSignInInvited, S::Unknown) => Transition::Reject(Refusal::NotInvited),
        (A::SsoSignInInvited, S::Expired) => Transition::Reject(Refusal::InvitationExpired),
        (A::SsoSignIn | A::SsoSignInInvited, S::Active) => apply(S::Active, AuditAction::UserSignedIn),
        (A::SsoSignIn | A::SsoSignInInvited, S::Suspended) => Transition::Reject(Refusal::Suspended),
        (A::ScimCreate, S::Active | S::Suspended) => Transition::Reject(Refusal::UserExists),
        (A::ScimDeactivate, S::Invited | S::Expired) => apply(S::Unknown, AuditAction::InvitationRevoked),
        (A::ScimDeactivate, S::Active) => apply(S::Suspended, AuditAction::UserSuspended),
        (A::ScimActivate, S::Suspended) => apply(S::Active, AuditAction::UserReactivated),
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

const fn apply(state: MembershipState, audit: AuditAction) -> Transition {
    Transition::Apply(Effect { state, mail: Mail::None, audit: Some(audit) })
}

const fn send_invitation(audit: AuditAction) -> Transition {
    Transition::Apply(Effect { state: MembershipState::Invited, mail: Mail::Invitation, audit: Some(audit) })
}

const fn send(state: MembershipState, mail: Mail) -> Transition {
    Transition::Apply(Effect { state, mail, audit: None })
}

/// All transitions as a Markdown table, for `docs/rules.md`.
pub fn markdown_table() -> String {
    let mut lines = vec![
        "| action | Unknown | Invited | Expired | Active | Suspended |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for action in Action::ALL {
        let cells = MembershipState::ALL.map(|state| describe(action, state));
        lines.push(format!("| {} | {} |", action.label(), cells.join(" | ")));
    }
    lines.join("\n")
}

fn describe(action: Action, before: MembershipState) -> String {
    let effect = match transition(action, before) {
        Transition::NoOp => return "–".to_owned(),
        Transition::Reject(why) => return format!("refused: {why}"),
        Transition::Apply(effect) => effect,
    };
    match effect.mail {
        Mail::Invitation => format!("{:?}, email, expiry restarts", effect.state),
        Mail::ExistingInvitation => "its invitation emailed again".to_owned(),
        Mail::Confirmation => "confirmation email, then an open request".to_owned(),
        Mail::SignIn => "sign-in email".to_owned(),
        Mail::None if effect.state == before => match action {
            Action::Request => "no email, same response",
            Action::Approve | Action::Dismiss => "request closed",
            Action::ChangeRole => "role changed",
            Action::SsoSignIn | Action::SsoSignInInvited => "signed in",
            _ => "unchanged",
        }
        .to_owned(),
        Mail::None => format!("{:?}", effect.state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_doc_contains_the_current_table() {
        const RULES: &str = include_str!("../../../docs/rules.md");
        let table = markdown_table();
        assert!(
            RULES.contains(&table),
            "docs/rules.md is out of date, replace its table by this one:\n\n{table}\n"
        );
    }

    #[test]
    fn inviting_an_active_user_has_the_specified_text() {
        assert_eq!(
            transition(Action::Invite, MembershipState::Active),
            Transition::Reject(Refusal::UserExists),
        );
        assert_eq!(Refusal::UserExists.to_string(), "user already exists in the organization");
    }

    #[test]
    fn refusal_reads_as_a_sentence() {
        let problem = crate::Problem::Refused { why: Refusal::LastAdmin };
        let text = "The organization needs at least one active admin. No changes were made.";
        assert_eq!(problem.to_string(), text);
    }

    #[test]
    fn only_an_invited_address_can_accept() {
        let can_accept = MembershipState::ALL
            .map(|state| matches!(transition(Action::Accept, state), Transition::Apply(_)));
        assert_eq!(can_accept, [false, true, false, false, false]);
    }
}
