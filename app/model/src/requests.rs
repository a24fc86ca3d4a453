//! Invitation requests: the page that confirms one, and the list for admins.

use crate::users::{JoinedBy, UserCounts};
use crate::{RequestId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Rows per page.
pub const PAGE_ROWS: usize = 50;

/// Lifetime of the link that confirms a request, in hours.
pub const CONFIRM_HOURS: i64 = 24;

/// The state of the page that confirms a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmPage {
    /// Can be confirmed: the form's POST opens the request for review by the admins.
    Ready {
        email: String,
        /// As submitted, perhaps by someone other than the owner of the mailbox.
        name: String,
        message: String,
    },
    /// Already confirmed.
    Confirmed,
    /// The link has expired, or requests were turned off.
    Expired,
    /// The link is unknown, truncated or mistyped.
    NoSuchLink,
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: RequestId,
    pub email: String,
    /// May be empty.
    pub name: String,
    pub message: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub requested_at: DateTime<Utc>,
    /// Number of further requests from this address that were counted instead of shown.
    pub repeat_count: i32,
    /// Set if the address belongs to an active user: the request is stale.
    pub member: Option<Membership>,
}

/// The user with the address of a stale request: who, and how and when they joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub user: UserId,
    pub by: JoinedBy,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// Position in the list, part of the page's URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestsQuery {
    /// Return requests after this one.
    pub after: Option<RequestId>,
    /// Return requests before this one.
    pub before: Option<RequestId>,
}

/// One page of the open requests, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsPage {
    pub rows: Vec<RequestRow>,
    /// Cursor for the previous page, if there is one: the first row of this page.
    pub previous: Option<RequestId>,
    /// Cursor for the next page, if there is one: the last row of this page.
    pub next: Option<RequestId>,
    /// Whether any page has a stale request.
    pub any_stale: bool,
    pub counts: UserCounts,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}
