//! The list of users, and the profile of one user.

use crate::audit_log::AuditEvent;
use crate::delivery::{Delivery, DeliveryState};
use crate::permission::{EffectivePermission, Grants, GroupName};
use crate::transitions::MembershipState;
use crate::{GroupId, OrganizationRole, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Rows per page.
pub const PAGE_ROWS: usize = 50;

/// Limit for counting rows; beyond it, a count shows "more than".
pub const MAX_COUNT: u32 = 1_000;

/// A user's status now. `Invited` becomes `Expired` when the invitation's time runs out; the database stores both as
/// invited.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum UserStatus {
    Active,
    Invited,
    Expired,
    Suspended,
}

impl From<UserStatus> for MembershipState {
    fn from(status: UserStatus) -> Self {
        match status {
            UserStatus::Invited => Self::Invited,
            UserStatus::Expired => Self::Expired,
            UserStatus::Active => Self::Active,
            UserStatus::Suspended => Self::Suspended,
        }
    }
}

impl UserStatus {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Invited => "Invited",
            Self::Expired => "Expired",
            Self::Active => "Active",
            Self::Suspended => "Suspended",
        }
    }
}

/// How a user joined.
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
pub enum JoinedBy {
    #[default]
    Invitation,
    /// As the organization's first admin, or with the demo data.
    Setup,
    Sso,
    Scim,
}

impl JoinedBy {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// Whether an external system admitted the user, which the list points out.
    pub const fn is_external(self) -> bool {
        matches!(self, Self::Sso | Self::Scim)
    }

    /// Follows "Joined" in a sentence.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invitation => "via invitation",
            Self::Setup => "during setup",
            Self::Sso => "via SSO",
            Self::Scim => "via SCIM",
        }
    }
}

/// The column that the list is sorted by.
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
pub enum UserSort {
    #[default]
    Name,
    Email,
    Status,
    Role,
    LastLogin,
}

impl UserSort {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub const fn code(self) -> &'static str {
        self.into_str()
    }
}

/// Filters, order and position in the list, all part of the page's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct UsersQuery {
    /// Part of a name or an email address.
    pub search: String,
    /// `None` means all except expired, which have their own tab. With `group`, it means all: a group's count includes
    /// them too.
    pub status: Option<UserStatus>,
    pub role: Option<OrganizationRole>,
    /// Only members of this group.
    pub group: Option<GroupId>,
    pub sort: UserSort,
    pub descending: bool,
    /// Return rows after this cursor: [`UsersPage::next`] of the previous page.
    pub after: Option<String>,
    /// Return rows before this cursor: [`UsersPage::previous`] of the next page.
    pub before: Option<String>,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    /// Empty until the user has entered one.
    pub name: String,
    pub email: String,
    pub status: UserStatus,
    pub role: OrganizationRole,
    /// When the open invitation expires or expired.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    /// State of the newest invitation email.
    pub delivery: Option<DeliveryState>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub last_login_at: Option<DateTime<Utc>>,
    /// `None` until the user has joined.
    pub joined_by: Option<JoinedBy>,
}

/// One page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersPage {
    pub rows: Vec<UserRow>,
    /// The group that the list is filtered by, if it exists.
    pub group: Option<GroupName>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub counts: UserCounts,
    /// The server's time, so that relative times are the same in its HTML and in the browser.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// The counts in the tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCounts {
    pub users: Count,
    pub expired: Count,
    /// Open invitation requests.
    pub requests: Count,
}

/// A count limited to [`MAX_COUNT`], since an exact one would have to read the whole organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub counted: u32,
    /// Whether there are more than `counted`.
    pub more: bool,
}

/// How and when a user joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub by: JoinedBy,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// The profile of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    pub user: UserRow,
    pub invited_by: Option<String>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub invited_at: Option<DateTime<Utc>>,
    pub joined: Option<Joined>,
    /// The user's roles and groups.
    pub granted: Grants,
    /// All roles and groups of the organization.
    pub choices: Grants,
    /// The effective permissions.
    pub permissions: Vec<EffectivePermission>,
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// Audit events about this user, newest first.
    pub timeline: Vec<AuditEvent>,
    /// Whether the user is viewing their own profile.
    pub is_self: bool,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}
