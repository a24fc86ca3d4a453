//! API keys: what lets a program in, such as the directory that provisions users.

use crate::field::{self, FieldError};
use crate::users::UnknownCode;
use crate::{ApiKeyId, FieldProblem, Problem};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What every key begins with, so that one is known for what it is wherever it turns up.
pub const KEY_PREFIX: &str = "vestibule_";

/// How many keys an organization may have.
pub const MAX_KEYS: usize = 100;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    #[serde(rename = "users:read")]
    UsersRead,
    #[serde(rename = "users:write")]
    UsersWrite,
    #[serde(rename = "groups:read")]
    GroupsRead,
    #[serde(rename = "groups:write")]
    GroupsWrite,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::UsersRead, Self::UsersWrite, Self::GroupsRead, Self::GroupsWrite];

    pub const fn code(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::GroupsRead => "groups:read",
            Self::GroupsWrite => "groups:write",
        }
    }

    /// The words that a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::UsersRead => "Read users",
            Self::UsersWrite => "Create, change and remove users",
            Self::GroupsRead => "Read groups",
            Self::GroupsWrite => "Create, change and remove groups",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|scope| scope.code() == code).ok_or(UnknownCode)
    }
}

/// How long a key lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lifetime {
    #[default]
    #[serde(rename = "365")]
    Year,
    #[serde(rename = "90")]
    Quarter,
    #[serde(rename = "30")]
    Month,
    #[serde(rename = "")]
    Forever,
}

impl Lifetime {
    pub const ALL: [Self; 4] = [Self::Year, Self::Quarter, Self::Month, Self::Forever];

    /// As a form has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Year => "365",
            Self::Quarter => "90",
            Self::Month => "30",
            Self::Forever => "",
        }
    }

    pub const fn days(self) -> Option<i64> {
        match self {
            Self::Year => Some(365),
            Self::Quarter => Some(90),
            Self::Month => Some(30),
            Self::Forever => None,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Year => "After a year",
            Self::Quarter => "After 90 days",
            Self::Month => "After 30 days",
            Self::Forever => "Never",
        }
    }
}

/// A key as the settings show it. The key itself is shown once, when it is made, and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// Its first letters.
    pub prefix: String,
    pub scopes: Vec<Scope>,
    pub created_by: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// What the directory is given as the address of this organization.
    pub base_url: String,
    /// Newest first.
    pub keys: Vec<ApiKey>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The key itself.
    pub text: String,
}

/// Checks what was typed for a new key, and gives its name.
///
/// # Errors
/// A name that is empty or too long; no scope at all.
pub fn check(name: &str, scopes: &[Scope]) -> Result<String, Problem> {
    let problem = |field: &str, error| FieldProblem { field: field.to_owned(), error };
    match (field::parse_name(name), scopes.is_empty()) {
        (Ok(name), false) => Ok(name),
        (name, none) => {
            let fields = [
                name.err().map(|error| problem("name", error)),
                none.then(|| problem("scopes", FieldError::Empty)),
            ];
            Err(Problem::Invalid { fields: fields.into_iter().flatten().collect() })
        }
    }
}
