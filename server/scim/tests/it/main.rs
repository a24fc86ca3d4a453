//! The protocol as a consumer of the crate sees it.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails may panic")]

mod discovery;
mod documents;
mod filters;
mod groups;
mod lists;
mod patches;
mod projections;

use scim::{Document, Error, ScimType};
use serde_json::Value;

/// The object in a `json!` literal.
fn object(value: Value) -> Document {
    match value {
        Value::Object(object) => object,
        value => panic!("not an object: {value}"),
    }
}

/// The detail of a 400 with this type.
fn detail<T>(result: Result<T, Error>, scim_type: ScimType) -> String {
    let error = result.err().expect("it was accepted");
    assert_eq!((error.status.as_u16(), error.scim_type), (400, Some(scim_type)), "{error}");
    error.detail
}
