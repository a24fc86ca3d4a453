//! An organization, as everybody may see it, and the two roles in it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What anybody with the address of the login page may know of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSummary {
    pub slug: String,
    pub name: String,
    /// Whether strangers may ask for an invitation.
    pub requests_enabled: bool,
}

/// What somebody is in an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRole {
    Admin,
    #[default]
    Member,
}

impl OrganizationRole {
    pub const ALL: [Self; 2] = [Self::Member, Self::Admin];

    /// The word in the database and in a URL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The words that a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin => "Organization Admin",
            Self::Member => "Organization Member",
        }
    }
}

impl fmt::Display for OrganizationRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A word that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such organization role")]
pub struct NoSuchRole;

impl FromStr for OrganizationRole {
    type Err = NoSuchRole;

    fn from_str(code: &str) -> Result<Self, NoSuchRole> {
        Self::ALL.into_iter().find(|role| role.code() == code).ok_or(NoSuchRole)
    }
}
