//! Properties that hold for every filter, attribute path and PATCH body. The fuzzer (server/fuzz) searches for input
//! that breaks them; the tests below check them for the seeds, among them all input that once broke one.

use crate::document::MAX_VALUES;
use crate::parser::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS};
use crate::schema::{ENTERPRISE, MAX_EXTERNAL_ID, MAX_TEXT, ResourceType};
use crate::{Document, Error, Filter, GroupUpdate, PatchPath, ScimType, Target, document, patch};
use http::StatusCode;
use serde_json::{Value, json};

/// Checks a filter.
///
/// # Panics
/// When a property doesn't hold.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for resource_type in ResourceType::ALL {
        match Filter::parse(resource_type, text) {
            Ok(filter) => check_filter(&filter, text),
            Err(error) => check_error(&error, &[ScimType::InvalidFilter], text.len()),
        }
    }
}

/// Checks the path of a PATCH operation.
///
/// # Panics
/// When a property doesn't hold.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for resource_type in ResourceType::ALL {
        match PatchPath::parse(resource_type, text) {
            Ok(path) => check_path(path, text),
            Err(error) => check_error(&error, &[ScimType::InvalidPath, ScimType::NoTarget], text.len()),
        }
    }
}

fn check_path(path: PatchPath, text: &str) {
    let Target::Attribute(target) = path.target else {
        assert!(path.value_filter.is_none(), "value filter on a schema");
        assert!(path.sub_attribute.is_none(), "sub-attribute of a schema");
        return;
    };
    assert!(
        path.sub_attribute.is_none() || path.value_filter.is_some(),
        "sub-attribute without a value filter"
    );
    if let Some(filter) = path.value_filter {
        assert!(target.attribute.multi_valued, "value filter on a single value");
        check_filter(&Filter::ValuePath(target.attribute, Box::new(filter)), text);
    }
}

/// Checks the body of a PATCH request, applied to two users and a group.
///
/// # Panics
/// When a property doesn't hold.
pub fn patch(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Document>(data) else { return };
    let operations = match patch::parse(&body) {
        Ok(operations) => operations,
        Err(error) => return check_error(&error, &[], data.len()),
    };
    assert!(operations.len() <= patch::MAX_OPERATIONS, "too many operations");
    for user in sample_users() {
        match apply(user, &operations) {
            Ok(document) => check_document(&document),
            Err(error) => check_error(&error, &[], data.len()),
        }
    }
    match GroupUpdate::<u64>::from_operations(&operations) {
        Ok(update) => {
            let texts = [update.name, update.external_id.flatten()];
            texts.iter().flatten().for_each(|text| check_storable(text));
            assert!(update.members.add.is_disjoint(&update.members.remove), "member both added and removed");
        }
        Err(error) => check_error(&error, &[], data.len()),
    }
}

fn apply(mut document: Document, operations: &[patch::Operation]) -> Result<Document, Error> {
    patch::apply(ResourceType::User, &mut document, operations)?;
    document::parse(ResourceType::User, &document)
}

/// An accepted filter respects the limits, and can be evaluated.
fn check_filter(filter: &Filter, text: &str) {
    assert!(text.len() <= MAX_LENGTH, "too long");
    let (depth, terms) = depth_and_terms(filter);
    // Each level of parentheses can add an `or`, an `and` and a `not`.
    assert!(depth <= 3 * MAX_DEPTH + 3, "{depth} levels");
    // A comparison after a value filter isn't counted separately.
    assert!(terms <= 2 * MAX_TERMS, "{terms} terms");
    // These must not panic.
    filter.matches(&Document::new());
    filter.required_values();
    filter.any_of("value");
}

fn depth_and_terms(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => {
            let (depth, terms) = filters
                .iter()
                .map(depth_and_terms)
                .fold((0, 0), |(depth, terms), filter| (depth.max(filter.0), terms + filter.1));
            (depth + 1, terms.max(1))
        }
        Filter::Not(inner) | Filter::ValuePath(_, inner) => {
            let (depth, terms) = depth_and_terms(inner);
            (depth + 1, terms)
        }
        Filter::Attribute(_) => (1, 1),
    }
}

/// An error is a 400 with one of these types (any if empty), and its detail isn't much longer than the input.
fn check_error(error: &Error, expected: &[ScimType], input_length: usize) {
    assert_eq!(error.status, StatusCode::BAD_REQUEST);
    let scim_type = error.scim_type.filter(|actual| expected.is_empty() || expected.contains(actual));
    assert!(scim_type.is_some(), "{error:?}");
    assert!(!error.detail.is_empty() && error.detail.len() <= 3 * input_length + 300, "{error:?}");
}

/// The result of a PATCH is normalized, and a database can store it.
fn check_document(document: &Document) {
    assert_eq!(
        document::parse(ResourceType::User, document).as_ref(),
        Ok(document),
        "normalizing isn't idempotent"
    );
    document.values().for_each(check_value);
    if let Some(Value::String(id)) = document.get("externalId") {
        assert!(id.chars().count() <= MAX_EXTERNAL_ID, "externalId is too long: {id}");
    }
}

fn check_value(value: &Value) {
    match value {
        Value::String(text) => check_storable(text),
        Value::Bool(_) => {}
        Value::Array(values) => {
            assert!(!values.is_empty() && values.len() <= MAX_VALUES, "{} values", values.len());
            values.iter().for_each(check_value);
            let primary = values.iter().filter(|value| value.get("primary") == Some(&Value::Bool(true)));
            assert!(primary.count() <= 1, "several primary values");
        }
        Value::Object(object) => {
            assert!(!object.is_empty(), "empty object");
            object.values().for_each(check_value);
        }
        Value::Null | Value::Number(_) => assert_eq!(value, &json!("a string or a boolean")),
    }
}

fn check_storable(text: &str) {
    assert!(text.chars().count() <= MAX_TEXT, "too long: {text}");
    assert!(!text.contains('\0'), "NUL, which Postgres can't store: {text:?}");
}

/// A user with few attributes, and one with many.
fn sample_users() -> [Document; 2] {
    let small = json!({ "userName": "bjensen@example.com", "active": true });
    let large = json!({
        "userName": "bjensen@example.com",
        "active": true,
        "displayName": "Barbara Jensen",
        "name": { "familyName": "Jensen", "givenName": "Barbara", "formatted": "Ms. Barbara J Jensen III" },
        "title": "Vice President",
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "addresses": [
            { "type": "work", "streetAddress": "911 Universal City Plaza", "country": "US", "primary": true },
            { "type": "home", "streetAddress": "456 Hollywood Blvd" },
        ],
        "phoneNumbers": [{ "value": "555-555-8377", "type": "work" }],
        ENTERPRISE: { "department": "Tour Operations", "manager": { "value": "26118915", "displayName": "John Smith" } },
    });
    [small, large].map(|user| user.as_object().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::path::Path;

    /// Runs a fuzz target on its seeds.
    fn run_seeds(target: &str, check: impl Fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // Shown only when the test fails.
            println!("{}", file.display());
            check(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn filter_seeds_pass() {
        run_seeds("scim_filter", super::filter);
    }

    #[test]
    fn path_seeds_pass() {
        run_seeds("scim_path", super::path);
    }

    #[test]
    fn patch_seeds_pass() {
        run_seeds("scim_patch", super::patch);
    }

    /// Tokens of filters and paths, and arbitrary text.
    fn token() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => prop::sample::select(vec![
                "userName", "emails", "emails.value", "name", "active", "externalId", "groups", "members", "members.value",
                "displayName", "meta.created", "phoneNumbers[type eq \"fax\"]", "value", "type", "$ref",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            ]).prop_map(str::to_owned),
            4 => prop::sample::select(vec![
                "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not", "(", ")", "[", "]", ".", "not(",
            ]).prop_map(str::to_owned),
            3 => prop::sample::select(vec![
                "true", "False", "null", "5", "-1.5e9", "\"x\"", "\"2011-05-13T04:42:34Z\"", "\"\\u0000\"", "\"", "1e999",
                "\"\\ud800\"", "\"9999999-01-01T00:00:00Z\"", "\"é\"",
            ]).prop_map(str::to_owned),
            1 => "\\PC{0,12}",
        ]
    }

    fn tokens() -> impl Strategy<Value = String> {
        (prop::collection::vec(token(), 0..14), prop::sample::select(vec![" ", ""]))
            .prop_map(|(tokens, separator)| tokens.join(separator))
    }

    proptest! {
        #[test]
        fn random_filters_and_paths_pass(text in tokens()) {
            super::filter(text.as_bytes());
            super::path(text.as_bytes());
        }

        #[test]
        fn random_patches_pass(
            op in prop::sample::select(vec!["add", "Replace", "REMOVE"]),
            path in prop::option::of(tokens()),
            text in token(),
            is_list in any::<bool>(),
        ) {
            let object = serde_json::json!({ "value": text, "type": "work", "primary": true, "members": [{ "value": text }] });
            for value in [serde_json::Value::Null, text.clone().into(), object.clone(), vec![object; 2].into()] {
                let value = if is_list { vec![value].into() } else { value };
                let operation = serde_json::json!({ "op": op, "path": path, "value": value });
                super::patch(serde_json::json!({ "Operations": [operation] }).to_string().as_bytes());
            }
        }
    }
}
