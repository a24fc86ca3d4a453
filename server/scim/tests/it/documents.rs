//! Normalized resources.

use super::{detail, object};
use scim::schema::ENTERPRISE;
use scim::{Document, Error, ResourceType, ScimType, document};
use serde_json::{Value, json};

fn parse(user: Value) -> Result<Document, Error> {
    document::parse(ResourceType::User, &object(user))
}

#[test]
fn names_and_types_are_normalized() {
    let parsed = parse(json!({
        "USERNAME": "a@b.example",
        "active": "False",
        "name": { "GIVENNAME": "Ann", "unknown": "x" },
        "emails": { "value": "a@b.example", "primary": "true" },
        format!("{}:employeenumber", ENTERPRISE.to_uppercase()): 17,
        ENTERPRISE: { "manager": "26118915" },
    }));
    let expected = json!({
        "userName": "a@b.example",
        "active": false,
        "name": { "givenName": "Ann" },
        "emails": [{ "value": "a@b.example", "primary": true }],
        ENTERPRISE: { "employeeNumber": "17", "manager": { "value": "26118915" } },
    });
    assert_eq!(parsed.map(Value::Object), Ok(expected));
}

#[test]
fn unknown_and_read_only_attributes_are_ignored() {
    let ignored =
        json!({ "id": "1", "meta": { "created": "x" }, "groups": [{ "value": "1" }], "password": "x" });
    assert_eq!(parse(ignored), Ok(Document::new()));
    // Neither is a null or an empty value stored.
    assert_eq!(parse(json!({ "title": null, "nickName": "", "roles": [], "name": {} })), Ok(Document::new()));
}

#[test]
fn invalid_values_name_their_attribute() {
    let many: Vec<Value> = (0..=document::MAX_VALUES).map(|n| json!({ "value": n.to_string() })).collect();
    for (user, message) in [
        (json!({ "active": "perhaps" }), "active: expected true or false."),
        (json!({ "title": ["x"] }), "title: expected a string."),
        (json!({ "name": "Ann" }), "name: expected an object."),
        (json!({ "title": "x\u{0}" }), "title: contains a NUL character."),
        (json!({ "title": "x".repeat(1_001) }), "title: too long, at most 1000 characters."),
        (json!({ "externalId": "x".repeat(501) }), "externalId: too long, at most 500 characters."),
        (json!({ "roles": many }), "roles: too many values, at most 100."),
        (
            json!({ "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
            "emails: at most one value can be primary.",
        ),
    ] {
        assert_eq!(detail(parse(user), ScimType::InvalidValue), message);
    }
}
