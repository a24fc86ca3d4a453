//! Where a mail is. Nothing here says "sent": a mail is queued, handed to the mail server (with its reply), waiting
//! for another try, or failed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where one mail is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Written down, not tried yet.
    Queued,
    /// The mail server took it, and said `reply`.
    Accepted {
        #[serde(with = "chrono::serde::ts_microseconds")]
        at: DateTime<Utc>,
        reply: String,
    },
    /// The last try failed for a reason that may pass.
    Retrying {
        reply: String,
        attempts: u32,
        #[serde(with = "chrono::serde::ts_microseconds")]
        next: DateTime<Utc>,
    },
    /// It will not be tried again.
    Failed {
        #[serde(with = "chrono::serde::ts_microseconds")]
        at: DateTime<Utc>,
        reply: String,
    },
    /// It was not sent, since what it was about had ended by then.
    Cancelled,
}

/// One mail in a person's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: crate::DeliveryId,
    pub kind: DeliveryKind,
    pub to: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub queued_at: DateTime<Utc>,
    pub state: DeliveryState,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryKind {
    Invitation,
    SignIn,
}

impl DeliveryKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invitation => "Invitation",
            Self::SignIn => "Sign-in link",
        }
    }
}
