//! The dev mailbox: shows the email that is captured when no mail server is configured.

use crate::state::AppState;
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::mail::CapturedMail;
use std::net::IpAddr;

/// Allows inline styles and links, nothing else.
const EMAIL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
     sandbox allow-top-navigation-by-user-activation allow-popups",
);

/// Hides the mailbox from other machines, since its links sign users in. Requests that went through a proxy, or through
/// DNS rebinding, are recognized by their headers.
pub async fn loopback_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_forwarded =
        ["forwarded", "x-forwarded-for", "x-forwarded-host"].iter().any(|name| headers.contains_key(*name));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    if is_forwarded || !host.is_some_and(is_loopback) {
        return StatusCode::NOT_FOUND.into_response();
    }
    next.run(request).await
}

fn is_loopback(host: &str) -> bool {
    let Ok(host) = host.parse::<Authority>() else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    title: &'static str,
    mails: Vec<CapturedMail>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    title: String,
    mail: CapturedMail,
}

/// Lists all captured messages, newest first.
pub async fn list(State(state): State<AppState>) -> Html<String> {
    let mails = state.dev_mailbox.map(|mailbox| mailbox.list()).unwrap_or_default();
    Html(MailboxPage { title: "Captured email", mails }.render().unwrap_or_default())
}

/// Shows one message as its recipient would see it, with URLs as links.
pub async fn show(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(mail) = find(&state, &id) else { return StatusCode::NOT_FOUND.into_response() };
    Html(MessagePage { title: mail.subject.clone(), mail }.render().unwrap_or_default()).into_response()
}

/// Serves the HTML version for the frame. Its links open in the whole window.
pub async fn show_html(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(mail) = find(&state, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let html = mail.html.replacen("<head>", "<head><base target=\"_top\">", 1);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, EMAIL_POLICY);
    (headers, html).into_response()
}

fn find(state: &AppState, id: &str) -> Option<CapturedMail> {
    state.dev_mailbox.as_ref()?.get(id.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_are_loopback() {
        for host in ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "127.0.0.2", "LOCALHOST"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "127.0.0.1.evil.example",
            "[::2]",
            "a b",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
