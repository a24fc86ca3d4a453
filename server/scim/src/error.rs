//! Error responses (RFC 7644, section 3.12).

use http::StatusCode;
use serde_json::{Value, json};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An error, as a response reports it to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// The HTTP status.
    pub status: StatusCode,
    /// The kind of a 400 or 409.
    pub scim_type: Option<ScimType>,
    /// What is wrong, for people: administrators read it in the log of their identity provider.
    pub detail: String,
}

/// `scimType`: the kind of an error (RFC 7644, table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter has a syntax error, or compares what can't be compared.
    InvalidFilter,
    /// Another resource has the same value.
    Uniqueness,
    /// The attribute is read-only or required.
    Mutability,
    /// The structure of the body is wrong.
    InvalidSyntax,
    /// The path of a PATCH operation has a syntax error.
    InvalidPath,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// A value has the wrong type, is missing or too long.
    InvalidValue,
}

impl ScimType {
    /// The text in the response.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
        }
    }
}

impl Error {
    /// An error with any status.
    pub fn new(status: StatusCode, scim_type: Option<ScimType>, detail: impl Into<String>) -> Self {
        Self { status, scim_type, detail: detail.into() }
    }

    /// A 400.
    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(scim_type), detail)
    }

    /// A 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "Resource not found.")
    }

    /// The body of the response.
    pub fn to_json(&self) -> Value {
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.as_u16().to_string(), "detail": self.detail });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.as_str().into();
        }
        body
    }
}
