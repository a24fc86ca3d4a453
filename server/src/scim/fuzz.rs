//! What holds of whatever is sent as a filter, as a path or as a PATCH. The fuzzer (server/fuzz) looks whether it can
//! make up something of which it does not; an ordinary test, whether it holds of all that once was found.

use super::attribute_path::Target;
use super::document::{self, Document, MAX_TEXT, MAX_VALUES};
use super::error::{Kind, Said};
use super::parser::{self, MAX_DEPTH, MAX_LENGTH, MAX_TERMS};
use super::{groups, patch, user};
use axum::http::StatusCode;
use chrono::DateTime;
use domain::scim::schema::{ENTERPRISE, Resource};
use domain::scim::{Filter, MAX_EXTERNAL_ID, ScimUser};
use model::transitions::MembershipState;
use serde_json::{Map, Value, json};

const RESOURCES: [Resource; 2] = [Resource::User, Resource::Group];

/// A filter, as it comes in an address or in a body.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for resource in RESOURCES {
        match parser::filter(resource, text) {
            Ok(filter) => accepted(&filter, text),
            Err(said) => refused(&said, &[Kind::InvalidFilter], text.len()),
        }
    }
}

/// The path of a PATCH operation.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for resource in RESOURCES {
        match parser::path(resource, text) {
            Ok(path) => {
                let Target::Attribute(target) = path.target else {
                    assert!(path.which.is_none() && path.part.is_none(), "brackets behind a schema");
                    continue;
                };
                assert!(path.part.is_none() || path.which.is_some(), "a part of none of the values");
                if let Some(which) = path.which {
                    assert!(target.attribute.many, "brackets behind what has one value");
                    accepted(&Filter::Value(target.attribute, Box::new(which)), text);
                }
            }
            Err(said) => refused(&said, &[Kind::InvalidPath, Kind::NoTarget], text.len()),
        }
    }
}

/// The body of a PATCH, on users and on a group.
pub fn body(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Document>(data) else { return };
    let operations = match patch::operations(&body) {
        Ok(operations) => operations,
        Err(said) => return refused(&said, &[], data.len()),
    };
    assert!(operations.len() <= patch::MAX_OPERATIONS, "more than there may be");
    for before in people() {
        match changed(&before, &operations) {
            Ok(document) => kept(document, &before),
            Err(said) => refused(&said, &[], data.len()),
        }
    }
    match groups::changes(&operations) {
        Ok(form) => {
            let texts = [form.name, form.external_id.flatten()];
            texts.iter().flatten().for_each(|text| can_be_kept(text));
            assert!(form.members.add.is_disjoint(&form.members.remove), "added and removed");
        }
        Err(said) => refused(&said, &[], data.len()),
    }
}

fn changed(before: &ScimUser, operations: &[patch::Operation]) -> Result<Document, Said> {
    let mut document = user::writable(before);
    patch::apply(Resource::User, &mut document, operations)?;
    document::read(Resource::User, &document)
}

/// What is accepted is as small as was promised, and becomes SQL in which nothing stands that was sent.
fn accepted(filter: &Filter, text: &str) {
    assert!(text.len() <= MAX_LENGTH, "longer than it may be");
    let (depth, tests) = measured(filter);
    // A level of brackets is a choice of alternatives, each of which is a sequence of denials.
    assert!(depth <= 3 * MAX_DEPTH + 3, "{depth} levels");
    // The test behind brackets goes with them.
    assert!(tests <= 2 * MAX_TERMS, "{tests} tests");
    let sql = filter.sql();
    let bound = sql.matches('$').count();
    assert!(bound <= 8 * tests, "{bound} values for {tests} tests");
    assert!(sql.len() <= 1_000 * tests, "{} bytes for {tests} tests", sql.len());
    let foreign = sql.chars().find(|c| !c.is_ascii_alphanumeric() && !" \n_.,:()'$=<>@|#-".contains(*c));
    assert_eq!(foreign, None, "{sql}");
    let levels = sql.bytes().try_fold(0_usize, |level, byte| match byte {
        b'(' => level.checked_add(1),
        b')' => level.checked_sub(1),
        _ => Some(level),
    });
    assert_eq!(levels, Some(0), "{sql}");
    filter.holds(&Map::new());
    filter.wants();
    filter.one_of("value");
}

/// How deep it goes, and how many tests there are in it.
fn measured(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            let (depth, tests) = parts
                .iter()
                .map(measured)
                .fold((0, 0), |(depth, tests), part| (depth.max(part.0), tests + part.1));
            (depth + 1, tests.max(1))
        }
        Filter::Not(inner) | Filter::Value(_, inner) => {
            let (depth, tests) = measured(inner);
            (depth + 1, tests)
        }
        Filter::Test(_) => (1, 1),
    }
}

/// Said clearly, of one of these kinds, where they are named, and not at greater length than what was sent.
fn refused(said: &Said, kinds: &[Kind], sent: usize) {
    assert_eq!(said.status, StatusCode::BAD_REQUEST);
    let kind = said.kind.filter(|kind| kinds.is_empty() || kinds.contains(kind));
    assert!(kind.is_some(), "{said:?}");
    assert!(!said.detail.is_empty() && said.detail.len() <= 3 * sent + 300, "{said:?}");
}

/// What comes of a PATCH is a resource such as it would be sent whole, and such as the database keeps.
fn kept(document: Document, before: &ScimUser) {
    assert_eq!(document::read(Resource::User, &document).as_ref(), Ok(&document), "read again");
    document.values().for_each(values_can_be_kept);
    match user::form(document, Some(before)) {
        Ok(form) => {
            assert!(!form.attributes.contains_key("userName") && !form.attributes.contains_key("active"));
            assert!(form.external_id.is_none_or(|id| id.chars().count() <= MAX_EXTERNAL_ID));
            can_be_kept(&form.name);
            can_be_kept(form.email.as_str());
        }
        Err(said) => refused(&said, &[Kind::InvalidValue], 4 * MAX_TEXT),
    }
}

fn values_can_be_kept(value: &Value) {
    match value {
        Value::String(text) => can_be_kept(text),
        Value::Bool(_) => {}
        Value::Array(values) => {
            assert!(!values.is_empty() && values.len() <= MAX_VALUES, "{} values", values.len());
            values.iter().for_each(values_can_be_kept);
            let primary = values.iter().filter(|value| value.get("primary") == Some(&Value::Bool(true)));
            assert!(primary.count() <= 1, "several that are the primary one");
        }
        Value::Object(parts) => {
            assert!(!parts.is_empty(), "an object of nothing");
            parts.values().for_each(values_can_be_kept);
        }
        Value::Null | Value::Number(_) => assert_eq!(value, &json!("a text or a flag")),
    }
}

fn can_be_kept(text: &str) {
    assert!(text.chars().count() <= MAX_TEXT, "too long: {text}");
    assert!(!text.contains('\0'), "what Postgres does not take: {text:?}");
}

/// Somebody of whom nothing is known, and somebody of whom much is.
#[expect(clippy::unwrap_used, reason = "this is an id")]
fn people() -> [ScimUser; 2] {
    let known = json!({
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
    let person = |name: &str, attributes: Value| ScimUser {
        id: "00000000-0000-7000-8000-000000000000".parse().unwrap(),
        email: "bjensen@example.com".to_owned(),
        name: name.to_owned(),
        state: MembershipState::Active,
        active: true,
        external_id: None,
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        groups: Vec::new(),
        created_at: DateTime::UNIX_EPOCH,
        modified_at: DateTime::UNIX_EPOCH,
    };
    [person("", Value::Null), person("Barbara Jensen", known)]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// All that stands in a folder of server/fuzz/seeds.
    fn seeds(of: &str, holds: impl Fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(of);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // What a failure is about.
            println!("{}", file.display());
            holds(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn it_holds_of_every_filter_that_once_was_found() {
        seeds("scim_filter", super::filter);
    }

    #[test]
    fn it_holds_of_every_path_that_once_was_found() {
        seeds("scim_path", super::path);
    }

    #[test]
    fn it_holds_of_every_patch_that_once_was_found() {
        seeds("scim_patch", super::body);
    }
}
