//! The public summary of an organization, and the two organization roles.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What anyone may know about an organization; shown on its login page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSummary {
    /// The organization's part of the URL: `/o/{slug}`.
    pub slug: String,
    pub name: String,
    /// Whether anyone may request an invitation.
    pub requests_enabled: bool,
}

/// A user's role in the organization. Not to be confused with custom roles, see [`Role`](crate::permission::Role).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRole {
    Admin,
    #[default]
    Member,
}

impl OrganizationRole {
    pub const ALL: [Self; 2] = [Self::Member, Self::Admin];

    /// The name in the database and in URLs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The label that people read.
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

/// An unknown organization role code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown organization role")]
pub struct UnknownRole;

impl FromStr for OrganizationRole {
    type Err = UnknownRole;

    fn from_str(code: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.code() == code).ok_or(UnknownRole)
    }
}
