//! Reading the audit log: who did what to whom, when and from where.

use crate::{AuditEventId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Rows per page.
pub const PAGE_ROWS: usize = 50;

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub id: AuditEventId,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// The code of an [`AuditAction`], or of one that only a newer version knows.
    pub action: String,
    /// The actor's name at the time.
    pub actor: String,
    /// The affected user, if any.
    pub target_id: Option<UserId>,
    /// The affected email address, if any.
    pub target: Option<String>,
    /// IP address, or "command line".
    pub source: String,
    /// The details in one line, such as `role: admin`; may be empty.
    pub details: String,
}

/// Filters and position in the log, all part of the page's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// The action code; empty for all.
    pub action: String,
    /// Part of the actor's name or of the target's email address.
    pub who: String,
    /// First day (UTC) in the format of a date field, `2026-11-24`. An invalid date is ignored.
    pub from: String,
    /// Last day, inclusive; same format.
    pub to: String,
    /// Return events older than this one.
    pub before: Option<AuditEventId>,
}

/// One page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub rows: Vec<AuditEvent>,
    /// Cursor for the next page, if there is one.
    pub next: Option<AuditEventId>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// An action in the log. Its code has the form `noun.verb`, in the past tense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(const_into_str)]
pub enum AuditAction {
    #[strum(serialize = "user.invited")]
    UserInvited,
    #[strum(serialize = "invitation.resent")]
    InvitationResent,
    #[strum(serialize = "invitation.revoked")]
    InvitationRevoked,
    #[strum(serialize = "invitation.link_copied")]
    InvitationLinkCopied,
    #[strum(serialize = "user.joined")]
    UserJoined,
    #[strum(serialize = "user.suspended")]
    UserSuspended,
    #[strum(serialize = "user.reactivated")]
    UserReactivated,
    #[strum(serialize = "user.revoked")]
    UserRevoked,
    #[strum(serialize = "user.role_changed")]
    UserRoleChanged,
    #[strum(serialize = "user.access_changed")]
    UserAccessChanged,
    #[strum(serialize = "user.renamed")]
    UserRenamed,
    #[strum(serialize = "user.email_changed")]
    UserEmailChanged,
    #[strum(serialize = "user.attributes_changed")]
    UserAttributesChanged,
    #[strum(serialize = "user.signed_in")]
    UserSignedIn,
    #[strum(serialize = "user.signed_out")]
    UserSignedOut,
    #[strum(serialize = "user.signed_out_everywhere")]
    UserSignedOutEverywhere,
    #[strum(serialize = "user.session_ended")]
    UserSessionEnded,
    #[strum(serialize = "user.sign_in_link_created")]
    UserSignInLinkCreated,
    #[strum(serialize = "request.opened")]
    RequestOpened,
    #[strum(serialize = "request.approved")]
    RequestApproved,
    #[strum(serialize = "request.dismissed")]
    RequestDismissed,
    #[strum(serialize = "group.created")]
    GroupCreated,
    #[strum(serialize = "group.updated")]
    GroupUpdated,
    #[strum(serialize = "group.deleted")]
    GroupDeleted,
    #[strum(serialize = "group.members_added")]
    GroupMembersAdded,
    #[strum(serialize = "group.members_removed")]
    GroupMembersRemoved,
    #[strum(serialize = "role.created")]
    RoleCreated,
    #[strum(serialize = "role.updated")]
    RoleUpdated,
    #[strum(serialize = "role.deleted")]
    RoleDeleted,
    #[strum(serialize = "api_key.created")]
    ApiKeyCreated,
    #[strum(serialize = "api_key.revoked")]
    ApiKeyRevoked,
    #[strum(serialize = "connection.created")]
    ConnectionCreated,
    #[strum(serialize = "connection.updated")]
    ConnectionUpdated,
    #[strum(serialize = "connection.deleted")]
    ConnectionDeleted,
    #[strum(serialize = "sso.sign_in_refused")]
    SsoSignInRefused,
    #[strum(serialize = "organization.created")]
    OrganizationCreated,
    #[strum(serialize = "organization.settings_updated")]
    OrganizationSettingsUpdated,
}

impl AuditAction {
    /// All actions, in the order of the filter.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The code in the database and in URLs.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// Follows the actor's name in a sentence.
    pub const fn label(self) -> &'static str {
        match self {
            Self::UserInvited => "invited",
            Self::InvitationResent => "resent the invitation",
            Self::InvitationRevoked => "revoked the invitation",
            Self::InvitationLinkCopied => "copied the invitation link",
            Self::UserJoined => "joined",
            Self::UserSuspended => "suspended",
            Self::UserReactivated => "reactivated",
            Self::UserRevoked => "removed the user",
            Self::UserRoleChanged => "changed the organization role",
            Self::UserAccessChanged => "changed roles and groups",
            Self::UserRenamed => "changed the name",
            Self::UserEmailChanged => "changed the email address",
            Self::UserAttributesChanged => "updated directory attributes",
            Self::UserSignedIn => "signed in",
            Self::UserSignedOut => "signed out",
            Self::UserSignedOutEverywhere => "signed out everywhere",
            Self::UserSessionEnded => "ended a session",
            Self::UserSignInLinkCreated => "created a sign-in link",
            Self::RequestOpened => "requested an invitation",
            Self::RequestApproved => "approved the request",
            Self::RequestDismissed => "dismissed the request",
            Self::GroupCreated => "created a group",
            Self::GroupUpdated => "updated a group",
            Self::GroupDeleted => "deleted a group",
            Self::GroupMembersAdded => "added users to a group",
            Self::GroupMembersRemoved => "removed users from a group",
            Self::RoleCreated => "created a role",
            Self::RoleUpdated => "updated a role",
            Self::RoleDeleted => "deleted a role",
            Self::ApiKeyCreated => "created an API key",
            Self::ApiKeyRevoked => "revoked an API key",
            Self::ConnectionCreated => "added a connection",
            Self::ConnectionUpdated => "updated a connection",
            Self::ConnectionDeleted => "deleted a connection",
            Self::SsoSignInRefused => "was denied SSO sign-in",
            Self::OrganizationCreated => "created the organization",
            Self::OrganizationSettingsUpdated => "updated settings",
        }
    }
}

impl AuditEvent {
    /// The action's label, or its code if a newer version recorded it.
    pub fn label(&self) -> &str {
        self.action.parse().map_or(self.action.as_str(), |action: AuditAction| action.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: &str) -> AuditEvent {
        AuditEvent {
            id: AuditEventId(uuid::Uuid::nil()),
            at: DateTime::UNIX_EPOCH,
            action: action.to_owned(),
            actor: String::new(),
            target_id: None,
            target: None,
            source: String::new(),
            details: String::new(),
        }
    }

    #[test]
    fn unknown_action_is_labeled_with_its_code() {
        assert_eq!(event("user.role_changed").label(), "changed the organization role");
        assert_eq!(event("user.teleported").label(), "user.teleported");
    }
}
