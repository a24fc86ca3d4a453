//! What somebody may do: permission strings, the roles that hold them, and the groups that hold roles.

use crate::{GroupId, RoleId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest part of a permission, in characters.
pub const MAX_PART: usize = 40;

/// The most permissions of one role.
pub const MAX_PERMISSIONS: usize = 200;

/// A permission: `resource:action`, such as `invoice:read`, or `resource:*` for every action on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

/// What is wrong with a permission string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PermissionError {
    #[error("it needs one colon, as in invoice:read")]
    Colon,
    #[error(
        "each side of the colon begins with a lower-case letter, and has only lower-case letters, digits, _ and -"
    )]
    Letters,
    #[error("each side of the colon has {MAX_PART} characters at most")]
    TooLong,
    #[error("only the action may be *, as in invoice:*")]
    Wildcard,
}

impl Permission {
    /// Reads a permission; white space around it is left out.
    ///
    /// # Errors
    /// When it has another form than `resource:action` or `resource:*`.
    pub fn parse(text: &str) -> Result<Self, PermissionError> {
        let text = text.trim();
        let (resource, action) = text.split_once(':').ok_or(PermissionError::Colon)?;
        if action.contains(':') {
            return Err(PermissionError::Colon);
        }
        if resource.contains('*') || (action.contains('*') && action != "*") {
            return Err(PermissionError::Wildcard);
        }
        part(resource)?;
        if action != "*" {
            part(action)?;
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether whoever has this has the other too.
    pub fn covers(&self, other: &Self) -> bool {
        self == other || self.0.strip_suffix('*').is_some_and(|resource| other.0.starts_with(resource))
    }
}

fn part(text: &str) -> Result<(), PermissionError> {
    if text.chars().count() > MAX_PART {
        return Err(PermissionError::TooLong);
    }
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if begins && text.bytes().all(inside) { Ok(()) } else { Err(PermissionError::Letters) }
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

/// The entries of a list of permissions, parted by commas or white space, in order and once each.
///
/// # Errors
/// The first entry that is none, and why.
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

/// A role by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoleName {
    pub id: RoleId,
    pub name: String,
}

/// A group by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupName {
    pub id: GroupId,
    pub name: String,
}

/// Where a permission comes from: a role, and the group that brings the role unless the user has it themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PermissionSource {
    pub role: RoleName,
    pub group: Option<GroupName>,
}

/// One permission that somebody has, and all it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectivePermission {
    pub permission: Permission,
    pub sources: Vec<PermissionSource>,
}

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub permissions: Vec<Permission>,
    /// How many users and groups have it.
    pub users: i64,
    pub groups: i64,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub roles: Vec<RoleName>,
    pub members: i64,
}

/// What is done to people and a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupChange {
    Add,
    Remove,
}

impl GroupChange {
    /// The word that a button sends.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChangeResult {
    pub change: GroupChange,
    /// The group's name.
    pub group: String,
    /// To how many it was done; for the others it was so already.
    pub done: usize,
}

/// All that can be given to somebody.
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
    fn the_grammar() {
        for good in ["invoice:read", "a:b", "user-group:make_all", "x1:*", " invoice:read "] {
            assert!(Permission::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
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
            assert_eq!(Permission::parse(bad), Err(why), "{bad}");
        }
        assert_eq!(Permission::parse(&format!("{}:x", "a".repeat(41))), Err(PermissionError::TooLong));
    }

    #[test]
    fn a_wildcard_covers_its_resource_alone() {
        let p = |text| Permission::parse(text).unwrap();
        assert!(p("invoice:*").covers(&p("invoice:read")));
        assert!(p("invoice:*").covers(&p("invoice:*")));
        assert!(!p("invoice:*").covers(&p("invoices:read")));
        assert!(!p("invoice:read").covers(&p("invoice:*")));
    }

    #[test]
    fn a_list_is_read_once_each_and_names_what_is_wrong() {
        let list = parse_list("b:c, a:b\n\nb:c").unwrap();
        assert_eq!(list.iter().map(Permission::as_str).collect::<Vec<_>>(), ["a:b", "b:c"]);
        assert_eq!(parse_list("a:b, x"), Err(("x".to_owned(), PermissionError::Colon)));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "[a-z*:_ -]{0,12}") {
            if let Ok(permission) = Permission::parse(&text) {
                prop_assert_eq!(Permission::parse(permission.as_str()), Ok(permission.clone()));
                prop_assert!(permission.covers(&permission));
            }
        }
    }
}
