//! Wishes for an invitation, as the admins see them.

use crate::users::{JoinedBy, UserCounts};
use crate::{RequestId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many rows a page of the list has.
pub const PAGE_ROWS: usize = 50;

/// For how many hours the link of a request's mail can be used.
pub const CONFIRM_HOURS: i64 = 24;

/// What the link of a request's mail leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmPage {
    /// The form's POST puts the request before the admins.
    Ready {
        email: String,
        /// As whoever asked has typed it, which may have been somebody else.
        name: String,
        message: String,
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
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub asked_at: DateTime<Utc>,
    /// How often the address asked again while it was not listened to.
    pub repeat_count: i32,
    /// Where the address belongs to a user by now: the request is stale.
    pub member: Option<Membership>,
}

/// How and when somebody became a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub user: UserId,
    pub by: JoinedBy,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// From where on. All of it stands in the page's URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestsQuery {
    /// From the request after this one on.
    pub after: Option<RequestId>,
    /// Up to the request before this one.
    pub before: Option<RequestId>,
}

/// One page of the open requests, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsPage {
    pub rows: Vec<RequestRow>,
    /// The first row of this page, when there is a page before it.
    pub previous: Option<RequestId>,
    /// The last row of this page, when there is a page behind it.
    pub next: Option<RequestId>,
    /// Whether there is a stale one, on whichever page.
    pub any_stale: bool,
    pub counts: UserCounts,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}
