//! The mail that was captured, because there is no mail server: for trying things out on one's own machine.

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

/// A mail may look as it likes, and do nothing but lead its reader on.
const MAIL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
     sandbox allow-top-navigation-by-user-activation allow-popups",
);

/// Shows the mailbox to this machine alone: its mails sign people in. A proxy in front of us, or a page of another site
/// whose name was turned to this machine, asks under another name.
pub async fn here_alone(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let passed_on =
        ["forwarded", "x-forwarded-for", "x-forwarded-host"].iter().any(|name| headers.contains_key(*name));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    if passed_on || !host.is_some_and(is_this_machine) {
        return StatusCode::NOT_FOUND.into_response();
    }
    next.run(request).await
}

fn is_this_machine(host: &str) -> bool {
    let Ok(host) = host.parse::<Authority>() else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// All captured mail, the newest first.
pub async fn list(State(state): State<AppState>) -> Html<String> {
    let mails = state.dev_mailbox.map(|mailbox| mailbox.list()).unwrap_or_default();
    let mut rows = String::new();
    for mail in &mails {
        let (id, to, subject, at) =
            (mail.id, escape(&mail.to), escape(&mail.subject), mail.at.format("%d %b %Y, %H:%M:%S UTC"));
        let _ = write!(
            rows,
            "<li><a href=\"/dev/mail/{id}\">{subject}</a><br><span class=\"muted\">to {to}, {at}</span></li>"
        );
    }
    let list = if mails.is_empty() {
        "<p>No mail yet. What Vestibule would send stands here, the newest first. Reload to look again.</p>"
            .to_owned()
    } else {
        format!("<ul class=\"timeline\">{rows}</ul>")
    };
    page("Captured mail", &list)
}

/// One mail, as its reader would see it.
pub async fn mail(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(mail) = find(&state, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let (to, subject, text) = (escape(&mail.to), escape(&mail.subject), links(&escape(&mail.text)));
    let body = format!(
        "<p class=\"back-link\"><a href=\"/dev/mail\">Captured mail</a></p>\
         <dl class=\"description-list\"><dt>To</dt><dd>{to}</dd><dt>Subject</dt><dd>{subject}</dd></dl>\
         <h2>As HTML</h2><iframe class=\"mail\" title=\"The mail as HTML\" src=\"/dev/mail/{id}/html\"></iframe>\
         <h2>As text</h2><pre class=\"mail\">{text}</pre>",
        id = mail.id,
    );
    page(&mail.subject, &body).into_response()
}

/// The HTML half of a mail, for the frame. Its links lead the whole page on.
pub async fn html(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(mail) = find(&state, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let html = mail.html.replacen("<head>", "<head><base target=\"_top\">", 1);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, MAIL_POLICY);
    (headers, html).into_response()
}

fn find(state: &AppState, id: &str) -> Option<CapturedMail> {
    state.dev_mailbox.as_ref()?.get(id.parse().ok()?)
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(document(title, "container", body))
}

/// Makes links of what looks like one, since people click what they read.
fn links(escaped: &str) -> String {
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
    fn a_link_in_the_text_can_be_followed() {
        assert_eq!(links("go\nhttp://a/b end"), "go\n<a href=\"http://a/b\">http://a/b</a> end");
    }

    #[test]
    fn only_names_of_this_machine_are_taken_for_it() {
        for host in ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "127.0.0.2", "LOCALHOST"]
        {
            assert!(is_this_machine(host), "{host}");
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
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
