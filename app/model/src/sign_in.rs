//! Signing in by email link or code.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How long a sign-in link and its code are valid.
pub const SIGN_IN_TTL: TimeDelta = TimeDelta::minutes(15);

/// Whether a sign-in link can be used. Opening a link changes nothing, because mail scanners open links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInLinkStatus {
    /// The link signs in the user with this address.
    Valid { email: String },
    /// Used, expired or unknown. The three are not distinguished.
    Invalid,
}
