//! Versions of resources and the `If-Match` precondition (RFC 7644, section 3.14).
//!
//! A version is a hash over the resource, so no code path has to remember to increment a counter.

use crate::{Error, Result, secret};
use model::Problem;
use scim::{ETag, IfMatch};
use serde::Serialize;
use std::fmt::Write;

/// Checks the precondition against the current version.
pub(super) fn check_precondition(if_match: &IfMatch, current: &ETag) -> Result<()> {
    if if_match.includes(current) { Ok(()) } else { Err(Error::Problem(Problem::PreconditionFailed)) }
}

/// The version of a resource; it changes with every serialized field.
pub(super) fn version(resource: &impl Serialize) -> ETag {
    let json = serde_json::to_vec(resource).unwrap_or_default();
    ETag::new(secret::sha256(&json).iter().take(12).fold(String::new(), |mut version, byte| {
        let _ = write!(version, "{byte:02x}");
        version
    }))
}
