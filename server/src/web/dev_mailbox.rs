//! The dev mailbox: shows the email that is captured when no mail server is configured.

use super::static_page::{document, escape};
use crate::state::AppState;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::mail::CapturedMail;
use std::fmt::Write;
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

/// Lists all captured messages, newest first.
pub async fn list(State(state): State<AppState>) -> Html<String> {
    let mails = state.dev_mailbox.map(|mailbox| mailbox.list()).unwrap_or_default();
    let mut items = String::new();
    for mail in &mails {
        let (id, to, subject, at) =
            (mail.id, escape(&mail.to), escape(&mail.subject), mail.at.format("%b %-d, %Y, %H:%M:%S UTC"));
        let _ = write!(
            items,
            "<li><a href=\"/dev/mail/{id}\">{subject}</a><br><span class=\"muted\">to {to}, {at}</span></li>"
        );
    }
    let list = if mails.is_empty() {
        "<p>No email yet. Messages that Vestibule would send appear here, newest first. Reload to refresh.</p>"
            .to_owned()
    } else {
        format!("<ul class=\"timeline\">{items}</ul>")
    };
    page("Captured email", &list)
}

/// Shows one message as its recipient would see it.
pub async fn show(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(mail) = find(&state, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let (to, subject, text) = (escape(&mail.to), escape(&mail.subject), linkify(&escape(&mail.text)));
    let body = format!(
        "<p class=\"back-link\"><a href=\"/dev/mail\">Captured email</a></p>\
         <dl class=\"description-list\"><dt>To</dt><dd>{to}</dd><dt>Subject</dt><dd>{subject}</dd></dl>\
         <h2>HTML version</h2><iframe class=\"email-html\" title=\"HTML version\" src=\"/dev/mail/{id}/html\"></iframe>\
         <h2>Plain-text version</h2><pre class=\"email-text\">{text}</pre>",
        id = mail.id,
    );
    page(&mail.subject, &body).into_response()
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

fn page(title: &str, body: &str) -> Html<String> {
    Html(document(title, "container", body))
}

/// Turns URLs into links.
fn linkify(escaped: &str) -> String {
    let link = |word: &str| {
        if word.starts_with("http://") || word.starts_with("https://") {
            format!("<a href=\"{word}\">{word}</a>")
        } else {
            word.to_owned()
        }
    };
    let mut linked = String::with_capacity(escaped.len());
    for piece in escaped.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        linked.push_str(&link(word));
        linked.push_str(&piece[word.len()..]);
    }
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_in_text_become_links() {
        assert_eq!(linkify("go\nhttp://a/b end"), "go\n<a href=\"http://a/b\">http://a/b</a> end");
    }

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
