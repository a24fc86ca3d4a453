//! API keys, with which API clients such as SCIM clients authenticate.

use crate::field::{self, FieldError};
use crate::{ApiKeyId, FieldErrors, Problem};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The prefix of every key, by which people and secret scanners recognize a leaked one.
pub const KEY_PREFIX: &str = "vestibule_";

/// How many keys an organization can have.
pub const MAX_KEYS: usize = 100;

/// What a key can be used for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(const_into_str)]
pub enum Scope {
    #[serde(rename = "users:read")]
    #[strum(serialize = "users:read")]
    UsersRead,
    #[serde(rename = "users:write")]
    #[strum(serialize = "users:write")]
    UsersWrite,
    #[serde(rename = "groups:read")]
    #[strum(serialize = "groups:read")]
    GroupsRead,
    #[serde(rename = "groups:write")]
    #[strum(serialize = "groups:write")]
    GroupsWrite,
}

impl Scope {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The code in forms, in the database and in `WWW-Authenticate`.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// The label in the UI.
    pub const fn label(self) -> &'static str {
        match self {
            Self::UsersRead => "Read users",
            Self::UsersWrite => "Create, update and delete users",
            Self::GroupsRead => "Read groups",
            Self::GroupsWrite => "Create, update and delete groups",
        }
    }
}

/// How long a new key is valid.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[strum(const_into_str)]
pub enum Lifetime {
    #[default]
    #[serde(rename = "365")]
    #[strum(serialize = "365")]
    Year,
    #[serde(rename = "90")]
    #[strum(serialize = "90")]
    Quarter,
    #[serde(rename = "30")]
    #[strum(serialize = "30")]
    Month,
    #[serde(rename = "")]
    #[strum(serialize = "")]
    Unlimited,
}

impl Lifetime {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The value in forms.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// The number of days, or `None` if the key doesn't expire.
    pub const fn days(self) -> Option<i64> {
        match self {
            Self::Year => Some(365),
            Self::Quarter => Some(90),
            Self::Month => Some(30),
            Self::Unlimited => None,
        }
    }

    /// The label in the UI, under "Expires".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Year => "In 1 year",
            Self::Quarter => "In 90 days",
            Self::Month => "In 30 days",
            Self::Unlimited => "Never",
        }
    }
}

/// An API key in the settings, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The first characters of the key, to identify it by.
    pub prefix: String,
    pub scopes: Vec<Scope>,
    /// The name of the admin who created the key.
    pub created_by: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    /// With a resolution of minutes.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The data of Settings > Provisioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// The SCIM base URL of the organization.
    pub base_url: String,
    /// Newest first.
    pub keys: Vec<ApiKey>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// A newly created API key, with its secret. Only a hash is stored, so this is the only time that it is available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The secret that the client sends as a bearer token.
    pub token: String,
}

/// Validates the form for a new key and returns the trimmed name.
///
/// # Errors
/// [`Problem::Invalid`] for a name that is empty or too long, or if no scope is selected.
pub fn validate_new_key(name: &str, scopes: &[Scope]) -> Result<String, Problem> {
    let mut fields = FieldErrors::default();
    let name = fields.check("name", field::parse_name(name));
    let scopes = fields.check("scopes", if scopes.is_empty() { Err(FieldError::Empty) } else { Ok(()) });
    fields.finish(|| scopes.and(name))
}
