//! The page that an invitation's link opens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the link's page shows. Opening it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPage {
    /// The invitation is open.
    Open {
        /// Who invited: a name, or "Vestibule" for the command line.
        inviter: String,
        /// The invited address; it can't be changed.
        email: String,
        #[serde(with = "chrono::serde::ts_microseconds")]
        expires_at: DateTime<Utc>,
        #[serde(with = "chrono::serde::ts_microseconds")]
        now: DateTime<Utc>,
        /// The account of this organization that is open in this browser, if another than the invited one.
        signed_in_as: Option<String>,
    },
    /// Its time is over.
    Expired {
        #[serde(with = "chrono::serde::ts_microseconds")]
        expired_at: DateTime<Utc>,
    },
    /// An admin took it back.
    Revoked,
    /// It was used: the person is a user already.
    AlreadyJoined,
    /// There is no such link, or it is cut off or mistyped.
    NoSuchLink,
}
