//! A mail ready to be handed over: the envelope, and the message as it goes over the wire (RFC 5322).

use super::memory_mailbox::CapturedMail;
use super::template::{Letter, Unwritten};
use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use model::DeliveryId;

/// The longest line of a mail, in octets (RFC 5322, section 2.1.1).
const MAX_LINE: usize = 998;

/// A mail ready to be handed over.
pub(super) struct Parcel {
    pub from: Address,
    pub to: Address,
    /// The message with what the end of mail data needs (RFC 5321, section 4.5.2): one write hands it over.
    pub content: String,
    /// What opens something for whoever reads the mail. The mail server may repeat it; nobody else gets to see it.
    pub secrets: Vec<String>,
}

/// What stands on the outside of a mail.
pub(super) struct Label<'a> {
    pub id: DeliveryId,
    pub from: &'a Mailbox,
    pub to: Address,
    /// Stays the same however often this very message is sent, so that mailboxes can tell a second copy.
    pub message_id: String,
    /// When the message was made: what waited for hours would look back-dated by an earlier time, and spam filters
    /// count that against it.
    pub at: DateTime<Utc>,
}

/// The address as it is written to: the domain in ASCII.
pub(super) fn address(email: &str) -> Option<Address> {
    let (local, domain) = email.rsplit_once('@')?;
    let url::Host::Domain(domain) = url::Host::parse(domain).ok()? else { return None };
    Address::new(local, domain).ok()
}

impl Label<'_> {
    pub fn captured(self, letter: Letter) -> CapturedMail {
        CapturedMail {
            id: self.id,
            to: self.to.to_string(),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            message_id: self.message_id,
            at: self.at,
        }
    }

    pub fn parcel(self, letter: Letter, secrets: Vec<String>) -> Result<Parcel, Unwritten> {
        let (from, to) = (self.from.email.clone(), self.to.clone());
        let message = Message::builder()
            // Or lettre reads it out of the headers that it has just written.
            .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
            .message_id(Some(self.message_id))
            .header(Date::new(self.at.into()))
            .from(self.from.clone())
            .to(Mailbox::new(None, self.to))
            .subject(letter.subject)
            // Nobody's holiday notice should answer (RFC 3834, section 5; Exchange has a header of its own).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, letter.text))
                    .singlepart(part(ContentType::TEXT_HTML, letter.html)),
            )?;
        let content = String::from_utf8(message.formatted())?;
        Ok(Parcel { from, to, content: with_end(&content), secrets })
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A part of the message. lettre quotes whatever has a line of more than 76 letters, such as one with a link, which takes
/// most of the time that a mail takes to write, and breaks the link for whoever reads mail as it comes. What is ASCII in
/// lines that every server takes goes as it is.
fn part(kind: ContentType, text: String) -> SinglePart {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    let body = if text.as_bytes().iter().all(plain) && text.lines().all(|line| line.len() <= MAX_LINE) {
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
    SinglePart::builder().header(kind).body(body)
}

/// Doubles the dots that begin a line, and adds the line with the one dot that ends it all.
fn with_end(content: &str) -> String {
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

    fn parcel(to: &str, subject: &str, text: &str) -> Parcel {
        let from: Mailbox = "Vestibule <vestibule@example.org>".parse().unwrap();
        let label = Label {
            id: DeliveryId(uuid::Uuid::nil()),
            from: &from,
            to: address(to).unwrap(),
            message_id: "<id@vestibule.example>".to_owned(),
            at: DateTime::from_timestamp_millis(1_790_000_000_000).unwrap(),
        };
        let letter = Letter { subject: subject.to_owned(), text: text.to_owned(), html: "<p>".to_owned() };
        label.parcel(letter, vec![]).unwrap()
    }

    #[test]
    fn the_message_has_the_headers_of_an_automatic_mail() {
        let content = parcel("blobby@blobsrus.com", "A subject", "text").content;
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
    fn a_header_stays_one_header() {
        let content = parcel("blobby@blobsrus.com", "Blöb\r\nBcc: all@evil.example", "text").content;
        assert!(!content.contains("\nBcc:"), "{content}");
    }

    #[test]
    fn a_link_stays_in_one_piece() {
        let link = format!("https://vestibule.example/o/blobsrus/join/{}", "t".repeat(200));
        let content = parcel("blobby@blobsrus.com", "A subject", &format!("one\n{link}\ntwo\n")).content;
        assert!(content.contains(&format!("\r\n\r\none\r\n{link}\r\ntwo\r\n")), "{content}");
        assert!(content.contains("Content-Transfer-Encoding: 7bit\r\n"), "{content}");
    }

    #[test]
    fn what_not_every_server_takes_is_encoded() {
        for text in ["Blöb", &"x".repeat(MAX_LINE + 1)] {
            let content = parcel("blobby@blobsrus.com", "A subject", text).content;
            assert!(content.is_ascii() && content.lines().all(|line| line.len() <= 78), "{content}");
        }
        let line = "x".repeat(MAX_LINE);
        assert!(parcel("blobby@blobsrus.com", "A subject", &line).content.contains(&line));
    }

    #[test]
    fn nothing_in_the_text_ends_the_mail() {
        let content = parcel("blobby@blobsrus.com", "A subject", "one\n.\nRSET\n..two").content;
        assert_eq!(content.matches("\r\n.\r\n").count(), 1, "{content}");
        assert!(content.ends_with("\r\n.\r\n"));
        assert!(content.contains("\r\n..\r\nRSET\r\n...two"), "{content}");
        let bare = content.replace("\r\n", "");
        assert!(!bare.contains(['\r', '\n']), "{content}");
    }

    #[test]
    fn a_domain_is_written_in_ascii() {
        assert_eq!(address("blob@bücher.example").unwrap().to_string(), "blob@xn--bcher-kva.example");
        assert_eq!(address("blöb@example.org").unwrap().to_string(), "blöb@example.org");
        for wrong in ["blob", "blob@", "@example.org", "blob@[127.0.0.1]", "a b@example.org"] {
            assert!(address(wrong).is_none(), "{wrong}");
        }
    }
}
