//! Bodies for errors that have only a status because they come from the middleware: blocked by CSRF protection, too large,
//! timed out, or panicked.

use super::request_log::RequestId;
use crate::state::AppState;
use app::runtime::server::accepts_html;
use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use model::Problem;

/// Fills in the body of such an error: a page for a browser, a `Problem` for the client of a server function.
pub async fn render_errors(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_server_function = request.uri().path().starts_with("/api/");
    let accepts_html = accepts_html(request.headers());
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || has_own_body(response.headers()) {
        return response;
    }
    let (content_type, body) = if accepts_html {
        ("text/html; charset=utf-8", error_page(status, &state.app.base_url, &id))
    } else if is_server_function {
        ("application/json", serde_json::to_string(&problem(status, id)).unwrap_or_default())
    } else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Response::from_parts(parts, Body::from(body))
}

/// Whether a page, a server function or a protocol endpoint has already described the error.
fn has_own_body(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["text/html", "application/json", "application/scim+json"].iter().any(|own| content_type.starts_with(own))
}

fn problem(status: StatusCode, request: String) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        StatusCode::INTERNAL_SERVER_ERROR => Problem::Internal { request },
        _ => Problem::Unreachable,
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    text: &'a str,
    /// Where to go instead.
    base_url: Option<&'a str>,
    request_id: &'a str,
}

fn error_page(status: StatusCode, base_url: &str, request_id: &str) -> String {
    let (title, text) = match status {
        StatusCode::NOT_FOUND => ("Not found", "There is no page at this address."),
        StatusCode::FORBIDDEN => (
            "Request blocked",
            "This request seems to come from another site. If you sent it from Vestibule, open",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("Too large", "Go back and try it in smaller batches."),
        StatusCode::SERVICE_UNAVAILABLE => (
            "The server took too long to respond",
            "Your change may have gone through. Check before you try again.",
        ),
        status if status.is_server_error() => (
            "Something went wrong on our side",
            "Go back and try again. If it keeps happening, give an admin the request ID below.",
        ),
        _ => ("Bad request", "Go back, reload the page, and try again."),
    };
    let base_url = (status == StatusCode::FORBIDDEN).then_some(base_url);
    ErrorPage { title, text, base_url, request_id }.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_page_escapes_what_it_contains() {
        let page = error_page(StatusCode::FORBIDDEN, "https://x\"<b>", "<id>");
        assert!(
            page.contains("<h1>Request blocked</h1>") && !page.contains("<b>") && !page.contains("<id>"),
            "{page}"
        );
    }
}
