//! What the server is told from outside: environment variables, checked before anything starts.

mod args;

use args::{DATABASE_CONNECTIONS, LISTEN, LOG_FORMAT, MAIL_FROM, given, or};
use domain::Keyring;
use domain::mail::{MailConfigError, Mailbox, Transport, parse_sender};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

pub use args::Settings;

/// The mail worker alone may need more than one, and a request should not wait for it.
const MIN_CONNECTIONS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The environment, checked.
pub struct Config {
    pub database_url: String,
    pub database_connections: u32,
    pub base_url: Arc<str>,
    pub listen: SocketAddr,
    pub keys: Arc<Keyring>,
    /// Nothing: mail is captured.
    pub smtp_url: Option<String>,
    pub mail_from: Mailbox,
    pub trusted_proxies: Vec<IpNet>,
    pub log_format: LogFormat,
    pub metrics_listen: Option<SocketAddr>,
    /// Nothing: it is looked for.
    site_root: Option<String>,
}

impl Settings {
    /// Where the server listens.
    ///
    /// # Errors
    /// One line that names the variable and what is wrong with it.
    pub fn listen(&self) -> Result<SocketAddr, String> {
        address("LISTEN", &or(self.listen.clone(), LISTEN))
    }
}

impl Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// One line that names the variable and what is wrong with it.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let listen = settings.listen()?;
        let smtp_url = given(settings.smtp_url);
        if smtp_url.is_none() && !listen.ip().is_loopback() {
            return Err(
                "SMTP_URL is missing: mail is captured only when LISTEN is a loopback address".to_owned()
            );
        }
        if let Some(url) = &smtp_url {
            Transport::smtp(url).map_err(|error: MailConfigError| format!("SMTP_URL {error}"))?;
        }
        let secret_key = given(settings.secret_key)
            .ok_or("SECRET_KEY is missing: give it 32 random characters or more")?;
        Ok(Self {
            database_url: given(settings.database_url)
                .ok_or("DATABASE_URL is missing: postgres://user:password@host/database")?,
            database_connections: connections(&or(settings.database_connections, DATABASE_CONNECTIONS))?,
            base_url: base_url(given(settings.base_url), listen)?.into(),
            listen,
            keys: Arc::new(Keyring::parse(&secret_key).map_err(|error| format!("SECRET_KEY {error}"))?),
            smtp_url,
            mail_from: parse_sender(&or(settings.mail_from, MAIL_FROM))
                .map_err(|error| format!("MAIL_FROM {error}"))?,
            trusted_proxies: networks(&given(settings.trusted_proxies).unwrap_or_default())?,
            log_format: log_format(&or(settings.log_format, LOG_FORMAT))?,
            metrics_listen: given(settings.metrics_listen)
                .map(|value| address("METRICS_LISTEN", &value))
                .transpose()?,
            site_root: given(settings.site_root),
        })
    }

    /// The folder of the site: the one that was named, or else where a build or a package puts it.
    ///
    /// # Errors
    /// When there is none.
    pub fn site_root(&self) -> Result<PathBuf, String> {
        let program = std::env::current_exe().ok();
        let beside = program.as_deref().and_then(Path::parent);
        let places = match (&self.site_root, beside) {
            (Some(named), _) => vec![PathBuf::from(named)],
            (None, None) => vec![PathBuf::from("target/site")],
            (None, Some(beside)) => {
                vec![PathBuf::from("target/site"), beside.join("site"), beside.join("../site")]
            }
        };
        places.iter().find(|place| place.join("pkg").is_dir()).cloned().ok_or_else(|| {
            let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
            format!(
                "LEPTOS_SITE_ROOT names no folder of a site, with a folder pkg in it: {}",
                places.join(", ")
            )
        })
    }
}

fn address(variable: &str, value: &str) -> Result<SocketAddr, String> {
    value
        .trim()
        .parse()
        .map_err(|_| format!("{variable} is no address with a port such as {LISTEN}: {value}"))
}

fn connections(value: &str) -> Result<u32, String> {
    let number = value.trim().parse().ok().filter(|number| *number >= MIN_CONNECTIONS);
    number.ok_or_else(|| format!("DATABASE_CONNECTIONS is no number from {MIN_CONNECTIONS} on: {value}"))
}

fn log_format(value: &str) -> Result<LogFormat, String> {
    match value.trim() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("LOG_FORMAT is neither text nor json: {other}")),
    }
}

/// The origin alone, without a slash at its end.
fn base_url(given: Option<String>, listen: SocketAddr) -> Result<String, String> {
    let Some(given) = given else {
        return if listen.ip().is_loopback() {
            Ok(format!("http://localhost:{}", listen.port()))
        } else {
            Err("BASE_URL is missing: links in mails begin with it, such as https://members.example.com"
                .to_owned())
        };
    };
    let url = Url::parse(given.trim()).map_err(|error| format!("BASE_URL is no URL ({error}): {given}"))?;
    let plain =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(format!("BASE_URL is no origin such as https://members.example.com: {given}"));
    }
    Ok(url.origin().ascii_serialization())
}

fn networks(list: &str) -> Result<Vec<IpNet>, String> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            address
                .or_else(|_| entry.parse::<IpNet>())
                .map_err(|_| format!("TRUSTED_PROXIES is no address or network: {entry}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    /// The settings of a working server, but for what is given.
    fn config(changed: &[&str]) -> Result<Config, String> {
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            settings: Settings,
        }
        let defaults = ["--database-url=postgres://db", "--secret-key=0123456789abcdef0123456789abcdef"];
        let given: Vec<&str> = defaults
            .into_iter()
            .filter(|default| {
                !changed.iter().any(|changed| changed.split('=').next() == default.split('=').next())
            })
            .chain(changed.iter().copied())
            .collect();
        let only = Only::try_parse_from(["vestibule"].into_iter().chain(given))
            .map_err(|error| error.to_string())?;
        Config::new(only.settings)
    }

    fn complaint(changed: &[&str]) -> String {
        config(changed).err().unwrap()
    }

    #[test]
    fn a_wrong_value_stops_the_start_and_is_named() {
        assert!(complaint(&["--secret-key=short"]).starts_with("SECRET_KEY "));
        assert!(complaint(&["--secret-key="]).starts_with("SECRET_KEY is missing"));
        assert!(complaint(&["--database-url="]).starts_with("DATABASE_URL is missing"));
        assert!(complaint(&["--base-url=members.example.com"]).starts_with("BASE_URL "));
        assert!(complaint(&["--base-url=https://members.example.com/path"]).starts_with("BASE_URL "));
        assert!(complaint(&["--smtp-url=http://mail"]).starts_with("SMTP_URL "));
        assert!(complaint(&["--mail-from=nobody"]).starts_with("MAIL_FROM "));
        assert!(complaint(&["--trusted-proxies=here"]).starts_with("TRUSTED_PROXIES "));
        assert!(complaint(&["--listen=nowhere"]).starts_with("LISTEN "));
        assert!(complaint(&["--metrics-listen=9090"]).starts_with("METRICS_LISTEN "));
        assert!(complaint(&["--log-format=xml"]).starts_with("LOG_FORMAT "));
        for number in ["many", "0", "1", "-1"] {
            assert!(
                complaint(&[&format!("--database-connections={number}")])
                    .starts_with("DATABASE_CONNECTIONS ")
            );
        }
    }

    #[test]
    fn an_empty_variable_is_one_that_nobody_set() {
        let empty = [
            "--listen=",
            "--base-url=",
            "--smtp-url=",
            "--mail-from=",
            "--trusted-proxies=",
            "--log-format=",
            "--metrics-listen=",
            "--database-connections=",
        ];
        let config = config(&empty).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.mail_from.email.to_string(), "vestibule@localhost");
        assert_eq!((config.log_format, config.metrics_listen), (LogFormat::Text, None));
    }

    #[test]
    fn a_named_folder_that_is_no_site_stops_the_start() {
        let config = config(&["--site-root=/no/such"]).unwrap();
        assert!(config.site_root().unwrap_err().starts_with("LEPTOS_SITE_ROOT "));
    }

    #[test]
    fn mail_is_captured_on_a_loopback_address_alone() {
        assert!(config(&[]).unwrap().smtp_url.is_none());
        assert!(complaint(&["--listen=0.0.0.0:80"]).starts_with("SMTP_URL is missing"));
        let public = ["--listen=0.0.0.0:80", "--smtp-url=smtp://mail.example"];
        assert!(complaint(&public).starts_with("BASE_URL is missing"));
    }

    #[test]
    fn links_begin_with_the_origin_alone() {
        assert_eq!(
            &*config(&["--base-url=HTTPS://Members.example.com/"]).unwrap().base_url,
            "https://members.example.com"
        );
        assert_eq!(&*config(&["--listen=127.0.0.1:4000"]).unwrap().base_url, "http://localhost:4000");
    }

    #[test]
    fn the_help_names_every_variable() {
        use clap::CommandFactory;
        let help = Cli::command().render_long_help().to_string();
        for variable in [
            "DATABASE_URL",
            "DATABASE_CONNECTIONS",
            "BASE_URL",
            "LISTEN",
            "SECRET_KEY",
            "SMTP_URL",
            "MAIL_FROM",
            "TRUSTED_PROXIES",
            "LOG_FORMAT",
            "METRICS_LISTEN",
            "LEPTOS_SITE_ROOT",
        ] {
            assert!(help.contains(variable), "{variable}");
        }
    }
}
