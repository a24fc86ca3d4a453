//! The delivery status of messages. No state is called "sent": a message is queued, accepted by the mail server (with
//! its reply), waiting for a retry, failed, or cancelled.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// The state of one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// In the outbox, not attempted yet.
    Queued,
    /// The mail server accepted the message with `reply`.
    Accepted {
        #[serde(with = "chrono::serde::ts_microseconds")]
        at: DateTime<Utc>,
        reply: String,
    },
    /// The last attempt failed for a transient reason.
    Retrying {
        reply: String,
        attempts: u32,
        #[serde(with = "chrono::serde::ts_microseconds")]
        next_attempt_at: DateTime<Utc>,
    },
    /// The message was rejected or its last attempt failed; there are no further attempts.
    Failed {
        #[serde(with = "chrono::serde::ts_microseconds")]
        at: DateTime<Utc>,
        reply: String,
    },
    /// Not sent, because its reason no longer existed, such as a revoked invitation.
    Cancelled,
}

/// One message in a user's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: crate::DeliveryId,
    pub kind: DeliveryKind,
    pub to: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub queued_at: DateTime<Utc>,
    pub state: DeliveryState,
}

/// The kind of message, as far as it appears in a user's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum DeliveryKind {
    Invitation,
    SignIn,
}

impl DeliveryKind {
    /// The name in the database.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// The name of the kind in the UI.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invitation => "Invitation",
            Self::SignIn => "Sign-in link",
        }
    }
}
