//! The error of the email settings.

/// Why a setting is invalid, in one line that follows the name of the setting. It never contains a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailConfigError {
    #[error("not a valid URL ({0})")]
    NotAUrl(url::ParseError),
    #[error("expected smtp:// or smtps://, got {0}://")]
    Scheme(String),
    #[error("missing host")]
    NoHost,
    #[error("password without a user")]
    NoUser,
    #[error("user without a password")]
    NoPassword,
    #[error("user and password must be percent-encoded UTF-8")]
    NotUtf8,
    #[error("invalid tls={0}; expected required, opportunistic or none (smtps:// is always encrypted)")]
    Tls(String),
    #[error("invalid timeout={0}; expected a number of seconds from 1 to 600")]
    Timeout(String),
    #[error("invalid ca={path}: {reason}")]
    Ca { path: String, reason: String },
    #[error("no TLS certificate can be verified for the host {0}")]
    ServerName(String),
    #[error("unknown option `{0}`; expected `tls`, `timeout` or `ca`")]
    UnknownOption(String),
    #[error("expected an address such as Vestibule <vestibule@example.org>")]
    Address,
}
