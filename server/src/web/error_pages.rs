//! What is answered when no page and no server function could: refused by a layer around them, too slow, or broken.

use super::request_log::RequestId;
use super::static_page::{document, escape};
use crate::state::AppState;
use app::server::accepts_html;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use model::Problem;

/// Gives words to an answer that has only a status: a page for people, a problem for the browser's half.
pub async fn tell(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let function = request.uri().path().starts_with("/api/");
    let html = accepts_html(request.headers());
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_told(response.headers()) {
        return response;
    }
    let (kind, body) = if html {
        ("text/html; charset=utf-8", page(status, &state.app.base_url, &id))
    } else if function {
        ("application/json", serde_json::to_string(&problem(status, id)).unwrap_or_default())
    } else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Response::from_parts(parts, Body::from(body))
}

/// Whether one of our pages, server functions or protocols has said what is the matter.
fn is_told(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    ["text/html", "application/json", "application/scim+json"].iter().any(|told| kind.starts_with(told))
}

fn problem(status: StatusCode, request: String) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        StatusCode::INTERNAL_SERVER_ERROR => Problem::Internal { request },
        _ => Problem::Unreachable,
    }
}

fn page(status: StatusCode, base_url: &str, request: &str) -> String {
    let base_url = escape(base_url);
    let (title, words) = match status {
        StatusCode::NOT_FOUND => ("Not found", "There is nothing at this address.".to_owned()),
        StatusCode::FORBIDDEN => (
            "This was refused",
            format!(
                "It seems to come from another site. If you sent it from a page of ours, open \
                 <a href=\"{base_url}\">{base_url}</a> and try again from there."
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("That is more than we can take", "Go back and send it in several parts.".to_owned())
        }
        StatusCode::SERVICE_UNAVAILABLE => (
            "That took too long",
            "Look whether it was done before you try again: the server may have been too busy to tell."
                .to_owned(),
        ),
        status if status.is_server_error() => (
            "Something went wrong on our side",
            "Go back and try again. If it happens again, tell whoever runs this server the number below."
                .to_owned(),
        ),
        _ => ("This could not be read", "Go back, load the page again, and try once more.".to_owned()),
    };
    let request = escape(request);
    document(title, "public", &format!("<p>{words}</p><p class=\"muted\">Request {request}</p>"))
}
