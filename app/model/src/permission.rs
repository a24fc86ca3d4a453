//! Permissions, custom roles (sets of permissions) and groups (users who share roles).

use crate::{GroupId, RoleId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use strum::IntoStaticStr;

/// Maximum length of each part of a permission, in characters.
pub const MAX_PART: usize = 40;

/// Most permissions of one role.
pub const MAX_PERMISSIONS: usize = 200;

/// A permission: `resource:action`, such as `invoice:read`, or `resource:*` for every action on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

/// Why a permission string is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PermissionError {
    #[error("use the form resource:action, for example invoice:read")]
    Colon,
    #[error(
        "both parts must start with a lowercase letter and contain only lowercase letters, digits, _ and -"
    )]
    Letters,
    #[error("each part can have at most {MAX_PART} characters")]
    TooLong,
    #[error("* is only allowed as the action, for example invoice:*")]
    Wildcard,
}

impl Permission {
    /// Parses a permission; surrounding whitespace is ignored.
    ///
    /// # Errors
    /// If the form is neither `resource:action` nor `resource:*`.
    pub fn parse(text: &str) -> Result<Self, PermissionError> {
        let text = text.trim();
        let (resource, action) = text.split_once(':').ok_or(PermissionError::Colon)?;
        if action.contains(':') {
            return Err(PermissionError::Colon);
        }
        if resource.contains('*') || (action.contains('*') && action != "*") {
            return Err(PermissionError::Wildcard);
        }
        check_part(resource)?;
        if action != "*" {
            check_part(action)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The permission as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this permission grants the other one too.
    pub fn covers(&self, other: &Self) -> bool {
        self == other || self.0.strip_suffix('*').is_some_and(|resource| other.0.starts_with(resource))
    }
}

fn check_part(text: &str) -> Result<(), PermissionError> {
    if text.chars().count() > MAX_PART {
        return Err(PermissionError::TooLong);
    }
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    let starts_with_letter = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if starts_with_letter && text.bytes().all(is_allowed) { Ok(()) } else { Err(PermissionError::Letters) }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Permission {
    type Error = PermissionError;

    fn try_from(text: String) -> Result<Self, PermissionError> {
        Self::parse(&text)
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.0
    }
}

/// Parses a list of permissions separated by commas or whitespace; sorts it and removes duplicates.
///
/// # Errors
/// The first invalid entry, and why it is invalid.
pub fn parse_list(text: &str) -> Result<Vec<Permission>, (String, PermissionError)> {
    let mut list: Vec<Permission> = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .map(|entry| Permission::parse(entry).map_err(|why| (entry.to_owned(), why)))
        .collect::<Result<_, _>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

/// Id and name of a custom role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoleName {
    pub id: RoleId,
    pub name: String,
}

/// Id and name of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupName {
    pub id: GroupId,
    pub name: String,
}

/// Where a permission comes from: a role, and the group the role comes with (`None` if assigned to the user directly).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PermissionSource {
    pub role: RoleName,
    pub group: Option<GroupName>,
}

/// A permission of a user with all its sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectivePermission {
    pub permission: Permission,
    pub sources: Vec<PermissionSource>,
}

/// A custom role: a named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub permissions: Vec<Permission>,
    /// Number of users who have the role directly.
    pub users: i64,
    /// Number of groups that have the role.
    pub groups: i64,
}

/// A group: users who share roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub roles: Vec<RoleName>,
    /// Number of members.
    pub members: i64,
}

/// A change to the members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum GroupChange {
    Add,
    Remove,
}

impl GroupChange {
    /// The value that the button submits.
    pub const fn code(self) -> &'static str {
        self.into_str()
    }
}

/// The result of a [`GroupChange`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChangeResult {
    pub change: GroupChange,
    /// The group's name.
    pub group: String,
    /// Number of users added or removed; the others were already in or out of the group.
    pub done: usize,
}

/// Roles and groups: those of a user, or those available.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    pub roles: Vec<RoleName>,
    pub groups: Vec<GroupName>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parse_accepts_and_rejects() {
        for valid in ["invoice:read", "a:b", "user-group:make_all", "x1:*", " invoice:read "] {
            assert!(Permission::parse(valid).is_ok(), "{valid}");
        }
        for (invalid, reason) in [
            ("invoice", PermissionError::Colon),
            ("a:b:c", PermissionError::Colon),
            ("", PermissionError::Colon),
            ("*:read", PermissionError::Wildcard),
            ("*:*", PermissionError::Wildcard),
            ("a:re*", PermissionError::Wildcard),
            ("Invoice:read", PermissionError::Letters),
            ("1a:read", PermissionError::Letters),
            (":read", PermissionError::Letters),
            ("a:", PermissionError::Letters),
            ("a b:c", PermissionError::Letters),
            ("ä:c", PermissionError::Letters),
        ] {
            assert_eq!(Permission::parse(invalid), Err(reason), "{invalid}");
        }
        assert_eq!(Permission::parse(&format!("{}:x", "a".repeat(41))), Err(PermissionError::TooLong));
    }

    #[test]
    fn wildcard_covers_only_its_resource() {
        let permission = |text| Permission::parse(text).unwrap();
        assert!(permission("invoice:*").covers(&permission("invoice:read")));
        assert!(permission("invoice:*").covers(&permission("invoice:*")));
        assert!(!permission("invoice:*").covers(&permission("invoices:read")));
        assert!(!permission("invoice:read").covers(&permission("invoice:*")));
    }

    #[test]
    fn list_is_deduplicated_and_names_invalid_entry() {
        let list = parse_list("b:c, a:b\n\nb:c").unwrap();
        assert_eq!(list.iter().map(Permission::as_str).collect::<Vec<_>>(), ["a:b", "b:c"]);
        assert_eq!(parse_list("a:b, x"), Err(("x".to_owned(), PermissionError::Colon)));
    }

    proptest! {
        #[test]
        fn parsed_permission_round_trips(text in "[a-z*:_ -]{0,12}") {
            if let Ok(permission) = Permission::parse(&text) {
                prop_assert_eq!(Permission::parse(permission.as_str()), Ok(permission.clone()));
                prop_assert!(permission.covers(&permission));
            }
        }
    }
}
