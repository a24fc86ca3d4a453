//! Reading the audit log: who did what to whom, when and from where.

use crate::{AuditEventId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Rows per page.
pub const PAGE_ROWS: usize = 50;

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub id: AuditEventId,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// The action code: `noun.verb` in the past tense, such as `user.invited`.
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

/// Action codes with their labels, which follow the actor's name in a sentence.
pub const ACTIONS: [(&str, &str); 37] = [
    ("user.invited", "invited"),
    ("invitation.resent", "resent the invitation"),
    ("invitation.revoked", "revoked the invitation"),
    ("invitation.link_copied", "copied the invitation link"),
    ("user.joined", "joined"),
    ("user.suspended", "suspended"),
    ("user.reactivated", "reactivated"),
    ("user.revoked", "removed the user"),
    ("user.role_changed", "changed the organization role"),
    ("user.access_changed", "changed roles and groups"),
    ("user.renamed", "changed the name"),
    ("user.email_changed", "changed the email address"),
    ("user.attributes_changed", "updated directory attributes"),
    ("user.signed_in", "signed in"),
    ("user.signed_out", "signed out"),
    ("user.signed_out_everywhere", "signed out everywhere"),
    ("user.session_ended", "ended a session"),
    ("user.sign_in_link_created", "created a sign-in link"),
    ("request.opened", "requested an invitation"),
    ("request.approved", "approved the request"),
    ("request.dismissed", "dismissed the request"),
    ("group.created", "created a group"),
    ("group.updated", "updated a group"),
    ("group.deleted", "deleted a group"),
    ("group.members_added", "added users to a group"),
    ("group.members_removed", "removed users from a group"),
    ("role.created", "created a role"),
    ("role.updated", "updated a role"),
    ("role.deleted", "deleted a role"),
    ("api_key.created", "created an API key"),
    ("api_key.revoked", "revoked an API key"),
    ("connection.created", "added a connection"),
    ("connection.updated", "updated a connection"),
    ("connection.deleted", "deleted a connection"),
    ("sso.sign_in_refused", "was denied SSO sign-in"),
    ("organization.created", "created the organization"),
    ("organization.settings_updated", "updated settings"),
];

impl AuditEvent {
    /// The action's label, or its code if it has none.
    pub fn label(&self) -> &str {
        action_label(&self.action).unwrap_or(&self.action)
    }
}

/// The label of an action code; `None` for an unknown one.
pub fn action_label(action: &str) -> Option<&'static str> {
    ACTIONS.iter().find(|(code, _)| *code == action).map(|(_, label)| *label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_label_is_none_for_an_unknown_code() {
        assert_eq!(action_label("user.role_changed"), Some("changed the organization role"));
        assert_eq!(action_label("user.teleported"), None);
    }
}
