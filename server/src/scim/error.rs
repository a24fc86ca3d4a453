//! Error responses (RFC 7644, section 3.12). Administrators read them in the log of their identity provider.

use super::response::error_response;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::RequestContext;
use model::api_keys::Scope;
use model::field::FieldError;
use model::transitions::Refusal;
use model::{FieldProblem, Problem};
use scim::ScimType;

/// Why a request failed.
#[derive(Debug)]
pub enum Error {
    /// The request itself is invalid.
    Scim(scim::Error),
    /// The API key lacks this scope.
    InsufficientScope(Scope),
    /// The domain rejected it, or failed.
    Domain(domain::Error),
}

impl From<scim::Error> for Error {
    fn from(error: scim::Error) -> Self {
        Self::Scim(error)
    }
}

impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        Self::Domain(error)
    }
}

impl Error {
    /// The error response. Internal errors are logged. A challenge names an error only if the request had a token
    /// (RFC 6750, section 3.1).
    pub fn into_response(self, request_context: &RequestContext, has_token: bool) -> Response {
        match self {
            Self::Scim(error) => error_response(&error),
            Self::InsufficientScope(scope) => {
                let parameters = format!(", error=\"insufficient_scope\", scope=\"{}\"", scope.code());
                challenge(&Problem::InsufficientScope, &parameters)
            }
            Self::Domain(error) => match request_context.report(error) {
                problem @ Problem::InvalidApiKey if has_token => {
                    challenge(&problem, ", error=\"invalid_token\"")
                }
                problem @ Problem::InvalidApiKey => challenge(&problem, ""),
                problem => error_response(&from_problem(&problem)),
            },
        }
    }
}

/// An error response with a `WWW-Authenticate` header.
fn challenge(problem: &Problem, parameters: &str) -> Response {
    let mut response = error_response(&from_problem(problem));
    if let Ok(challenge) = HeaderValue::from_str(&format!("Bearer realm=\"SCIM\"{parameters}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Translates a problem of the domain.
fn from_problem(problem: &Problem) -> scim::Error {
    let status = app::runtime::server::status(problem);
    match problem {
        Problem::Refused { why: Refusal::LastAdmin } => {
            let detail = "This user is the last active Organization Admin. Make another user an Organization \
                Admin first. Nothing was changed.";
            scim::Error::new(StatusCode::CONFLICT, None, detail)
        }
        Problem::Refused { why: why @ Refusal::UserExists } => {
            scim::Error::new(StatusCode::CONFLICT, Some(ScimType::Uniqueness), format!("userName: {why}."))
        }
        Problem::Invalid { fields } => from_fields(fields),
        Problem::NotFound => scim::Error::not_found(),
        problem => scim::Error::new(status, None, problem.to_string()),
    }
}

fn from_fields(fields: &[FieldProblem]) -> scim::Error {
    let messages = fields.iter().map(|field| format!("{}: {}", field.field, field.error));
    let detail = messages.collect::<Vec<_>>().join(" ");
    if fields.iter().any(|field| field.error == FieldError::Taken) {
        scim::Error::new(StatusCode::CONFLICT, Some(ScimType::Uniqueness), detail)
    } else {
        scim::Error::bad_request(ScimType::InvalidValue, detail)
    }
}
