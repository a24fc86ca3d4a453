//! Error responses (RFC 7644, section 3.12). Administrators read them in the log of their identity provider.

use super::json_response;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::RequestContext;
use model::api_keys::Scope;
use model::field::FieldError;
use model::transitions::Refusal;
use model::{FieldProblem, Problem};
use serde_json::json;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a request failed.
#[derive(Debug)]
pub enum Error {
    /// The request itself is invalid.
    Scim(ScimError),
    /// The API key lacks this scope.
    InsufficientScope(Scope),
    /// The domain rejected it, or failed.
    Domain(domain::Error),
}

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimError {
    pub status: StatusCode,
    pub scim_type: Option<ScimType>,
    pub detail: String,
}

/// `scimType` (RFC 7644, table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    InvalidFilter,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
}

impl ScimType {
    const fn code(self) -> &'static str {
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

impl From<ScimError> for Error {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        Self::Domain(error)
    }
}

impl ScimError {
    pub fn new(status: StatusCode, scim_type: Option<ScimType>, detail: impl Into<String>) -> Self {
        Self { status, scim_type, detail: detail.into() }
    }

    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(scim_type), detail)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "Resource not found.")
    }

    /// Translates a problem of the domain.
    fn from_problem(problem: &Problem) -> Self {
        let status = app::runtime::server::status(problem);
        match problem {
            Problem::Refused { why: Refusal::LastAdmin } => {
                let detail = "This user is the last active Organization Admin. Make another user an Organization \
                    Admin first. Nothing was changed.";
                Self::new(StatusCode::CONFLICT, None, detail)
            }
            Problem::Refused { why: why @ Refusal::UserExists } => {
                Self::new(StatusCode::CONFLICT, Some(ScimType::Uniqueness), format!("userName: {why}."))
            }
            Problem::Invalid { fields } => Self::from_fields(fields),
            Problem::NotFound => Self::not_found(),
            problem => Self::new(status, None, problem.to_string()),
        }
    }

    fn from_fields(fields: &[FieldProblem]) -> Self {
        let messages = fields.iter().map(|field| format!("{}: {}", field.field, field.error));
        let detail = messages.collect::<Vec<_>>().join(" ");
        if fields.iter().any(|field| field.error == FieldError::Taken) {
            Self::new(StatusCode::CONFLICT, Some(ScimType::Uniqueness), detail)
        } else {
            Self::bad_request(ScimType::InvalidValue, detail)
        }
    }

    pub fn to_response(&self) -> Response {
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.as_u16().to_string(), "detail": self.detail });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.code().into();
        }
        json_response(self.status, &body)
    }
}

impl Error {
    /// The error response. Internal errors are logged. A challenge names an error only if the request had a token
    /// (RFC 6750, section 3.1).
    pub fn into_response(self, request_context: &RequestContext, has_token: bool) -> Response {
        match self {
            Self::Scim(error) => error.to_response(),
            Self::InsufficientScope(scope) => {
                let parameters = format!(", error=\"insufficient_scope\", scope=\"{}\"", scope.code());
                challenge(&Problem::InsufficientScope, &parameters)
            }
            Self::Domain(error) => match request_context.report(error) {
                problem @ Problem::InvalidApiKey if has_token => {
                    challenge(&problem, ", error=\"invalid_token\"")
                }
                problem @ Problem::InvalidApiKey => challenge(&problem, ""),
                problem => ScimError::from_problem(&problem).to_response(),
            },
        }
    }
}

/// An error response with a `WWW-Authenticate` header.
fn challenge(problem: &Problem, parameters: &str) -> Response {
    let mut response = ScimError::from_problem(problem).to_response();
    if let Ok(challenge) = HeaderValue::from_str(&format!("Bearer realm=\"SCIM\"{parameters}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
