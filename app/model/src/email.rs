//! A mail address, checked once and then trusted.

use serde::{Deserialize, Serialize};

/// A mail address that can be written to. Two are the same when their [`key`](Self::key)s are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why something is no mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum AddressError {
    #[error("There is no “@” in it.")]
    NoAt,
}

impl EmailAddress {
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.contains('@') { Ok(Self(text.trim().to_owned())) } else { Err(AddressError::NoAt) }
    }

    /// The address as mail is written to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What addresses are compared by: lower case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}
