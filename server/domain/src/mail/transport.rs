//! Where mail goes: to a mail server, or into memory.

use super::memory_mailbox::Captured;
use super::smtp::Server;
use lettre::message::Mailbox;
use std::sync::Arc;

/// Where mail goes; cheap to clone.
#[derive(Clone)]
pub struct Transport(pub(super) Way);

#[derive(Clone)]
pub(super) enum Way {
    Smtp(Arc<Server>),
    Captured(Captured),
}

/// Why a setting is not taken, as what follows the setting's name in one line. It never repeat_count a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailConfigError {
    #[error("is no URL: {0}")]
    NotAUrl(url::ParseError),
    #[error("begins with {0}:// and not with smtp:// or smtps://")]
    Scheme(String),
    #[error("names no mail server")]
    NoHost,
    #[error("has a password and no user")]
    NoUser,
    #[error("has a user and no password")]
    NoPassword,
    #[error("has a user or a password that is not UTF-8")]
    NotUtf8,
    #[error("has tls={0}; it must be required, opportunistic or none, and smtps:// is always encrypted")]
    Tls(String),
    #[error("has timeout={0}; it must be a number of seconds from 1 to 600")]
    Timeout(String),
    #[error("has ca={path}, which can't be used: {why}")]
    Authority { path: String, why: String },
    #[error("names a mail server that no certificate can be checked for: {0}")]
    ServerName(String),
    #[error("has the option {0}, which there is not; there are tls, timeout and ca")]
    Option(String),
    #[error("is no address like Vestibule <vestibule@example.org>")]
    Address,
}

impl Transport {
    /// A mail server, by a URL like `smtp://user:password@mail.example.org:587/our-name.example.org?tls=required`.
    ///
    /// `smtps://` is encrypted from the start (port 465 unless it is given, RFC 8314). `smtp://` asks for encryption
    /// by STARTTLS, as `tls` says:
    /// - `required` (port 587): no mail without it, and the server's certificate must be good.
    /// - `opportunistic` (port 25): where the server offers it. Its certificate does not matter, since whoever could
    ///   forge one could take the offer away as well (RFC 7435).
    /// - `none` (port 25): never.
    ///
    /// Without `tls` it is `required` when a password would travel to another machine, and else `opportunistic`. User
    /// and password are percent-encoded. The path is the name that we greet the server with, in place of the
    /// machine's. `timeout` is in seconds, 20 unless given: for connecting, and for the answer to each command. `ca`
    /// is the path of a PEM file with the authority that signed the server's certificate.
    ///
    /// # Errors
    /// What is wrong with the URL, or with the file that `ca` names.
    pub fn smtp(url: &str) -> Result<Self, MailConfigError> {
        Ok(Self(Way::Smtp(Arc::new(Server::parse(url)?))))
    }

    /// Keeps the mails in memory.
    pub fn captured(mails: Captured) -> Self {
        Self(Way::Captured(mails))
    }
}

/// Reads the address that mail is from, with or without a name.
///
/// # Errors
/// When it is none, or one whose part before the “@” has letters that not every mail server takes.
pub fn sender(text: &str) -> Result<Mailbox, MailConfigError> {
    let mailbox: Mailbox = text.trim().parse().map_err(|_| MailConfigError::Address)?;
    let address = super::message::address(mailbox.email.as_ref()).ok_or(MailConfigError::Address)?;
    let sent_anywhere = AsRef::<str>::as_ref(&address).is_ascii();
    if sent_anywhere { Ok(Mailbox::new(mailbox.name, address)) } else { Err(MailConfigError::Address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> String {
        Transport::smtp(url).err().unwrap().to_string()
    }

    #[test]
    fn a_wrong_url_is_refused_with_what_is_wrong() {
        assert_eq!(error("mail.example.org"), "is no URL: relative URL without a base");
        assert_eq!(error("http://mail.example.org"), "begins with http:// and not with smtp:// or smtps://");
        assert_eq!(error("smtp://"), "names no mail server");
        assert_eq!(error("smtp:mail.example.org"), "names no mail server");
        assert_eq!(error("smtp://blob@mail.example.org"), "has a user and no password");
        assert_eq!(error("smtp://:secret@mail.example.org"), "has a password and no user");
        assert_eq!(error("smtp://a:%ff@mail.example.org"), "has a user or a password that is not UTF-8");
        assert!(error("smtp://mail.example.org?tls=yes").starts_with("has tls=yes; it must be required"));
        assert!(error("smtps://mail.example.org?tls=none").starts_with("has tls=none; "));
        assert!(error("smtp://mail.example.org?timeout=0").starts_with("has timeout=0; "));
        assert!(
            error("smtp://mail.example.org?tsl=none").starts_with("has the option tsl, which there is not")
        );
        assert!(
            error("smtp://mail.example.org?ca=/no/such")
                .starts_with("has ca=/no/such, which can't be used: ")
        );
    }

    #[test]
    fn an_error_never_repeats_a_password() {
        for url in [
            "smtp://blob:hush@mail.example.org:x",
            "smtp://blob:hush@mail.example.org?tls=x",
            "smtps://a:hush@",
        ] {
            assert!(!error(url).contains("hush"), "{url}");
        }
    }

    #[test]
    fn good_urls_are_taken() {
        for url in [
            "smtp://127.0.0.1:2525",
            "smtp://[::1]:2525?tls=none",
            "smtp://blob:p%40ss%3a@mail.example.org?tls=required",
            "smtps://blob:pass@mail.example.org/our-name.example.org?timeout=5",
        ] {
            assert!(Transport::smtp(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_sender_is_an_address_that_every_server_takes() {
        let mailbox = sender("Blöbs <hello@bücher.example>").unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Blöbs"));
        assert_eq!(AsRef::<str>::as_ref(&mailbox.email), "hello@xn--bcher-kva.example");
        for text in ["", "blob", "blob@", "blöb@example.org", "a@example.org, b@example.org"] {
            assert_eq!(sender(text).err(), Some(MailConfigError::Address), "{text}");
        }
    }
}
