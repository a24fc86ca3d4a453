//! Turns SMTP replies and connection errors into one line of text for people.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Response};
use std::io;

/// The maximum length of a stored reply, in characters.
pub(in crate::mail) const MAX_REPLY: usize = 300;

/// No reply within the timeout.
pub(super) const TIMED_OUT: &str = "timed out";

const CONNECTION_CLOSED: &str = "connection closed by the server";

/// A reply as one line: its code and its text (RFC 5321, section 4.2).
pub(super) fn format_reply(response: &Response) -> String {
    let text = response.message().collect::<Vec<_>>().join(" ");
    single_line(&format!("{} {text}", response.code()))
}

/// The code and text of a negative reply; `None` if the error is not a reply.
pub(super) fn negative_reply(error: &Error) -> Option<(Code, String)> {
    let code = error.status()?;
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Some((code, single_line(&format!("{code} {text}"))))
}

/// Describes any error of the connection or the protocol.
pub(super) fn describe_error(error: &Error) -> String {
    if let Some((_, reply)) = negative_reply(error) {
        return reply;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return describe_io_error(io);
        }
        if cause.to_string() == "incomplete response" {
            return CONNECTION_CLOSED.to_owned();
        }
        source = cause.source();
    }
    single_line(&error.to_string())
}

pub(super) fn describe_io_error(error: &io::Error) -> String {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "host unreachable".to_owned(),
        ErrorKind::TimedOut => TIMED_OUT.to_owned(),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => CONNECTION_CLOSED.to_owned(),
        _ => single_line(&error.to_string()),
    }
}

/// Collapses control characters and whitespace into single spaces.
fn single_line(text: &str) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text that may be stored and shown: without the secrets of the message, since servers quote what they reject, and
/// at most [`MAX_REPLY`] characters.
pub(super) fn redact_and_truncate(text: &str, secrets: &[String]) -> String {
    let redacted = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
    redacted.chars().take(MAX_REPLY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiline_reply_becomes_one_short_line() {
        let response: Response = "250-2.0.0 taken\t as\r\n250 2.0.0 4711\r\n".parse().unwrap();
        assert_eq!(format_reply(&response), "250 2.0.0 taken as 2.0.0 4711");
        assert_eq!(redact_and_truncate(&"x".repeat(900), &[]).chars().count(), 300);
    }

    #[test]
    fn secrets_are_redacted_before_truncation() {
        let text = format!("550 {}/join/secret-token", "x".repeat(280));
        assert!(!redact_and_truncate(&text, &["secret-token".to_owned()]).contains("secret"));
    }
}
