//! What went wrong, as SCIM tells it (RFC 7644, section 3.12), and as an identity provider's log will show it.

use super::answer;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::RequestContext;
use model::api_keys::Scope;
use model::field::FieldError;
use model::text::capitalize;
use model::transitions::Refusal;
use model::{FieldProblem, Problem};
use serde_json::json;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why something was not done.
#[derive(Debug)]
pub enum Failure {
    /// What was sent can't be.
    Said(Said),
    /// The key is good, but not for this.
    OutOfScope(Scope),
    /// A rule's answer.
    Rule(domain::Error),
}

/// A failure in SCIM's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub status: StatusCode,
    pub kind: Option<Kind>,
    pub detail: String,
}

/// The words of RFC 7644, table 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InvalidFilter,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
}

impl Kind {
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

impl From<Said> for Failure {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl From<domain::Error> for Failure {
    fn from(error: domain::Error) -> Self {
        Self::Rule(error)
    }
}

impl Said {
    pub fn new(status: StatusCode, kind: Option<Kind>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into() }
    }

    /// What was sent is not right, in this way.
    pub fn bad(kind: Kind, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(kind), detail)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "There is no such resource.")
    }

    pub fn response(&self) -> Response {
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.as_u16().to_string(), "detail": self.detail });
        if let Some(kind) = self.kind {
            body["scimType"] = kind.code().into();
        }
        answer(self.status, &body)
    }
}

impl Failure {
    /// The answer; what is ours alone goes to the log. `presented`: whether there was a key.
    pub fn response(self, request_context: &RequestContext, presented: bool) -> Response {
        // RFC 6750, section 3.
        match self {
            Self::Said(said) => said.response(),
            Self::OutOfScope(scope) => {
                let rest = format!(", error=\"insufficient_scope\", scope=\"{}\"", scope.code());
                challenged(&Problem::InsufficientScope, &rest)
            }
            Self::Rule(error) => match request_context.report(error) {
                problem @ Problem::InvalidApiKey if presented => {
                    challenged(&problem, ", error=\"invalid_token\"")
                }
                problem @ Problem::InvalidApiKey => challenged(&problem, ""),
                problem => said(&problem).response(),
            },
        }
    }
}

fn challenged(problem: &Problem, rest: &str) -> Response {
    let mut response = said(problem).response();
    if let Ok(challenge) = HeaderValue::from_str(&format!("Bearer realm=\"SCIM\"{rest}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A rule's answer in SCIM's words.
fn said(problem: &Problem) -> Said {
    let status = app::server::status(problem);
    match problem {
        Problem::Refused { why: why @ Refusal::LastAdmin } => Said::new(
            StatusCode::CONFLICT,
            None,
            format!(
                "{}. Make another user an Organization Admin first. No changes were made.",
                capitalize(&why.to_string())
            ),
        ),
        Problem::Refused { why: why @ Refusal::UserExists } => {
            Said::new(StatusCode::CONFLICT, Some(Kind::Uniqueness), format!("userName: {why}."))
        }
        Problem::Invalid { fields } => invalid(fields),
        Problem::NotFound => Said::not_found(),
        problem => Said::new(status, None, problem.to_string()),
    }
}

fn invalid(fields: &[FieldProblem]) -> Said {
    let lines = fields.iter().map(|field| format!("{}: {}", field.field, field.error));
    let detail = lines.collect::<Vec<_>>().join(" ");
    if fields.iter().any(|field| field.error == FieldError::Taken) {
        Said::new(StatusCode::CONFLICT, Some(Kind::Uniqueness), detail)
    } else {
        Said::bad(Kind::InvalidValue, detail)
    }
}
