//! The SCIM 2.0 protocol (RFC 7643 and RFC 7644) for service providers, without storage and without an HTTP server.
//!
//! The crate parses what clients send and renders what they receive. A consumer answers two questions: how a [`Filter`]
//! becomes a query of its storage, and what a change of a resource means.
//!
//! | module or type | RFC | purpose |
//! |---|---|---|
//! | [`schema`] | 7643, sections 2, 4 and 7 | the attributes of users and groups: one table, from which everything else follows |
//! | [`AttributePath`] | 7644, section 3.10 | `name.givenName`, with or without its schema's URN |
//! | [`Filter`] | 7644, section 3.4.2.2 | `userName eq "a@b.example"`, as a syntax tree |
//! | [`patch`], [`PatchPath`] | 7644, section 3.5.2 | operations, and applying them to a user |
//! | [`GroupUpdate`] | 7644, section 3.5.2 | operations on a group, whose members are too many to be loaded |
//! | [`document`] | 7644, sections 3.3 and 3.5.1 | resources as clients send them, normalized |
//! | [`ListParameters`], [`ListQuery`], [`list_response`] | 7644, sections 3.4.2 and 3.4.3 | lists |
//! | [`Projection`] | 7644, section 3.9 | `attributes` and `excludedAttributes` |
//! | [`Resource`] | 7643, section 3 | users and groups as they are returned |
//! | [`ETag`], [`IfMatch`] | 7644, section 3.14 | versions and preconditions |
//! | [`discovery`] | 7644, section 4 | `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` |
//! | [`Error`] | 7644, section 3.12 | errors, with their `scimType` |
//!
//! All input is bounded: the length, depth and number of terms of filters, the length and number of values, the cost of a
//! PATCH. Where Okta and Microsoft Entra ID deviate from the RFC, both forms are accepted.
//!
//! # Example
//!
//! ```
//! use scim::{Filter, ResourceType, patch};
//! use serde_json::json;
//!
//! // A filter is checked against the schema, and errors have a position.
//! let filter = Filter::parse(ResourceType::User, r#"title pr and userName sw "bjensen""#)?;
//! assert!(matches!(filter, Filter::And(terms) if terms.len() == 2));
//! let error = Filter::parse(ResourceType::User, "title is \"Guide\"").unwrap_err();
//! assert_eq!(error.detail, "At position 9: unknown operator “is”.");
//!
//! // A PATCH changes the attributes that its operations name.
//! let mut user = json!({ "userName": "bjensen@example.com", "title": "Guide" });
//! let body = json!({ "Operations": [
//!     { "op": "replace", "path": "title", "value": "Vice President" },
//!     { "op": "add", "path": "emails[type eq \"work\"].value", "value": "bjensen@example.com" },
//! ] });
//! let operations = patch::parse(body.as_object().unwrap())?;
//! patch::apply(ResourceType::User, user.as_object_mut().unwrap(), &operations)?;
//! assert_eq!(user["title"], "Vice President");
//! assert_eq!(user["emails"], json!([{ "type": "work", "value": "bjensen@example.com" }]));
//! # Ok::<(), scim::Error>(())
//! ```

#![warn(missing_docs)]

mod attribute_path;
pub mod discovery;
pub mod document;
mod error;
mod etag;
mod filter;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod group;
mod list;
mod parser;
pub mod patch;
mod projection;
mod resource;
pub mod schema;

pub use attribute_path::{AttributePath, Target};
pub use document::Document;
pub use error::{Error, ScimType};
pub use etag::{ETag, IfMatch};
pub use filter::{AttributeExpression, Filter, FilterError, Literal, Operator};
pub use group::{GroupUpdate, MemberChanges};
pub use list::{ListParameters, ListQuery, MAX_RESULTS, list_response};
pub use parser::PatchPath;
pub use projection::Projection;
pub use resource::Resource;
pub use schema::ResourceType;

/// The media type of requests and responses (RFC 7644, section 8.1).
pub const MEDIA_TYPE: &str = "application/scim+json";
