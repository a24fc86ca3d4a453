//! The parameters `attributes` and `excludedAttributes`.

use super::object;
use scim::schema::ENTERPRISE;
use scim::{ListParameters, Projection, ResourceType};
use serde_json::{Value, json};

fn projection(query: &str) -> Projection {
    ListParameters::from_query(query).unwrap().projection(ResourceType::User)
}

fn project(query: &str) -> Value {
    let mut user = object(json!({
        "schemas": ["x"],
        "id": "1",
        "userName": "a@b.example",
        "name": { "givenName": "Ann", "familyName": "Blob" },
        "emails": [{ "value": "a", "type": "work" }, { "value": "b" }],
        ENTERPRISE: { "department": "Tours", "manager": { "value": "7", "displayName": "Bob" } },
    }));
    projection(query).apply(&mut user);
    user.into()
}

#[test]
fn attributes_are_selected_with_id_and_schemas() {
    assert_eq!(
        project("attributes=userName,NAME.familyname,%20emails.value,unknown"),
        json!({
            "schemas": ["x"], "id": "1", "userName": "a@b.example", "name": { "familyName": "Blob" },
            "emails": [{ "value": "a" }, { "value": "b" }],
        })
    );
    assert_eq!(
        project(&format!("attributes={ENTERPRISE}:manager.value")),
        json!({ "schemas": ["x"], "id": "1", ENTERPRISE: { "manager": { "value": "7" } } })
    );
    assert_eq!(project("attributes=unknown"), json!({ "schemas": ["x"], "id": "1" }));
}

#[test]
fn excluded_attributes_are_removed_except_id() {
    assert_eq!(
        project(&format!("excludedAttributes=id,emails.type,name,{ENTERPRISE}")),
        json!({
            "schemas": ["x"], "id": "1", "userName": "a@b.example", "emails": [{ "value": "a" }, { "value": "b" }],
        })
    );
}

#[test]
fn projection_reports_what_it_includes() {
    assert!(projection("").includes("emails"));
    assert!(projection("attributes=emails.value").includes("emails"));
    assert!(!projection("attributes=userName").includes("emails"));
    assert!(!projection("excludedAttributes=emails").includes("emails"));
    assert!(projection("excludedAttributes=emails.type").includes("emails"));
    // `attributes` wins if both are given.
    assert!(projection("attributes=emails&excludedAttributes=emails").includes("emails"));
}
