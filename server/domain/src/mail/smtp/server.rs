//! The SMTP server that the configured URL describes.

use crate::mail::config_error::MailConfigError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// The timeout for connecting and for each command, unless the URL sets it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// An SMTP server and how to connect to it.
pub(in crate::mail) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// The client's name in EHLO.
    pub client_name: ClientId,
    pub timeout: Duration,
}

pub(in crate::mail) enum Security {
    None,
    StartTls {
        parameters: TlsParameters,
        required: bool,
    },
    /// TLS from the first byte. lettre can't add it to a connection that it did not open, so this module does.
    Implicit {
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
    },
}

/// The options in the URL's query.
#[derive(Default)]
struct Options {
    tls: Option<String>,
    timeout: Option<Duration>,
    ca: Option<CaFile>,
}

/// A PEM file with an additional root certificate.
struct CaFile {
    path: String,
    pem: Vec<u8>,
}

impl Server {
    pub fn parse(text: &str) -> Result<Self, MailConfigError> {
        let url = Url::parse(text.trim()).map_err(MailConfigError::NotAUrl)?;
        if !matches!(url.scheme(), "smtp" | "smtps") {
            return Err(MailConfigError::Scheme(url.scheme().to_owned()));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(MailConfigError::NoHost),
        };
        let options = Options::parse(&url)?;
        let credentials = credentials(&url)?;
        let sends_credentials = credentials.is_some() && !is_loopback(&host);
        let (security, port) = options.security(url.scheme(), &host, sends_credentials)?;
        let client_name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let timeout = options.timeout.unwrap_or(DEFAULT_TIMEOUT);
        Ok(Self { port: url.port().unwrap_or(port), host, security, credentials, client_name, timeout })
    }
}

impl Options {
    fn parse(url: &Url) -> Result<Self, MailConfigError> {
        let mut options = Self::default();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "tls" => options.tls = Some(value.into_owned()),
                "timeout" => {
                    let seconds = value.parse().ok().filter(|seconds| (1..=600).contains(seconds));
                    let seconds = seconds.ok_or_else(|| MailConfigError::Timeout(value.into_owned()))?;
                    options.timeout = Some(Duration::from_secs(seconds));
                }
                "ca" => {
                    let path = value.into_owned();
                    match std::fs::read(&path) {
                        Ok(pem) => options.ca = Some(CaFile { path, pem }),
                        Err(error) => {
                            return Err(MailConfigError::Ca { path, reason: error.to_string() });
                        }
                    }
                }
                _ => return Err(MailConfigError::UnknownOption(name.into_owned())),
            }
        }
        Ok(options)
    }

    /// The encryption and its default port.
    fn security(
        &self,
        scheme: &str,
        host: &str,
        sends_credentials: bool,
    ) -> Result<(Security, u16), MailConfigError> {
        let tls = match (scheme, self.tls.as_deref()) {
            ("smtps", None | Some("required")) => return Ok((self.implicit(host)?, 465)),
            ("smtp", None) if sends_credentials => "required",
            ("smtp", None) => "opportunistic",
            ("smtp", Some(tls)) => tls,
            (_, tls) => return Err(MailConfigError::Tls(tls.unwrap_or_default().to_owned())),
        };
        match tls {
            "required" => Ok((self.start_tls(host, true)?, 587)),
            "opportunistic" => Ok((self.start_tls(host, false)?, 25)),
            "none" => Ok((Security::None, 25)),
            other => Err(MailConfigError::Tls(other.to_owned())),
        }
    }

    fn start_tls(&self, host: &str, required: bool) -> Result<Security, MailConfigError> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(ca) = &self.ca {
            let pem = Certificate::from_pem(&ca.pem).map_err(|error| ca.error(&error))?;
            builder = builder.add_root_certificate(pem);
        }
        if !required {
            builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
        }
        let parameters = builder.build().map_err(|error| self.tls_error(&error))?;
        Ok(Security::StartTls { parameters, required })
    }

    fn implicit(&self, host: &str) -> Result<Security, MailConfigError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(ca) = &self.ca {
            for certificate in CertificateDer::pem_slice_iter(&ca.pem) {
                let certificate = certificate.map_err(|error| ca.error(&error))?;
                roots.add(certificate).map_err(|error| ca.error(&error))?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| self.tls_error(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let server_name = ServerName::try_from(host.to_owned())
            .map_err(|_| MailConfigError::ServerName(host.to_owned()))?;
        Ok(Security::Implicit { config: Arc::new(config), server_name })
    }

    fn tls_error(&self, error: &dyn std::error::Error) -> MailConfigError {
        self.ca.as_ref().map_or_else(|| MailConfigError::Tls(error.to_string()), |ca| ca.error(error))
    }
}

impl CaFile {
    fn error(&self, error: &dyn std::error::Error) -> MailConfigError {
        MailConfigError::Ca { path: self.path.clone(), reason: error.to_string() }
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailConfigError> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().map_err(|_| MailConfigError::NotUtf8)?;
        Ok(decoded.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(MailConfigError::NoUser),
        (_, None) => Err(MailConfigError::NoPassword),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

/// Whether traffic to this host stays on this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(url: &str) -> (&'static str, u16) {
        let server = Server::parse(url).unwrap();
        let security = match server.security {
            Security::None => "none",
            Security::StartTls { required: true, .. } => "required",
            Security::StartTls { required: false, .. } => "opportunistic",
            Security::Implicit { .. } => "implicit",
        };
        (security, server.port)
    }

    #[test]
    fn each_kind_of_security_has_a_default_port() {
        assert_eq!(security("smtps://mail.example.org"), ("implicit", 465));
        assert_eq!(security("smtp://mail.example.org"), ("opportunistic", 25));
        assert_eq!(security("smtp://mail.example.org?tls=required"), ("required", 587));
        assert_eq!(security("smtp://mail.example.org:2525?tls=none"), ("none", 2525));
    }

    #[test]
    fn remote_credentials_require_tls_by_default() {
        assert_eq!(security("smtp://blob:hush@mail.example.org"), ("required", 587));
        assert_eq!(security("smtp://blob:hush@mail.example.org?tls=none"), ("none", 25));
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(security(&format!("smtp://blob:hush@{host}")), ("opportunistic", 25));
        }
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let server = Server::parse("smtp://blob%40example.org:p%3Aa%2Fss@localhost").unwrap();
        let expected = Credentials::new("blob@example.org".to_owned(), "p:a/ss".to_owned());
        assert!(server.credentials == Some(expected));
    }
}
