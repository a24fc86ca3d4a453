//! The server's configuration, validated before anything starts.

mod args;

use args::{
    DEFAULT_DATABASE_CONNECTIONS, DEFAULT_LISTEN, DEFAULT_LOG_FORMAT, DEFAULT_MAIL_FROM, non_empty,
    or_default,
};
use domain::Keyring;
use domain::mail::{Mailbox, Transport, parse_sender};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

pub use args::ConfigArgs;

/// The mail worker can occupy a connection at any time, and requests must not wait for it.
const MIN_DATABASE_CONNECTIONS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The validated configuration.
pub struct Config {
    pub database_url: String,
    pub database_connections: u32,
    /// The public origin, without a trailing slash.
    pub base_url: Arc<str>,
    pub listen: SocketAddr,
    pub keys: Arc<Keyring>,
    /// `None`: email is captured instead of sent.
    pub smtp_url: Option<String>,
    pub mail_from: Mailbox,
    pub trusted_proxies: Vec<IpNet>,
    pub log_format: LogFormat,
    pub metrics_listen: Option<SocketAddr>,
    /// `None`: `site_root()` searches the usual directories.
    site_root: Option<String>,
}

impl ConfigArgs {
    /// The address the server listens on.
    ///
    /// # Errors
    /// One line that names the variable.
    pub fn listen(&self) -> Result<SocketAddr, String> {
        parse_address("LISTEN", &or_default(self.listen.clone(), DEFAULT_LISTEN))
    }
}

impl Config {
    /// Validates the arguments.
    ///
    /// # Errors
    /// One line that names the variable and what is wrong with its value.
    pub fn from_args(args: ConfigArgs) -> Result<Self, String> {
        let listen = args.listen()?;
        let smtp_url = non_empty(args.smtp_url);
        if smtp_url.is_none() && !listen.ip().is_loopback() {
            return Err("missing SMTP_URL: it may be unset only when LISTEN is a loopback address".to_owned());
        }
        if let Some(url) = &smtp_url {
            Transport::smtp(url).map_err(|error| config_error("SMTP_URL", error))?;
        }
        let secret_key =
            non_empty(args.secret_key).ok_or("missing SECRET_KEY: expected at least 32 random characters")?;
        Ok(Self {
            database_url: non_empty(args.database_url)
                .ok_or("missing DATABASE_URL: expected postgres://user:password@host/database")?,
            database_connections: parse_connections(&or_default(
                args.database_connections,
                DEFAULT_DATABASE_CONNECTIONS,
            ))?,
            base_url: parse_base_url(non_empty(args.base_url), listen)?.into(),
            listen,
            keys: Arc::new(Keyring::parse(&secret_key).map_err(|error| config_error("SECRET_KEY", error))?),
            smtp_url,
            mail_from: parse_sender(&or_default(args.mail_from, DEFAULT_MAIL_FROM))
                .map_err(|error| config_error("MAIL_FROM", error))?,
            trusted_proxies: parse_networks(&non_empty(args.trusted_proxies).unwrap_or_default())?,
            log_format: parse_log_format(&or_default(args.log_format, DEFAULT_LOG_FORMAT))?,
            metrics_listen: non_empty(args.metrics_listen)
                .map(|value| parse_address("METRICS_LISTEN", &value))
                .transpose()?,
            site_root: non_empty(args.site_root),
        })
    }

    /// The directory of the built site: the configured one, otherwise the first of the places where `bin/build` or a
    /// package puts it.
    ///
    /// # Errors
    /// When none of these directories contains `pkg/`.
    pub fn site_root(&self) -> Result<PathBuf, String> {
        let program = std::env::current_exe().ok();
        let program_dir = program.as_deref().and_then(Path::parent);
        let candidates = match (&self.site_root, program_dir) {
            (Some(configured), _) => vec![PathBuf::from(configured)],
            (None, None) => vec![PathBuf::from("target/site")],
            (None, Some(program_dir)) => {
                vec![PathBuf::from("target/site"), program_dir.join("site"), program_dir.join("../site")]
            }
        };
        candidates.iter().find(|candidate| candidate.join("pkg").is_dir()).cloned().ok_or_else(|| {
            let candidates: Vec<_> =
                candidates.iter().map(|candidate| candidate.display().to_string()).collect();
            config_error(
                "LEPTOS_SITE_ROOT",
                format!("expected a directory that contains pkg/, looked in {}", candidates.join(", ")),
            )
        })
    }
}

/// The error for a variable whose value can't be used.
pub fn config_error(variable: &str, reason: impl std::fmt::Display) -> String {
    format!("invalid {variable}: {reason}")
}

fn parse_address(variable: &str, value: &str) -> Result<SocketAddr, String> {
    value.trim().parse().map_err(|_| {
        config_error(variable, format!("expected host:port, e.g. {DEFAULT_LISTEN}, got {value:?}"))
    })
}

fn parse_connections(value: &str) -> Result<u32, String> {
    let connections = value.trim().parse().ok().filter(|number| *number >= MIN_DATABASE_CONNECTIONS);
    connections.ok_or_else(|| {
        config_error(
            "DATABASE_CONNECTIONS",
            format!("expected a number of at least {MIN_DATABASE_CONNECTIONS}, got {value:?}"),
        )
    })
}

fn parse_log_format(value: &str) -> Result<LogFormat, String> {
    match value.trim() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(config_error("LOG_FORMAT", format!("expected text or json, got {other:?}"))),
    }
}

/// Parses `BASE_URL`, which must be an origin only. On a loopback address it has a default.
fn parse_base_url(value: Option<String>, listen: SocketAddr) -> Result<String, String> {
    const EXPECTED: &str = "expected an origin, e.g. https://members.example.com";
    let Some(value) = value else {
        return if listen.ip().is_loopback() {
            Ok(format!("http://localhost:{}", listen.port()))
        } else {
            Err(format!("missing BASE_URL: {EXPECTED}; links in emails start with it"))
        };
    };
    let url = Url::parse(value.trim())
        .map_err(|error| config_error("BASE_URL", format!("{EXPECTED}, got {value:?} ({error})")))?;
    let is_origin =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !is_origin {
        return Err(config_error("BASE_URL", format!("{EXPECTED}, got {value:?}")));
    }
    Ok(url.origin().ascii_serialization())
}

fn parse_networks(list: &str) -> Result<Vec<IpNet>, String> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| {
                config_error(
                    "TRUSTED_PROXIES",
                    format!("expected IP addresses or networks, separated by commas, got {entry:?}"),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    /// A working configuration with `overrides` applied.
    fn config(overrides: &[&str]) -> Result<Config, String> {
        #[derive(Parser)]
        struct TestCli {
            #[command(flatten)]
            config: ConfigArgs,
        }
        let defaults = ["--database-url=postgres://db", "--secret-key=0123456789abcdef0123456789abcdef"];
        let arguments: Vec<&str> = defaults
            .into_iter()
            .filter(|default| {
                !overrides.iter().any(|option| option.split('=').next() == default.split('=').next())
            })
            .chain(overrides.iter().copied())
            .collect();
        let cli = TestCli::try_parse_from(["vestibule"].into_iter().chain(arguments))
            .map_err(|error| error.to_string())?;
        Config::from_args(cli.config)
    }

    fn error(overrides: &[&str]) -> String {
        config(overrides).err().unwrap()
    }

    #[test]
    fn invalid_value_error_names_the_variable() {
        for (option, variable) in [
            ("--secret-key=short", "SECRET_KEY"),
            ("--base-url=members.example.com", "BASE_URL"),
            ("--base-url=https://members.example.com/path", "BASE_URL"),
            ("--smtp-url=http://mail", "SMTP_URL"),
            ("--mail-from=nobody", "MAIL_FROM"),
            ("--trusted-proxies=here", "TRUSTED_PROXIES"),
            ("--listen=nowhere", "LISTEN"),
            ("--metrics-listen=9090", "METRICS_LISTEN"),
            ("--log-format=xml", "LOG_FORMAT"),
            ("--database-connections=many", "DATABASE_CONNECTIONS"),
            ("--database-connections=0", "DATABASE_CONNECTIONS"),
            ("--database-connections=1", "DATABASE_CONNECTIONS"),
            ("--database-connections=-1", "DATABASE_CONNECTIONS"),
        ] {
            let error = error(&[option]);
            assert!(error.starts_with(&format!("invalid {variable}: ")), "{option}: {error}");
        }
        assert_eq!(
            error(&["--listen=nowhere"]),
            "invalid LISTEN: expected host:port, e.g. 127.0.0.1:3000, got \"nowhere\""
        );
    }

    #[test]
    fn missing_required_value_error_names_the_variable() {
        assert!(error(&["--secret-key="]).starts_with("missing SECRET_KEY: "));
        assert!(error(&["--database-url="]).starts_with("missing DATABASE_URL: "));
    }

    #[test]
    fn empty_variable_counts_as_unset() {
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
    fn site_root_without_pkg_is_an_error() {
        let config = config(&["--site-root=/no/such"]).unwrap();
        assert!(config.site_root().unwrap_err().starts_with("invalid LEPTOS_SITE_ROOT: "));
    }

    #[test]
    fn email_is_captured_only_on_a_loopback_address() {
        assert!(config(&[]).unwrap().smtp_url.is_none());
        assert!(error(&["--listen=0.0.0.0:80"]).starts_with("missing SMTP_URL: "));
        let public = ["--listen=0.0.0.0:80", "--smtp-url=smtp://mail.example"];
        assert!(error(&public).starts_with("missing BASE_URL: "));
    }

    #[test]
    fn base_url_is_normalized_to_an_origin() {
        assert_eq!(
            &*config(&["--base-url=HTTPS://Members.example.com/"]).unwrap().base_url,
            "https://members.example.com"
        );
        assert_eq!(&*config(&["--listen=127.0.0.1:4000"]).unwrap().base_url, "http://localhost:4000");
    }

    #[test]
    fn help_lists_every_variable() {
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
