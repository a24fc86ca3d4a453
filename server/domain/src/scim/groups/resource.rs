//! The `Group` resource as JSON (RFC 7643, section 4.2), and PATCH for it.
//!
//! Unlike a user, a group isn't loaded to be patched: the operations become changes to its members, of which there can
//! be many.

use super::attribute_path::{self, Target};
use super::document::{self, Document};
use super::error::{ScimError, ScimType};
use super::patch::{self, Op, Operation};
use super::projection::Projection;
use super::{parser, user};
use domain::scim::schema::{Attribute, GROUP, ResourceType};
use domain::scim::{Filter, GroupMember, GroupUpdate, MAX_EXTERNAL_ID, MemberChanges, ScimGroup};
use model::UserId;
use serde_json::{Map, Value, json};

/// Converts a group to JSON.
pub fn to_json(group: &ScimGroup, base_url: &str, projection: &Projection) -> Value {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([GROUP]));
    resource.insert("id".to_owned(), json!(group.id));
    if let Some(id) = &group.external_id {
        resource.insert("externalId".to_owned(), json!(id));
    }
    resource.insert("displayName".to_owned(), json!(group.name));
    if let Some(members) = &group.members {
        let member = |member: &GroupMember| {
            json!({
                "value": member.id,
                "$ref": format!("{base_url}/Users/{}", member.id),
                "type": "User",
                "display": member.display,
            })
        };
        resource.insert("members".to_owned(), members.iter().map(member).collect());
    }
    let meta = user::meta(
        ResourceType::Group,
        &group.id.to_string(),
        group.created_at,
        group.modified_at,
        &group.version(),
        base_url,
    );
    resource.insert("meta".to_owned(), meta);
    projection.apply(&mut resource);
    Value::Object(resource)
}

/// Parses a `Group` resource, for POST and PUT.
///
/// # Errors
/// `invalidValue` for a missing `displayName` or a value of the wrong type.
pub fn from_json(raw: &Document) -> Result<GroupUpdate, ScimError> {
    let mut update = GroupUpdate { external_id: Some(None), ..GroupUpdate::default() };
    update.members.clear();
    for (name, value) in raw {
        apply_named(&mut update, Op::Replace, name, value)?;
    }
    if update.name.is_none() {
        return Err(invalid_value("displayName is missing.".to_owned()));
    }
    Ok(update)
}

/// Converts the operations of a PATCH, applied in order, to an update.
///
/// # Errors
/// An invalid path or value, a read-only or required attribute, a value filter that isn't `value eq "…"`.
pub fn from_operations(operations: &[Operation]) -> Result<GroupUpdate, ScimError> {
    let mut update = GroupUpdate::default();
    for operation in operations {
        let Some(path) = &operation.path else {
            for (name, value) in operation.value.as_object().into_iter().flatten() {
                apply_named(&mut update, operation.op, name, value)?;
            }
            continue;
        };
        let path = parser::parse_path(ResourceType::Group, path)?;
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
                return Err(immutable("Members can be added and removed, but not changed.".to_owned()));
            }
            (None, op) => apply(&mut update, op, target.attribute, &operation.value)?,
        }
    }
    Ok(update)
}

/// Applies one attribute by name. Unknown and read-only ones are ignored.
fn apply_named(update: &mut GroupUpdate, op: Op, name: &str, value: &Value) -> Result<(), ScimError> {
    match attribute_path::resolve(ResourceType::Group, name) {
        Some(Target::Attribute(path)) if !path.attribute.is_read_only() => {
            apply(update, op, path.attribute, value)
        }
        _ => Ok(()),
    }
}

fn apply(
    update: &mut GroupUpdate,
    op: Op,
    attribute: &'static Attribute,
    value: &Value,
) -> Result<(), ScimError> {
    if attribute.multi_valued {
        return apply_members(&mut update.members, op, value);
    }
    let value = if op == Op::Remove { &Value::Null } else { value };
    let text = match document::normalize(attribute, value)? {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    if attribute.name == "externalId" {
        if text.as_ref().is_some_and(|id| id.chars().count() > MAX_EXTERNAL_ID) {
            return Err(invalid_value(format!(
                "externalId: too long, at most {MAX_EXTERNAL_ID} characters."
            )));
        }
        update.external_id = Some(text);
    } else {
        update.name = Some(text.unwrap_or_default());
    }
    Ok(())
}

fn apply_members(changes: &mut MemberChanges, op: Op, value: &Value) -> Result<(), ScimError> {
    let values: &[Value] = match value {
        Value::Null => &[],
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    };
    let users: Vec<Option<UserId>> =
        values.iter().map(|value| parse_member(value, op)).collect::<Result<_, _>>()?;
    let users = users.into_iter().flatten();
    match op {
        Op::Add => changes.add(users),
        Op::Replace => {
            changes.clear();
            changes.add(users);
        }
        Op::Remove if value.is_null() => changes.clear(),
        Op::Remove => changes.remove(users),
    }
    Ok(())
}

/// The user that a value of `members` refers to. Removing an id that isn't a UUID has no effect: `None`.
fn parse_member(value: &Value, op: Op) -> Result<Option<UserId>, ScimError> {
    let id = match value {
        Value::String(id) => Some(id.as_str()),
        Value::Object(object) => {
            let text = |name| patch::find_field(object, name).and_then(Value::as_str);
            if text("type").is_some_and(|member_type| !member_type.eq_ignore_ascii_case("user")) {
                return Err(invalid_value("members: only users can be members of a group.".to_owned()));
            }
            text("value")
        }
        _ => None,
    };
    let id = id.ok_or_else(|| invalid_value("members: “value” is missing.".to_owned()))?;
    match id.parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) if op == Op::Remove => Ok(None),
        Err(_) => Err(invalid_value(format!("members: no user has the id {id}."))),
    }
}

/// The users that a value filter on `members` selects.
fn filtered_members(filter: &Filter) -> Result<Vec<UserId>, ScimError> {
    let ids = filter.any_of("value").ok_or_else(|| {
        let detail = "Members can only be selected by “value eq \"…\"”.";
        ScimError::bad_request(ScimType::InvalidFilter, detail)
    })?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

fn immutable(detail: String) -> ScimError {
    ScimError::bad_request(ScimType::Mutability, detail)
}

fn invalid_value(detail: String) -> ScimError {
    ScimError::bad_request(ScimType::InvalidValue, detail)
}
