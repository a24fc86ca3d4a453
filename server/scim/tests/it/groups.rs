//! Changes to groups.

use super::{detail, object};
use scim::{Error, GroupUpdate, ScimType, patch};
use serde_json::{Value, json};

fn update(operations: Value) -> Result<GroupUpdate<u64>, Error> {
    GroupUpdate::from_operations(&patch::parse(&object(json!({ "Operations": operations }))).unwrap())
}

#[test]
fn member_operations_apply_in_order() {
    let members = update(json!([
        { "op": "add", "path": "members", "value": [{ "value": "1" }, { "value": "2", "type": "User" }] },
        { "op": "remove", "path": "members[value eq \"1\" or value eq \"x\"]" },
        { "op": "remove", "path": "members", "value": [{ "value": "3" }] },
    ]))
    .unwrap()
    .members;
    assert!(!members.replace);
    assert!(members.add.iter().eq(&[2]) && members.remove.iter().eq(&[1, 3]));
    let members = update(json!([
        { "op": "add", "path": "members", "value": { "value": "1" } },
        { "op": "remove", "path": "members" },
        { "op": "add", "value": { "members": ["4"] } },
    ]))
    .unwrap()
    .members;
    assert!(members.replace && members.add.iter().eq(&[4]) && members.remove.is_empty());
}

#[test]
fn put_replaces_all_attributes() {
    let group = object(json!({ "DISPLAYNAME": "Blobs", "id": "1", "members": [{ "value": "7" }] }));
    let update = GroupUpdate::<u64>::from_document(&group).unwrap();
    assert_eq!((update.name.as_deref(), update.external_id), (Some("Blobs"), Some(None)));
    assert!(update.members.replace && update.members.add.iter().eq(&[7]));
    let unnamed = GroupUpdate::<u64>::from_document(&object(json!({ "members": [] })));
    assert_eq!(detail(unnamed, ScimType::InvalidValue), "displayName is missing.");
}

#[test]
fn invalid_group_operations_are_rejected() {
    for (operation, scim_type) in [
        (json!({ "op": "add", "path": "members", "value": [{ "value": "x" }] }), ScimType::InvalidValue),
        (json!({ "op": "add", "path": "members", "value": [{ "display": "x" }] }), ScimType::InvalidValue),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "1", "type": "Group" }] }),
            ScimType::InvalidValue,
        ),
        (json!({ "op": "replace", "path": "externalId", "value": "x".repeat(501) }), ScimType::InvalidValue),
        (
            json!({ "op": "replace", "path": "members[value eq \"1\"].display", "value": "x" }),
            ScimType::Mutability,
        ),
        (json!({ "op": "remove", "path": "displayName" }), ScimType::Mutability),
        (json!({ "op": "replace", "path": "id", "value": "1" }), ScimType::Mutability),
        (json!({ "op": "remove", "path": "members[type eq \"User\"]" }), ScimType::InvalidFilter),
        (json!({ "op": "add", "path": "userName", "value": "x" }), ScimType::NoTarget),
    ] {
        detail(update(json!([operation])), scim_type);
    }
}
