//! Versions of resources, for those who must not overwrite what they have not seen (RFC 7644, section 3.14). A version
//! is worked out from what the resource is, so that no rule has to count.

use super::{ScimGroup, ScimUser};
use crate::{Error, Result, secret};
use model::Problem;
use serde::Serialize;
use std::fmt::Write;

/// Which versions the one who asks would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// Whatever it is by now.
    #[default]
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// # Errors
    /// When it is another version by now.
    pub(super) fn check(&self, version: &str) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.iter().any(|one| one == version) => {
                Err(Error::Problem(Problem::ChangedMeanwhile))
            }
            Self::Any | Self::OneOf(_) => Ok(()),
        }
    }
}

impl ScimUser {
    pub fn version(&self) -> String {
        version(self)
    }
}

impl ScimGroup {
    pub fn version(&self) -> String {
        version(self)
    }
}

fn version(resource: &impl Serialize) -> String {
    let text = serde_json::to_vec(resource).unwrap_or_default();
    secret::sha256(&text).iter().take(12).fold(String::new(), |mut version, byte| {
        let _ = write!(version, "{byte:02x}");
        version
    })
}
