//! PATCH operations on users.

use super::{detail, object};
use scim::schema::ENTERPRISE;
use scim::{Document, Error, ResourceType, ScimType, patch};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Applies operations to a user.
fn apply(user: &Value, operations: Value) -> Result<Value, Error> {
    let mut user = object(user.clone());
    let operations = patch::parse(&object(json!({ "Operations": operations })))?;
    patch::apply(ResourceType::User, &mut user, &operations).map(|()| Value::Object(user))
}

fn user() -> Value {
    json!({
        "userName": "bjensen@example.com",
        "name": { "familyName": "Jensen", "formatted": "Ms. Jensen" },
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
    })
}

/// One attribute after a single operation.
fn after(name: &str, operation: Value) -> Value {
    apply(&user(), json!([operation])).unwrap()[name].clone()
}

#[test]
fn single_values_are_set_merged_and_removed() {
    assert_eq!(after("title", json!({ "op": "add", "path": "title", "value": "Guide" })), "Guide");
    assert_eq!(after("title", json!({ "OP": "Replace", "Path": "TITLE", "Value": 5 })), "5");
    assert_eq!(
        after("name", json!({ "op": "replace", "path": "name", "value": { "givenName": "Barb" } })),
        json!({ "familyName": "Jensen", "formatted": "Ms. Jensen", "givenName": "Barb" })
    );
    assert_eq!(
        after("name", json!({ "op": "remove", "path": "name.formatted" })),
        json!({ "familyName": "Jensen" })
    );
    assert_eq!(after("name", json!({ "op": "remove", "path": "name" })), Value::Null);
}

#[test]
fn extension_attributes_are_patched() {
    let department = format!("{ENTERPRISE}:department");
    let changed = apply(
        &user(),
        json!([
            { "op": "add", "path": department, "value": "Tours" },
            { "op": "add", "path": ENTERPRISE, "value": { "costCenter": "4130", "manager": "7" } },
            { "op": "remove", "path": department },
        ]),
    )
    .unwrap();
    assert_eq!(changed[ENTERPRISE], json!({ "costCenter": "4130", "manager": { "value": "7" } }));
    let removed = apply(&changed, json!([{ "op": "remove", "path": ENTERPRISE }])).unwrap();
    assert_eq!(removed.get(ENTERPRISE), None);
}

#[test]
fn values_are_added_replaced_and_removed() {
    let values = |operation| {
        let emails = after("emails", operation);
        let emails = emails.as_array().into_iter().flatten();
        emails.map(|email| email["value"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let (work, home) = ("bjensen@example.com", "babs@jensen.org");
    let new = json!([{ "value": "x@y.example" }]);
    assert_eq!(values(json!({ "op": "add", "path": "emails", "value": new })), [work, home, "x@y.example"]);
    let existing = json!({ "type": "home", "value": home });
    assert_eq!(values(json!({ "op": "add", "path": "emails", "value": existing })), [work, home]);
    assert_eq!(values(json!({ "op": "replace", "path": "emails", "value": new })), ["x@y.example"]);
    assert_eq!(values(json!({ "op": "remove", "path": "emails" })), [""; 0]);
    assert_eq!(values(json!({ "op": "remove", "path": "emails[type eq \"work\"]" })), [home]);
    // Entra ID: the values to remove, a value filter as a name, a value that the filter creates.
    assert_eq!(values(json!({ "op": "remove", "path": "emails", "value": [{ "value": work }] })), [home]);
    assert_eq!(
        values(json!({ "op": "replace", "value": { "emails[type eq \"home\"].value": "n" } })),
        [work, "n"]
    );
    assert_eq!(
        values(json!({ "op": "add", "path": "emails[type eq \"other\"].value", "value": "n" })),
        [work, home, "n"]
    );
}

#[test]
fn new_primary_value_replaces_the_old_one() {
    let emails = after(
        "emails",
        json!({ "op": "add", "path": "emails", "value": [{ "value": "x@y.example", "primary": true }] }),
    );
    let primary = emails.as_array().unwrap().iter().filter(|email| email["primary"] == true);
    assert!(primary.map(|email| &email["value"]).eq(["x@y.example"]));
}

#[test]
fn invalid_operations_are_rejected() {
    for (operation, scim_type) in [
        (
            json!({ "op": "replace", "path": "emails[type eq \"moon\"].value", "value": "x" }),
            ScimType::NoTarget,
        ),
        (json!({ "op": "replace", "path": "unknown", "value": "x" }), ScimType::NoTarget),
        (json!({ "op": "remove" }), ScimType::NoTarget),
        (json!({ "op": "remove", "path": "emails[type eq" }), ScimType::InvalidPath),
        (json!({ "op": "remove", "path": 5 }), ScimType::InvalidPath),
        (json!({ "op": "move", "path": "title" }), ScimType::InvalidSyntax),
        (json!("add"), ScimType::InvalidSyntax),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), ScimType::InvalidValue),
        (json!({ "op": "add", "value": "text" }), ScimType::InvalidValue),
        (json!({ "op": "replace", "path": "id", "value": "1" }), ScimType::Mutability),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "1" }] }), ScimType::Mutability),
        (json!({ "op": "remove", "path": "userName" }), ScimType::Mutability),
    ] {
        detail(apply(&user(), json!([operation])), scim_type);
    }
    detail(patch::parse(&Document::new()), ScimType::InvalidSyntax);
}

/// Long arrays, many operations on them, many terms in each value filter.
#[test]
fn patch_cost_is_limited() {
    let emails = |letter: &str| -> Value {
        let value = |n: usize| json!({ "value": format!("{}{n}", letter.repeat(990)), "type": "work" });
        (0..99).map(value).collect()
    };
    let value_filter = |term: &str| format!("emails[{}]", vec![term; 199].join(" or "));
    let no_match = value_filter("type eq \"x\"");
    let non_ascii = value_filter("value co \"İx\"");
    let replace_all = json!({ "op": "replace", "path": "emails", "value": emails("a") });
    let replace_type = json!({ "op": "replace", "path": "emails[type eq \"work\"].type", "value": "work" });
    // One attribute in every combination of upper and lower case.
    let names: Value = (0..1_024_u32)
        .map(|n| {
            let letters = "emailstype".chars().enumerate();
            let mut name: String =
                letters.map(|(bit, c)| if n >> bit & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
            name.insert(6, '.');
            (name, json!("home"))
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (letter, operation, times) in [
        ("a", replace_all, 25),
        ("a", replace_type.clone(), 18_000),
        ("a", json!({ "op": "remove", "path": no_match }), 1_000),
        ("ß", json!({ "op": "remove", "path": non_ascii }), 700),
        ("a", json!({ "op": "replace", "value": names }), 150),
    ] {
        let user = json!({ "emails": emails(letter) });
        let start = Instant::now();
        let operations = vec![operation.clone(); times];
        let detail = detail(apply(&user, json!(operations)), ScimType::InvalidSyntax);
        assert!(detail.contains("too many changes for one request"), "{detail}");
        let input: String = operation.to_string().chars().take(60).collect();
        // Without the limit it takes minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{input} took {:?}", start.elapsed());
    }
    // What a real client could send.
    apply(&json!({ "emails": emails("a") }), json!(vec![replace_type; 50])).unwrap();
}
