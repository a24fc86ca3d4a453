//! Errors as clients see them: a closed list of codes. Only codes cross the wire and each side renders the text itself, so
//! that a crafted response or URL can't inject text into a page.

use crate::field::FieldError;
use crate::text::capitalize;
use crate::transitions::Refusal;
use serde::{Deserialize, Serialize};

/// Why a request was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Doesn't exist, or the user may not know that it does: both look the same.
    #[error("Not found. It may have been deleted.")]
    NotFound,
    /// Nobody is signed in, or the session has ended.
    #[error("Your session has ended. Sign in again to continue.")]
    SignedOut,
    /// Some form fields are invalid.
    #[error("Fix the errors below.")]
    Invalid { fields: Vec<FieldProblem> },
    /// A transition was rejected, see [`crate::transitions`].
    #[error("{}. No changes were made.", capitalize(&why.to_string()))]
    Refused { why: Refusal },
    /// The link is unknown, expired, used or revoked. Its page shows which.
    #[error("This link is no longer valid.")]
    InvalidLink,
    /// A different user of the organization is signed in in this browser.
    #[error("You’re signed in with a different account. Sign out first.")]
    DifferentAccount,
    /// The sign-in code is wrong or has expired.
    #[error("This code is incorrect or has expired.")]
    WrongCode,
    /// The API key is missing, unknown in this organization, revoked or expired.
    #[error("Invalid or expired API key.")]
    InvalidApiKey,
    /// The API key is valid but lacks the scope (RFC 6750: `insufficient_scope`).
    #[error("This API key doesn’t have the required scope.")]
    InsufficientScope,
    /// The resource has changed since the client read it (HTTP `If-Match`).
    #[error("Someone else changed this in the meantime. Reload and try again.")]
    PreconditionFailed,
    /// The request is too large.
    #[error("That’s too large. Try it in smaller batches.")]
    TooLarge,
    /// An internal error. The log has the details under this request ID.
    #[error("Something went wrong. No changes were made. (Request ID: {request})")]
    Internal { request: String },
    /// No response, or not one that this version understands, as from a proxy or a newer server.
    #[error("Couldn’t reach the server. Your input is still here. Try again.")]
    Unreachable,
}

/// An invalid form field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The name of the field in its form.
    pub field: String,
    pub error: FieldError,
}

impl Problem {
    /// A single invalid field.
    pub fn field(field: &str, error: FieldError) -> Self {
        Self::Invalid { fields: vec![FieldProblem { field: field.to_owned(), error }] }
    }

    /// The error of the field with this name, if it is invalid.
    pub fn field_error(&self, name: &str) -> Option<FieldError> {
        match self {
            Self::Invalid { fields } => fields.iter().find(|f| f.field == name).map(|f| f.error.clone()),
            _ => None,
        }
    }
}

/// Collects the errors of a form, so that all invalid fields are reported together.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldProblem>);

impl FieldErrors {
    /// The valid value of a field; `None` after collecting its error.
    pub fn check<T>(&mut self, field: &str, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.0.push(FieldProblem { field: field.to_owned(), error })).ok()
    }

    /// Builds the result from the checked values: `build` returns `None` if one of them is.
    ///
    /// # Errors
    /// All invalid fields, in the order in which they were checked.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        build().ok_or(Problem::Invalid { fields: self.0 })
    }
}

#[cfg(feature = "ui")]
impl server_fn::error::FromServerFnError for Problem {
    type Encoder = server_fn::codec::JsonEncoding;

    fn from_server_fn_error(_: server_fn::error::ServerFnErrorErr) -> Self {
        Self::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(name: Result<&str, FieldError>, age: Result<u8, FieldError>) -> Result<(&str, u8), Problem> {
        let mut fields = FieldErrors::default();
        let (name, age) = (fields.check("name", name), fields.check("age", age));
        fields.finish(|| Some((name?, age?)))
    }

    #[test]
    fn all_invalid_fields_are_reported_in_order() {
        assert_eq!(validate(Ok("Blob"), Ok(7)), Ok(("Blob", 7)));
        assert_eq!(
            validate(Ok("Blob"), Err(FieldError::Empty)),
            Err(Problem::field("age", FieldError::Empty))
        );
        let problem = validate(Err(FieldError::Taken), Err(FieldError::Empty)).unwrap_err();
        let Problem::Invalid { fields } = problem else { panic!("{problem:?}") };
        assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["name", "age"]);
    }
}
