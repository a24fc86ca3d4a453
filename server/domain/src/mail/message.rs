//! A message ready to be sent: its SMTP envelope, and its content as it goes over the wire (RFC 5322).

use super::memory_mailbox::CapturedMail;
use super::template::{RenderError, RenderedMail};
use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use model::DeliveryId;

/// The maximum length of a line, in octets (RFC 5322, section 2.1.1).
const MAX_LINE: usize = 998;

/// A message ready to be sent.
pub(super) struct OutgoingMessage {
    pub from: Address,
    pub to: Address,
    /// The message with dot-stuffing and the end-of-data line (RFC 5321, section 4.5.2), so that one write sends it.
    pub content: String,
    /// Tokens and codes in the message. The mail server may repeat them in its reply; they are redacted there.
    pub secrets: Vec<String>,
}

/// The headers that depend on the delivery.
pub(super) struct MessageHeaders<'a> {
    pub id: DeliveryId,
    pub from: &'a Mailbox,
    pub to: Address,
    /// The same for every attempt to send the same content, so that mailboxes can detect a duplicate.
    pub message_id: String,
    /// When the message is built, not when it was queued: spam filters distrust messages that look back-dated.
    pub date: DateTime<Utc>,
}

/// Converts an email address for the SMTP envelope, with its domain in ASCII.
pub(super) fn to_smtp_address(email: &str) -> Option<Address> {
    let (local, domain) = email.rsplit_once('@')?;
    let url::Host::Domain(domain) = url::Host::parse(domain).ok()? else { return None };
    Address::new(local, domain).ok()
}

impl MessageHeaders<'_> {
    /// Builds the message for the memory mailbox.
    pub fn capture(self, mail: RenderedMail) -> CapturedMail {
        CapturedMail {
            id: self.id,
            to: self.to.to_string(),
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            message_id: self.message_id,
            at: self.date,
        }
    }

    /// Builds the message for SMTP.
    pub fn build(self, mail: RenderedMail, secrets: Vec<String>) -> Result<OutgoingMessage, RenderError> {
        let (from, to) = (self.from.email.clone(), self.to.clone());
        let message = Message::builder()
            // Otherwise lettre parses the envelope from the headers that it has just written.
            .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
            .message_id(Some(self.message_id))
            .header(Date::new(self.date.into()))
            .from(self.from.clone())
            .to(Mailbox::new(None, self.to))
            .subject(mail.subject)
            // Suppresses automatic replies (RFC 3834, section 5; Exchange has its own header).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(
                MultiPart::alternative()
                    .singlepart(body_part(ContentType::TEXT_PLAIN, mail.text))
                    .singlepart(body_part(ContentType::TEXT_HTML, mail.html)),
            )?;
        let content = String::from_utf8(message.formatted())?;
        Ok(OutgoingMessage { from, to, content: dot_stuff(&content), secrets })
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A part of the message body. lettre applies quoted-printable to any text with a line of more than 76 characters, such
/// as a line with a link. That takes most of the time of building a message, and breaks the link for people who read
/// the raw source. ASCII text whose lines fit every server's limit is therefore sent unencoded.
fn body_part(content_type: ContentType, text: String) -> SinglePart {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    let body = if text.as_bytes().iter().all(is_plain) && text.lines().all(|line| line.len() <= MAX_LINE) {
        let mut lines = String::with_capacity(text.len() + text.len() / 16);
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => lines.extend([line, "\r\n"]),
                None => lines.push_str(line),
            }
        }
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    };
    SinglePart::builder().header(content_type).body(body)
}

/// Doubles each dot at the start of a line, and appends the line with a single dot that ends the data.
fn dot_stuff(content: &str) -> String {
    let mut out = String::with_capacity(content.len() + 16);
    for line in content.split_inclusive('\n') {
        if line.starts_with('.') {
            out.push('.');
        }
        out.push_str(line);
    }
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    out.push_str(".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, subject: &str, text: &str) -> OutgoingMessage {
        let from: Mailbox = "Vestibule <vestibule@example.org>".parse().unwrap();
        let headers = MessageHeaders {
            id: DeliveryId(uuid::Uuid::nil()),
            from: &from,
            to: to_smtp_address(to).unwrap(),
            message_id: "<id@vestibule.example>".to_owned(),
            date: DateTime::from_timestamp_millis(1_790_000_000_000).unwrap(),
        };
        let mail =
            RenderedMail { subject: subject.to_owned(), text: text.to_owned(), html: "<p>".to_owned() };
        headers.build(mail, vec![]).unwrap()
    }

    #[test]
    fn message_has_headers_of_automatic_mail() {
        let content = message("blobby@blobsrus.com", "A subject", "text").content;
        for line in [
            "Message-ID: <id@vestibule.example>",
            "Date: Mon, 21 Sep 2026 14:13:20 +0000",
            "From: Vestibule <vestibule@example.org>",
            "To: blobby@blobsrus.com",
            "Subject: A subject",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
        ] {
            assert!(content.contains(&format!("{line}\r\n")), "{line} in {content}");
        }
    }

    #[test]
    fn line_breaks_in_subject_add_no_header() {
        let content = message("blobby@blobsrus.com", "Blöb\r\nBcc: all@evil.example", "text").content;
        assert!(!content.contains("\nBcc:"), "{content}");
    }

    #[test]
    fn long_links_are_not_wrapped() {
        let link = format!("https://vestibule.example/o/blobsrus/join/{}", "t".repeat(200));
        let content = message("blobby@blobsrus.com", "A subject", &format!("one\n{link}\ntwo\n")).content;
        assert!(content.contains(&format!("\r\n\r\none\r\n{link}\r\ntwo\r\n")), "{content}");
        assert!(content.contains("Content-Transfer-Encoding: 7bit\r\n"), "{content}");
    }

    #[test]
    fn non_ascii_and_overlong_lines_are_encoded() {
        for text in ["Blöb", &"x".repeat(MAX_LINE + 1)] {
            let content = message("blobby@blobsrus.com", "A subject", text).content;
            assert!(content.is_ascii() && content.lines().all(|line| line.len() <= 78), "{content}");
        }
        let line = "x".repeat(MAX_LINE);
        assert!(message("blobby@blobsrus.com", "A subject", &line).content.contains(&line));
    }

    #[test]
    fn dots_in_text_do_not_end_the_data() {
        let content = message("blobby@blobsrus.com", "A subject", "one\n.\nRSET\n..two").content;
        assert_eq!(content.matches("\r\n.\r\n").count(), 1, "{content}");
        assert!(content.ends_with("\r\n.\r\n"));
        assert!(content.contains("\r\n..\r\nRSET\r\n...two"), "{content}");
        let without_crlf = content.replace("\r\n", "");
        assert!(!without_crlf.contains(['\r', '\n']), "{content}");
    }

    #[test]
    fn domains_are_converted_to_ascii() {
        assert_eq!(to_smtp_address("blob@bücher.example").unwrap().to_string(), "blob@xn--bcher-kva.example");
        assert_eq!(to_smtp_address("blöb@example.org").unwrap().to_string(), "blöb@example.org");
        for invalid in ["blob", "blob@", "@example.org", "blob@[127.0.0.1]", "a b@example.org"] {
            assert!(to_smtp_address(invalid).is_none(), "{invalid}");
        }
    }
}
