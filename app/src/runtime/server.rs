//! What server functions need from the request and add to the response: the request context, redirects, statuses.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use domain::{Admin, Member, OrganizationContext, RequestContext};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::Problem;

pub use super::cookies::{
    EmailLink, end_session, link_token, pending_sign_in, set_pending_sign_in, set_theme, sso_flow_token,
    start_session,
};

/// Runs a rule for an Organization Admin. Converts its result to what the client gets.
pub async fn as_admin<T>(
    organization: &str,
    rule: impl AsyncFnOnce(Admin<'_>) -> domain::Result<T>,
) -> Result<T, Problem> {
    let request_context = request_context()?;
    let result = async { rule(request_context.admin(organization).await?).await }.await;
    respond(&request_context, result)
}

/// Like [`as_admin`], for any signed-in user.
pub async fn as_member<T>(
    organization: &str,
    rule: impl AsyncFnOnce(Member<'_>) -> domain::Result<T>,
) -> Result<T, Problem> {
    let request_context = request_context()?;
    let result = async { rule(request_context.member(organization).await?).await }.await;
    respond(&request_context, result)
}

/// Like [`as_admin`], for anyone.
pub async fn in_organization<T>(
    organization: &str,
    rule: impl AsyncFnOnce(OrganizationContext<'_>) -> domain::Result<T>,
) -> Result<T, Problem> {
    let request_context = request_context()?;
    let result = async { rule(request_context.organization(organization).await?).await }.await;
    respond(&request_context, result)
}

/// The context of the current request, which the server's `context` middleware attaches.
fn request_context() -> Result<RequestContext, Problem> {
    use_context::<RequestContext>().ok_or_else(|| Problem::Internal { request: String::new() })
}

/// Converts a result of `domain` to what the client gets, and sets the HTTP status. Internal errors are logged, not returned.
fn respond<T>(request_context: &RequestContext, result: domain::Result<T>) -> Result<T, Problem> {
    result.map_err(|error| {
        let problem = request_context.report(error);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status(&problem));
        }
        problem
    })
}

/// The HTTP status for a problem (RFC 9110, section 15.5).
pub fn status(problem: &Problem) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match problem {
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::SignedOut | Problem::InvalidApiKey => StatusCode::UNAUTHORIZED,
        Problem::InsufficientScope => StatusCode::FORBIDDEN,
        Problem::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Problem::Invalid { .. } | Problem::WrongCode => StatusCode::UNPROCESSABLE_ENTITY,
        Problem::InvalidLink => StatusCode::GONE,
        Problem::DifferentAccount | Problem::Refused { .. } => StatusCode::CONFLICT,
        Problem::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // On the server it means that the request could not be decoded.
        Problem::Unreachable => StatusCode::BAD_REQUEST,
        Problem::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Redirects to a page of this site. With WebAssembly that is a full page load, since the viewer may have changed.
pub fn redirect(path: &str) {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    leptos_axum::redirect(if is_local { path } else { "/" });
}

/// Whether the request comes from page navigation or from a form that is posted without WebAssembly.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}
