//! Versions of resources and the `If-Match` precondition (RFC 7644, section 3.14).
//!
//! A version is a hash over the resource, so no code path has to remember to increment a counter.

use super::{ScimGroup, ScimUser};
use crate::{Error, Result, secret};
use model::Problem;
use serde::Serialize;
use std::fmt::Write;

/// The versions that a client is willing to change: the parsed `If-Match` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// No precondition: the header is missing, or `*`.
    #[default]
    Any,
    /// The current version must be one of these.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Checks the precondition against the current version.
    pub(super) fn check(&self, version: &str) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.iter().any(|one| one == version) => {
                Err(Error::Problem(Problem::PreconditionFailed))
            }
            Self::Any | Self::OneOf(_) => Ok(()),
        }
    }
}

impl ScimUser {
    /// The version in the `ETag` header; it changes with every attribute.
    pub fn version(&self) -> String {
        version(self)
    }
}

impl ScimGroup {
    /// The version in the `ETag` header; it changes with every attribute and with the members.
    pub fn version(&self) -> String {
        version(self)
    }
}

fn version(resource: &impl Serialize) -> String {
    let json = serde_json::to_vec(resource).unwrap_or_default();
    secret::sha256(&json).iter().take(12).fold(String::new(), |mut version, byte| {
        let _ = write!(version, "{byte:02x}");
        version
    })
}
