//! Signing in by mail.

use serde::{Deserialize, Serialize};

/// How long a sign-in link and its code can be used, in minutes.
pub const LINK_MINUTES: i64 = 15;

/// What a sign-in link's page shows. Opening it changes nothing: mail scanners open links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInPage {
    /// The link can be used, to sign in as this address.
    Ready { email: String },
    /// Used, too old, or never there: the three answer the same.
    Unusable,
}
