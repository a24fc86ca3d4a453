//! What went wrong with the mail server, in words for people.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Response};
use std::io;

/// The longest reply that is kept, in characters.
pub(in crate::mail) const MAX_REPLY: usize = 300;

/// What the mail server said: its code and its text, on one line. RFC 5321, section 4.2.
pub(super) fn reply(response: &Response) -> String {
    let text = response.message().collect::<Vec<_>>().join(" ");
    line(&format!("{} {text}", response.code()))
}

/// The code and the words of a refusal; nothing, where the server refused nothing but something went wrong.
pub(super) fn refusal(error: &Error) -> Option<(Code, String)> {
    let code = error.status()?;
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Some((code, line(&format!("{code} {text}"))))
}

/// What went wrong between us and the mail server.
pub(super) fn fault(error: &Error) -> String {
    if let Some((_, reply)) = refusal(error) {
        return reply;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return io_fault(io);
        }
        if cause.to_string() == "incomplete response" {
            return closed().to_owned();
        }
        source = cause.source();
    }
    line(&error.to_string())
}

pub(super) fn io_fault(error: &io::Error) -> String {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no way to it".to_owned(),
        ErrorKind::TimedOut => too_slow().to_owned(),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => closed().to_owned(),
        _ => line(&error.to_string()),
    }
}

pub(super) const fn too_slow() -> &'static str {
    "no answer in time"
}

const fn closed() -> &'static str {
    "it closed the connection"
}

/// One line of visible characters.
fn line(text: &str) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As much of it as is kept and shown: not the secrets of the mail, since servers repeat what they dislike, and not
/// more than [`MAX_REPLY`] characters.
pub(super) fn kept(text: &str, secrets: &[String]) -> String {
    let silent = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
    silent.chars().take(MAX_REPLY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_one_short_line() {
        let response: Response = "250-2.0.0 taken\t as\r\n250 2.0.0 4711\r\n".parse().unwrap();
        assert_eq!(reply(&response), "250 2.0.0 taken as 2.0.0 4711");
        assert_eq!(kept(&"x".repeat(900), &[]).chars().count(), 300);
    }

    #[test]
    fn a_secret_is_not_kept_even_where_the_text_is_cut() {
        let text = format!("550 {}/join/secret-token", "x".repeat(280));
        assert!(!kept(&text, &["secret-token".to_owned()]).contains("secret"));
    }
}
