//! The public summary of an organization, and the two organization roles.

use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{EnumString, IntoStaticStr, VariantArray};

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
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum OrganizationRole {
    #[default]
    Member,
    Admin,
}

impl OrganizationRole {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name in the database and in URLs.
    pub const fn code(self) -> &'static str {
        self.into_str()
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
