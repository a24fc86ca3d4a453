//! The join page, which an invitation link opens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The state of the join page. Opening it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPage {
    /// The invitation is open.
    Open {
        /// The inviter's name, or "Vestibule" for the command line.
        inviter: String,
        /// The invited address, which the invitee can't change.
        email: String,
        #[serde(with = "chrono::serde::ts_microseconds")]
        expires_at: DateTime<Utc>,
        #[serde(with = "chrono::serde::ts_microseconds")]
        now: DateTime<Utc>,
        /// The email address of a different user of this organization who is signed in in this browser.
        signed_in_as: Option<String>,
    },
    /// The invitation has expired.
    Expired {
        #[serde(with = "chrono::serde::ts_microseconds")]
        expired_at: DateTime<Utc>,
    },
    /// An admin revoked the invitation.
    Revoked,
    /// The invitation was accepted.
    AlreadyJoined,
    /// The link is unknown, truncated or mistyped.
    NoSuchLink,
}
