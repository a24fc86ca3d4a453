//! Wishes for an invitation, as the admins see them.

use crate::RequestId;
use crate::users::UserCounts;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many rows the list has at most: the oldest first.
pub const ROWS_MAX: usize = 100;

/// Somebody who wants an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: RequestId,
    pub email: String,
    /// Empty, where none was given.
    pub name: String,
    pub message: String,
    pub asked_at: DateTime<Utc>,
}

/// The open requests, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsPage {
    pub rows: Vec<RequestRow>,
    pub counts: UserCounts,
    pub now: DateTime<Utc>,
}
