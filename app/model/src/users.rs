//! The list of users and one user's profile.

use crate::audit_log::AuditEvent;
use crate::delivery::{Delivery, DeliveryState};
use crate::permission::{EffectivePermission, Grants, GroupName};
use crate::{GroupId, OrganizationRole, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How many rows a page of the list has.
pub const PAGE_ROWS: usize = 50;

/// How many rows a count goes to; beyond, it says "more than".
pub const MAX_COUNT: u32 = 1_000;

/// What somebody is at this moment. Invited and Expired differ by the clock alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    Invited,
    Expired,
    Active,
    Suspended,
}

impl UserStatus {
    pub const ALL: [Self; 4] = [Self::Active, Self::Invited, Self::Expired, Self::Suspended];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Expired => "expired",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
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

/// The way by which somebody became a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinedBy {
    #[default]
    Invitation,
    /// As the organization's first admin, or with the demo.
    Setup,
    Sso,
    Scim,
}

impl JoinedBy {
    pub const ALL: [Self; 4] = [Self::Invitation, Self::Setup, Self::Sso, Self::Scim];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Setup => "setup",
            Self::Sso => "sso",
            Self::Scim => "scim",
        }
    }

    /// Whether somebody else's system let them in, which the list tells.
    pub const fn is_from_outside(self) -> bool {
        matches!(self, Self::Sso | Self::Scim)
    }

    /// What is read behind "joined".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invitation => "by invitation",
            Self::Setup => "at the set-up",
            Self::Sso => "by SSO",
            Self::Scim => "by SCIM",
        }
    }
}

impl FromStr for JoinedBy {
    type Err = NoSuchChoice;

    fn from_str(code: &str) -> Result<Self, NoSuchChoice> {
        Self::ALL.into_iter().find(|way| way.code() == code).ok_or(NoSuchChoice)
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    #[default]
    Name,
    Email,
    Status,
    Role,
    LastLogin,
}

impl UserSort {
    pub const ALL: [Self; 5] = [Self::Name, Self::Email, Self::Status, Self::Role, Self::LastLogin];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Status => "status",
            Self::Role => "role",
            Self::LastLogin => "last_login",
        }
    }
}

/// A word that names none of the choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of the choices")]
pub struct NoSuchChoice;

impl FromStr for UserStatus {
    type Err = NoSuchChoice;

    fn from_str(code: &str) -> Result<Self, NoSuchChoice> {
        Self::ALL.into_iter().find(|status| status.code() == code).ok_or(NoSuchChoice)
    }
}

impl FromStr for UserSort {
    type Err = NoSuchChoice;

    fn from_str(code: &str) -> Result<Self, NoSuchChoice> {
        Self::ALL.into_iter().find(|sort| sort.code() == code).ok_or(NoSuchChoice)
    }
}

/// Which users, in which order, from where on. All of it stands in the page's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct UsersQuery {
    /// A part of a name or an address.
    pub search: String,
    /// Nothing: all but the expired, which have a tab of their own. Of a group really all, since its count has them too.
    pub status: Option<UserStatus>,
    pub role: Option<OrganizationRole>,
    /// The people of this group alone.
    pub group: Option<GroupId>,
    pub sort: UserSort,
    pub descending: bool,
    /// From the row after this place on; [`UsersPage::next`] of the page before.
    pub after: Option<String>,
    /// Up to the row before this place; [`UsersPage::previous`] of the page behind.
    pub before: Option<String>,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    /// Empty until the person has given one.
    pub name: String,
    pub email: String,
    pub status: UserStatus,
    pub role: OrganizationRole,
    /// When the open invitation ends, or ended.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Where the invitation's newest mail is.
    pub delivery: Option<DeliveryState>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub last_login_at: Option<DateTime<Utc>>,
    /// How they came in; nothing, while they have not.
    pub joined_by: Option<JoinedBy>,
}

/// One page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersPage {
    pub rows: Vec<UserRow>,
    /// The group whose people these are, where one was asked for and is there.
    pub group: Option<GroupName>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub counts: UserCounts,
    /// The server's clock, so that relative times read the same in its HTML and in the browser.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// The tabs' counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCounts {
    pub users: Count,
    pub expired: Count,
    /// The open requests for an invitation.
    pub requests: Count,
}

/// A count that stops at [`MAX_COUNT`], since an exact one would read the whole organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub counted: u32,
    pub more: bool,
}

/// How somebody came in, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub by: JoinedBy,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    pub user: UserRow,
    pub invited_by: Option<String>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub invited_at: Option<DateTime<Utc>>,
    pub joined: Option<Joined>,
    /// What they have.
    pub granted: Grants,
    /// What they could have.
    pub choices: Grants,
    /// What all of it comes to.
    pub permissions: Vec<EffectivePermission>,
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// What was done to them, newest first.
    pub timeline: Vec<AuditEvent>,
    /// Whether it is the one who looks.
    pub own: bool,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}
