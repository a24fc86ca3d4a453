//! The audit log as it is read: who did what to whom, when and from where.

use crate::{AuditEventId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many rows a page of the log has.
pub const PAGE_ROWS: usize = 50;

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub id: AuditEventId,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// `noun.verb`, in the past.
    pub action: String,
    /// Who did it, by the name they had.
    pub actor: String,
    /// To whom, where it was done to somebody.
    pub target_id: Option<UserId>,
    pub target: Option<String>,
    /// The network address, or "command line".
    pub source: String,
    /// The details in one line, such as `role: admin`; empty, where there are none.
    pub details: String,
}

/// Which rows. All of it stands in the page's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// The action, as the log has it.
    pub action: String,
    /// A part of the actor's name or of the target's address.
    pub who: String,
    /// From the beginning of this day on (UTC), as a browser's field has it: `2026-11-24`. What is no day is as if it were not
    /// there.
    pub from: String,
    /// To the end of this day, likewise.
    pub to: String,
    /// The rows before this one.
    pub before: Option<AuditEventId>,
}

/// One page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    pub rows: Vec<AuditEvent>,
    /// Where the next page begins, when there is one.
    pub next: Option<AuditEventId>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// Every action that the log has a word for, and the words for it.
pub const ACTIONS: [(&str, &str); 37] = [
    ("user.invited", "invited"),
    ("invitation.resent", "sent the invitation again"),
    ("invitation.revoked", "revoked the invitation"),
    ("invitation.link_copied", "copied the invitation link"),
    ("user.joined", "joined"),
    ("user.suspended", "suspended"),
    ("user.reactivated", "reactivated"),
    ("user.revoked", "revoked the membership"),
    ("user.role_changed", "changed the organization role"),
    ("user.access_changed", "changed roles and groups"),
    ("user.renamed", "changed the name"),
    ("user.email_changed", "changed the address"),
    ("user.attributes_changed", "changed the directory’s attributes"),
    ("user.signed_in", "signed in"),
    ("user.signed_out", "signed out"),
    ("user.signed_out_everywhere", "signed out everywhere"),
    ("user.session_ended", "ended a session"),
    ("user.sign_in_link_created", "made a sign-in link"),
    ("request.opened", "asked for an invitation"),
    ("request.approved", "approved the request"),
    ("request.dismissed", "dismissed the request"),
    ("group.created", "created a group"),
    ("group.updated", "changed a group"),
    ("group.deleted", "deleted a group"),
    ("group.members_added", "added to a group"),
    ("group.members_removed", "removed from a group"),
    ("role.created", "created a role"),
    ("role.updated", "changed a role"),
    ("role.deleted", "deleted a role"),
    ("api_key.created", "created an API key"),
    ("api_key.revoked", "revoked an API key"),
    ("connection.created", "added a connection"),
    ("connection.updated", "changed a connection"),
    ("connection.deleted", "deleted a connection"),
    ("sso.sign_in_refused", "was refused by SSO"),
    ("organization.created", "created the organization"),
    ("organization.settings_updated", "changed the settings"),
];

impl AuditEvent {
    /// What was done, in words; the action itself where there are none.
    pub fn words(&self) -> &str {
        words(&self.action).unwrap_or(&self.action)
    }
}

/// What an action is called; nothing, when it is not one that we know.
pub fn words(action: &str) -> Option<&'static str> {
    ACTIONS.iter().find(|(code, _)| *code == action).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_told_in_words_where_there_are_some() {
        assert_eq!(words("user.role_changed"), Some("changed the organization role"));
        assert_eq!(words("user.teleported"), None);
    }
}
