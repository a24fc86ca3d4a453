//! The mail server, as its URL describes it.

use super::super::transport::MailConfigError;
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

/// How long connecting and each command may take, unless the URL says it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail server and how to speak to it.
pub(in crate::mail) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// How we greet it.
    pub name: ClientId,
    pub timeout: Duration,
}

pub(in crate::mail) enum Security {
    None,
    StartTls {
        parameters: TlsParameters,
        required: bool,
    },
    /// TLS before the first word. lettre can't do it over a connection that we opened, so it is done here.
    Implicit {
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    },
}

/// What the URL's query says.
#[derive(Default)]
struct Options {
    tls: Option<String>,
    timeout: Option<Duration>,
    authority: Option<Authority>,
}

/// Who signed the server's certificate, as PEM.
struct Authority {
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
        let careful = credentials.is_some() && !is_this_machine(&host);
        let (security, port) = options.security(url.scheme(), &host, careful)?;
        let name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let timeout = options.timeout.unwrap_or(TIMEOUT);
        Ok(Self { port: url.port().unwrap_or(port), host, security, credentials, name, timeout })
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
                        Ok(pem) => options.authority = Some(Authority { path, pem }),
                        Err(why) => {
                            return Err(MailConfigError::Authority { path, why: why.to_string() });
                        }
                    }
                }
                _ => return Err(MailConfigError::Option(name.into_owned())),
            }
        }
        Ok(options)
    }

    /// The way to encrypt, and the port that goes with it.
    fn security(&self, scheme: &str, host: &str, careful: bool) -> Result<(Security, u16), MailConfigError> {
        let tls = match (scheme, self.tls.as_deref()) {
            ("smtps", None | Some("required")) => return Ok((self.implicit(host)?, 465)),
            ("smtp", None) if careful => "required",
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
        if let Some(authority) = &self.authority {
            let pem = Certificate::from_pem(&authority.pem).map_err(|why| authority.error(&why))?;
            builder = builder.add_root_certificate(pem);
        }
        if !required {
            builder = builder.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
        }
        let parameters = builder.build().map_err(|why| self.error(&why))?;
        Ok(Security::StartTls { parameters, required })
    }

    fn implicit(&self, host: &str) -> Result<Security, MailConfigError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(authority) = &self.authority {
            for certificate in CertificateDer::pem_slice_iter(&authority.pem) {
                let certificate = certificate.map_err(|why| authority.error(&why))?;
                roots.add(certificate).map_err(|why| authority.error(&why))?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| self.error(&why))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| MailConfigError::ServerName(host.to_owned()))?;
        Ok(Security::Implicit { config: Arc::new(config), name })
    }

    fn error(&self, why: &dyn std::error::Error) -> MailConfigError {
        self.authority
            .as_ref()
            .map_or_else(|| MailConfigError::Tls(why.to_string()), |authority| authority.error(why))
    }
}

impl Authority {
    fn error(&self, why: &dyn std::error::Error) -> MailConfigError {
        MailConfigError::Authority { path: self.path.clone(), why: why.to_string() }
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

/// Whether nobody can listen in on the way to this host.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str) -> (&'static str, u16) {
        let server = Server::parse(url).unwrap();
        let way = match server.security {
            Security::None => "none",
            Security::StartTls { required: true, .. } => "required",
            Security::StartTls { required: false, .. } => "opportunistic",
            Security::Implicit { .. } => "implicit",
        };
        (way, server.port)
    }

    #[test]
    fn each_way_to_encrypt_has_its_port() {
        assert_eq!(way("smtps://mail.example.org"), ("implicit", 465));
        assert_eq!(way("smtp://mail.example.org"), ("opportunistic", 25));
        assert_eq!(way("smtp://mail.example.org?tls=required"), ("required", 587));
        assert_eq!(way("smtp://mail.example.org:2525?tls=none"), ("none", 2525));
    }

    #[test]
    fn a_password_leaves_the_machine_encrypted_unless_it_is_said() {
        assert_eq!(way("smtp://blob:hush@mail.example.org"), ("required", 587));
        assert_eq!(way("smtp://blob:hush@mail.example.org?tls=none"), ("none", 25));
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(way(&format!("smtp://blob:hush@{host}")), ("opportunistic", 25));
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server = Server::parse("smtp://blob%40example.org:p%3Aa%2Fss@localhost").unwrap();
        let expected = Credentials::new("blob@example.org".to_owned(), "p:a/ss".to_owned());
        assert!(server.credentials == Some(expected));
    }
}
