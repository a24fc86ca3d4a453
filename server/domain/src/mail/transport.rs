//! The configured transport: an SMTP server, or a mailbox in memory.

use super::config_error::MailConfigError;
use super::memory_mailbox::MemoryMailbox;
use super::smtp::Server;
use lettre::message::Mailbox;
use std::sync::Arc;

/// Where messages are delivered. Cheap to clone.
#[derive(Clone)]
pub struct Transport(pub(super) Backend);

#[derive(Clone)]
pub(super) enum Backend {
    Smtp(Arc<Server>),
    Memory(MemoryMailbox),
}

impl Transport {
    /// An SMTP server, from a URL such as `smtp://user:password@mail.example.org:587/client.example.org?tls=required`.
    ///
    /// `smtps://` uses implicit TLS (RFC 8314), by default on port 465. `smtp://` uses STARTTLS, depending on `tls`:
    /// - `required` (port 587): nothing is sent without TLS and a valid certificate.
    /// - `opportunistic` (port 25): if the server offers it. The certificate is not verified, since an attacker who
    ///   could forge one could suppress the offer as well (RFC 7435).
    /// - `none` (port 25): never.
    ///
    /// The default for `tls` is `required` if credentials are sent to a remote host, otherwise `opportunistic`. User and
    /// password are percent-encoded. The path is the client's name in EHLO, by default the name of this machine.
    /// `timeout`, in seconds, applies to connecting and to each command; the default is 20. `ca` is the path of a PEM
    /// file with an additional root certificate.
    ///
    /// # Errors
    /// If the URL is invalid, or the `ca` file can't be read or parsed.
    pub fn smtp(url: &str) -> Result<Self, MailConfigError> {
        Ok(Self(Backend::Smtp(Arc::new(Server::parse(url)?))))
    }

    /// Captures messages in `mailbox` instead of sending them.
    pub fn memory(mailbox: MemoryMailbox) -> Self {
        Self(Backend::Memory(mailbox))
    }
}

/// Parses the sender's address, with or without a name.
///
/// # Errors
/// If it is invalid, or its local part is not ASCII, which not every mail server supports.
pub fn parse_sender(text: &str) -> Result<Mailbox, MailConfigError> {
    let mailbox: Mailbox = text.trim().parse().map_err(|_| MailConfigError::Address)?;
    let address = super::message::to_smtp_address(mailbox.email.as_ref()).ok_or(MailConfigError::Address)?;
    let is_ascii = AsRef::<str>::as_ref(&address).is_ascii();
    if is_ascii { Ok(Mailbox::new(mailbox.name, address)) } else { Err(MailConfigError::Address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> String {
        Transport::smtp(url).err().unwrap().to_string()
    }

    #[test]
    fn invalid_url_is_rejected_with_a_reason() {
        assert_eq!(error("mail.example.org"), "not a valid URL (relative URL without a base)");
        assert_eq!(error("http://mail.example.org"), "expected smtp:// or smtps://, got http://");
        assert_eq!(error("smtp://"), "missing host");
        assert_eq!(error("smtp:mail.example.org"), "missing host");
        assert_eq!(error("smtp://blob@mail.example.org"), "user without a password");
        assert_eq!(error("smtp://:secret@mail.example.org"), "password without a user");
        assert_eq!(error("smtp://a:%ff@mail.example.org"), "user and password must be percent-encoded UTF-8");
        assert!(error("smtp://mail.example.org?tls=yes").starts_with("invalid tls=yes; expected required, "));
        assert!(error("smtps://mail.example.org?tls=none").starts_with("invalid tls=none; "));
        assert!(error("smtp://mail.example.org?timeout=0").starts_with("invalid timeout=0; "));
        assert_eq!(
            error("smtp://mail.example.org?tsl=none"),
            "unknown option `tsl`; expected `tls`, `timeout` or `ca`"
        );
        assert!(error("smtp://mail.example.org?ca=/no/such").starts_with("invalid ca=/no/such: "));
    }

    #[test]
    fn url_error_contains_no_password() {
        for url in [
            "smtp://blob:hush@mail.example.org:x",
            "smtp://blob:hush@mail.example.org?tls=x",
            "smtps://a:hush@",
        ] {
            assert!(!error(url).contains("hush"), "{url}");
        }
    }

    #[test]
    fn valid_urls_are_accepted() {
        for url in [
            "smtp://127.0.0.1:2525",
            "smtp://[::1]:2525?tls=none",
            "smtp://blob:p%40ss%3a@mail.example.org?tls=required",
            "smtps://blob:pass@mail.example.org/client.example.org?timeout=5",
        ] {
            assert!(Transport::smtp(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn sender_with_non_ascii_local_part_is_rejected() {
        let mailbox = parse_sender("Blöbs <hello@bücher.example>").unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Blöbs"));
        assert_eq!(AsRef::<str>::as_ref(&mailbox.email), "hello@xn--bcher-kva.example");
        for text in ["", "blob", "blob@", "blöb@example.org", "a@example.org, b@example.org"] {
            assert_eq!(parse_sender(text).err(), Some(MailConfigError::Address), "{text}");
        }
    }
}
