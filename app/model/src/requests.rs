//! Wishes for an invitation, as the admins see them.

use crate::users::{JoinedBy, UserCounts};
use crate::{RequestId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many rows the list has at most: the oldest first.
pub const ROWS_MAX: usize = 100;

/// For how many hours the link of a request's mail can be used.
pub const CONFIRM_HOURS: i64 = 24;

/// What the link of a request's mail leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum ConfirmPage {
    /// The form's POST puts the request before the admins.
    Ready {
        email: String,
    },
    /// It was confirmed before.
    Confirmed,
    /// Its time is over.
    Expired,
    NoSuchLink,
}

/// Somebody who wants an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: RequestId,
    pub email: String,
    /// Empty, where none was given.
    pub name: String,
    pub message: String,
    pub asked_at: DateTime<Utc>,
    /// How often the address asked again while it was not listened to.
    pub repeats: i32,
    /// Where the address belongs to a user by now: the request is stale.
    pub member: Option<Membership>,
}

/// How and when somebody became a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub user: UserId,
    pub by: JoinedBy,
    pub at: DateTime<Utc>,
}

/// The open requests, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsPage {
    pub rows: Vec<RequestRow>,
    pub counts: UserCounts,
    pub now: DateTime<Utc>,
}
