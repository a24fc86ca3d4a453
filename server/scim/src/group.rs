//! Changes to a `Group` resource (RFC 7643, section 4.2).
//!
//! Unlike a user, a group isn't loaded to be patched: the operations become changes to its members, of which there can
//! be many.

use crate::document::{self, Document, find_field};
use crate::patch::{Op, Operation};
use crate::schema::{Attribute, ResourceType};
use crate::{Error, Filter, PatchPath, ScimType, Target};
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;

/// New values for a group. `None` leaves an attribute as it is. `Id` is the type of the members' ids.
///
/// ```
/// use scim::{GroupUpdate, patch};
/// use serde_json::json;
///
/// let body = json!({ "Operations": [
///     { "op": "add", "path": "members", "value": [{ "value": "7" }] },
///     { "op": "remove", "path": "members[value eq \"8\"]" },
/// ] });
/// let update: GroupUpdate<u64> =
///     GroupUpdate::from_operations(&patch::parse(body.as_object().unwrap()).unwrap()).unwrap();
/// assert_eq!(update.name, None);
/// assert!(update.members.add.contains(&7) && update.members.remove.contains(&8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupUpdate<Id> {
    /// `displayName`.
    pub name: Option<String>,
    /// `externalId`. `Some(None)` removes it.
    pub external_id: Option<Option<String>>,
    /// `members`.
    pub members: MemberChanges<Id>,
}

/// Changes to the members of a group. No member is in both `add` and `remove`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChanges<Id> {
    /// Whether `add` replaces all current members.
    pub replace: bool,
    /// Members to add.
    pub add: BTreeSet<Id>,
    /// Members to remove.
    pub remove: BTreeSet<Id>,
}

impl<Id> Default for GroupUpdate<Id> {
    fn default() -> Self {
        Self { name: None, external_id: None, members: MemberChanges::default() }
    }
}

impl<Id> Default for MemberChanges<Id> {
    fn default() -> Self {
        Self { replace: false, add: BTreeSet::new(), remove: BTreeSet::new() }
    }
}

impl<Id: Ord> MemberChanges<Id> {
    /// Adds members, also those removed by an earlier operation.
    pub fn add(&mut self, members: impl IntoIterator<Item = Id>) {
        for member in members {
            self.remove.remove(&member);
            self.add.insert(member);
        }
    }

    /// Removes members, also those added by an earlier operation.
    pub fn remove(&mut self, members: impl IntoIterator<Item = Id>) {
        for member in members {
            self.add.remove(&member);
            self.remove.insert(member);
        }
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        *self = Self { replace: true, ..Self::default() };
    }
}

impl<Id: FromStr + Ord> GroupUpdate<Id> {
    /// Parses a `Group` resource, for POST and PUT.
    ///
    /// # Errors
    /// `invalidValue` for a missing `displayName` or a value of the wrong type.
    pub fn from_document(raw: &Document) -> Result<Self, Error> {
        let mut update = Self { external_id: Some(None), ..Self::default() };
        update.members.clear();
        for (name, value) in raw {
            update.apply_named(Op::Replace, name, value)?;
        }
        if update.name.is_none() {
            return Err(invalid_value("displayName is missing."));
        }
        Ok(update)
    }

    /// Converts the operations of a PATCH, applied in order, to an update.
    ///
    /// # Errors
    /// An invalid path or value, a read-only or required attribute, a value filter that isn't `value eq "…"`.
    pub fn from_operations(operations: &[Operation]) -> Result<Self, Error> {
        let mut update = Self::default();
        for operation in operations {
            let Some(path) = &operation.path else {
                for (name, value) in operation.value.as_object().into_iter().flatten() {
                    update.apply_named(operation.op, name, value)?;
                }
                continue;
            };
            let path = PatchPath::parse(ResourceType::Group, path)?;
            let Target::Attribute(target) = path.target else { continue };
            let leaf = target.leaf();
            if leaf.is_read_only() && target.sub_attribute.is_none() {
                return Err(immutable(format!("{} is read-only.", leaf.name)));
            }
            if operation.op == Op::Remove && leaf.required {
                return Err(immutable(format!("{} is required and can't be removed.", leaf.name)));
            }
            match (&path.value_filter, operation.op) {
                (Some(filter), Op::Remove) if path.sub_attribute.is_none() => {
                    update.members.remove(filtered_members(filter)?);
                }
                (Some(_), _) => {
                    return Err(immutable("Members can be added and removed, but not changed."));
                }
                (None, op) => update.apply(op, target.attribute, &operation.value)?,
            }
        }
        Ok(update)
    }

    /// Applies one attribute by name. Unknown and read-only ones are ignored.
    fn apply_named(&mut self, op: Op, name: &str, value: &Value) -> Result<(), Error> {
        match Target::parse(ResourceType::Group, name) {
            Some(Target::Attribute(path)) if !path.attribute.is_read_only() => {
                self.apply(op, path.attribute, value)
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, op: Op, attribute: &'static Attribute, value: &Value) -> Result<(), Error> {
        if attribute.multi_valued {
            return self.apply_members(op, value);
        }
        let value = if op == Op::Remove { &Value::Null } else { value };
        let text = match document::normalize(attribute, value)? {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        if attribute.name == "externalId" {
            self.external_id = Some(text);
        } else {
            self.name = Some(text.unwrap_or_default());
        }
        Ok(())
    }

    fn apply_members(&mut self, op: Op, value: &Value) -> Result<(), Error> {
        let values: &[Value] = match value {
            Value::Null => &[],
            Value::Array(values) => values,
            value => std::slice::from_ref(value),
        };
        let members: Vec<Option<Id>> =
            values.iter().map(|value| parse_member(value, op)).collect::<Result<_, _>>()?;
        let members = members.into_iter().flatten();
        match op {
            Op::Add => self.members.add(members),
            Op::Replace => {
                self.members.clear();
                self.members.add(members);
            }
            Op::Remove if value.is_null() => self.members.clear(),
            Op::Remove => self.members.remove(members),
        }
        Ok(())
    }
}

/// The id in a value of `members`. Removing one that can't be the id of a user has no effect: `None`.
fn parse_member<Id: FromStr>(value: &Value, op: Op) -> Result<Option<Id>, Error> {
    let id = match value {
        Value::String(id) => Some(id.as_str()),
        Value::Object(object) => {
            let text = |name| find_field(object, name).and_then(Value::as_str);
            if text("type").is_some_and(|member_type| !member_type.eq_ignore_ascii_case("user")) {
                return Err(invalid_value("members: only users can be members of a group."));
            }
            text("value")
        }
        _ => None,
    };
    let id = id.ok_or_else(|| invalid_value("members: “value” is missing."))?;
    match id.parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) if op == Op::Remove => Ok(None),
        Err(_) => Err(invalid_value(format!("members: no user has the id {id}."))),
    }
}

/// The members that a value filter selects.
fn filtered_members<Id: FromStr>(filter: &Filter) -> Result<Vec<Id>, Error> {
    let ids = filter.any_of("value").ok_or_else(|| {
        let detail = "Members can only be selected by “value eq \"…\"”.";
        Error::bad_request(ScimType::InvalidFilter, detail)
    })?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

fn immutable(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::Mutability, detail)
}

fn invalid_value(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidValue, detail)
}
