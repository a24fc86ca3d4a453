//! The server's configuration: environment variables and command-line options, validated before anything starts.

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use domain::Keyring;
use domain::mail::{Mailbox, Transport, parse_sender};
use ipnet::IpNet;
use sqlx::postgres::PgConnectOptions;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

const DEFAULT_LISTEN: &str = "127.0.0.1:3000";

const DEFAULT_DATABASE_CONNECTIONS: &str = "20";

const DEFAULT_MAIL_FROM: &str = "Vestibule <vestibule@localhost>";

const DEFAULT_LOG_FORMAT: &str = "text";

/// The mail worker can occupy a connection at any time, and requests must not wait for it.
const MIN_DATABASE_CONNECTIONS: u32 = 2;

const BASE_URL_EXPECTED: &str = "expected an origin, e.g. https://members.example.com";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A value that may be missing. Clap treats a field of type `Option` differently: as missing only if it has no value at all,
/// while here an empty variable counts as unset.
type Optional<T> = Option<T>;

/// Clap would expect one option for each element of a `Vec`.
type Networks = Vec<IpNet>;

/// The configuration.
#[derive(Args)]
pub struct Config {
    /// Postgres 15 or newer: `postgres://user:password@host/database`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    #[arg(value_parser = optional(PgConnectOptions::from_str), default_value = "", hide_default_value = true)]
    database_url: Optional<PgConnectOptions>,
    /// The maximum number of database connections of this server
    #[arg(long, env = "DATABASE_CONNECTIONS", global = true)]
    #[arg(value_parser = or(DEFAULT_DATABASE_CONNECTIONS, parse_connections), default_value = DEFAULT_DATABASE_CONNECTIONS)]
    pub database_connections: u32,
    /// The public origin, such as `https://members.example.com`: every link starts with it
    #[arg(long, env = "BASE_URL", global = true)]
    #[arg(value_parser = optional(parse_base_url), default_value = "", hide_default_value = true)]
    base_url: Optional<Arc<str>>,
    /// The address and port to listen on
    #[arg(long, env = "LISTEN", global = true)]
    #[arg(value_parser = or(DEFAULT_LISTEN, parse_address), default_value = DEFAULT_LISTEN)]
    pub listen: SocketAddr,
    /// A random secret of at least 32 characters. To rotate it, give several, separated by commas: the first signs new
    /// links, all of them verify existing ones
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    #[arg(value_parser = optional(|keys| Keyring::parse(keys).map(Arc::new)), default_value = "", hide_default_value = true)]
    secret_key: Optional<Arc<Keyring>>,
    /// The SMTP server: `smtp://user:password@host:587` or `smtps://…`, with `?tls=required`, `opportunistic` or
    /// `none`, and `&ca=FILE` for a private certificate authority. If unset, which requires a loopback LISTEN address,
    /// email is captured and shown at /dev/mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    #[arg(value_parser = optional(Transport::smtp), default_value = "", hide_default_value = true)]
    pub smtp_url: Optional<Transport>,
    /// The sender of all email
    #[arg(long, env = "MAIL_FROM", global = true)]
    #[arg(value_parser = or(DEFAULT_MAIL_FROM, parse_sender), default_value = DEFAULT_MAIL_FROM)]
    pub mail_from: Mailbox,
    /// Addresses or networks of the proxies whose X-Forwarded-For header is trusted, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", global = true)]
    #[arg(value_parser = parse_networks, default_value = "", hide_default_value = true)]
    pub trusted_proxies: Networks,
    /// The log format: `text` or `json`
    #[arg(long, env = "LOG_FORMAT", global = true)]
    #[arg(value_parser = or(DEFAULT_LOG_FORMAT, parse_log_format), default_value = DEFAULT_LOG_FORMAT)]
    pub log_format: LogFormat,
    /// The address and port that serve /metrics for Prometheus; keep it private
    #[arg(long, env = "METRICS_LISTEN", global = true)]
    #[arg(value_parser = optional(parse_address), default_value = "", hide_default_value = true)]
    pub metrics_listen: Optional<SocketAddr>,
    /// The directory of the built site; otherwise `target/site`, or `site` next to the program
    #[arg(long, env = "LEPTOS_SITE_ROOT", global = true)]
    #[arg(value_parser = optional(PathBuf::from_str), default_value = "", hide_default_value = true)]
    site_root: Optional<PathBuf>,
}

impl Config {
    /// # Errors
    /// One line that names the variable, as do the errors of all functions here.
    pub fn database_url(&self) -> Result<&PgConnectOptions> {
        self.database_url
            .as_ref()
            .context("missing DATABASE_URL: expected postgres://user:password@host/database")
    }

    /// # Errors
    /// When it is missing.
    pub fn keys(&self) -> Result<&Arc<Keyring>> {
        self.secret_key.as_ref().context("missing SECRET_KEY: expected at least 32 random characters")
    }

    /// The public origin, without a trailing slash. On a loopback address it has a default.
    ///
    /// # Errors
    /// When it is missing.
    pub fn base_url(&self) -> Result<Arc<str>> {
        match &self.base_url {
            Some(base_url) => Ok(Arc::clone(base_url)),
            None if self.listen.ip().is_loopback() => {
                Ok(format!("http://localhost:{}", self.listen.port()).into())
            }
            None => bail!("missing BASE_URL: {BASE_URL_EXPECTED}; links in emails start with it"),
        }
    }

    /// Checks what depends on several variables, and that none is missing.
    ///
    /// # Errors
    /// When one is.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.smtp_url.is_some() || self.listen.ip().is_loopback(),
            "missing SMTP_URL: it may be unset only when LISTEN is a loopback address"
        );
        self.keys().and(self.database_url()).and(self.base_url()).map(drop)
    }

    /// The directory of the built site: the configured one, otherwise the first of the places where `bin/build` or a
    /// package puts it.
    ///
    /// # Errors
    /// When none of these directories contains `pkg/`.
    pub fn site_root(&self) -> Result<PathBuf> {
        let program = std::env::current_exe().ok();
        let program_dir = program.as_deref().and_then(Path::parent);
        let candidates = match (&self.site_root, program_dir) {
            (Some(configured), _) => vec![configured.clone()],
            (None, None) => vec![PathBuf::from("target/site")],
            (None, Some(program_dir)) => {
                vec![PathBuf::from("target/site"), program_dir.join("site"), program_dir.join("../site")]
            }
        };
        candidates.iter().find(|candidate| candidate.join("pkg").is_dir()).cloned().ok_or_else(|| {
            let candidates: Vec<_> =
                candidates.iter().map(|candidate| candidate.display().to_string()).collect();
            anyhow!(
                "invalid LEPTOS_SITE_ROOT: expected a directory that contains pkg/, looked in {}",
                candidates.join(", ")
            )
        })
    }
}

/// Reports an invalid value in one line that names its variable. Clap's other errors stay as they are.
pub fn config_error(error: &clap::Error) -> Option<String> {
    let (ErrorKind::ValueValidation, Some(ContextValue::String(option)), Some(reason)) =
        (error.kind(), error.get(ContextKind::InvalidArg), error.source())
    else {
        return None;
    };
    let variable = option.split(' ').next()?.trim_start_matches("--").replace('-', "_").to_uppercase();
    Some(format!("invalid {variable}: {reason}"))
}

/// A value parser for a variable with a default; an empty value selects the default.
fn or<T, E>(
    default: &'static str,
    parse: impl Fn(&str) -> Result<T, E> + Clone,
) -> impl Fn(&str) -> Result<T, E> + Clone {
    move |value| parse(if value.trim().is_empty() { default } else { value.trim() })
}

/// A value parser for a variable without a default.
fn optional<T, E>(
    parse: impl Fn(&str) -> Result<T, E> + Clone,
) -> impl Fn(&str) -> Result<Optional<T>, E> + Clone {
    move |value| if value.trim().is_empty() { Ok(None) } else { parse(value.trim()).map(Some) }
}

fn parse_address(value: &str) -> Result<SocketAddr> {
    value.parse().map_err(|_| anyhow!("expected host:port, e.g. {DEFAULT_LISTEN}, got {value:?}"))
}

fn parse_connections(value: &str) -> Result<u32> {
    let connections = value.parse().ok().filter(|number| *number >= MIN_DATABASE_CONNECTIONS);
    connections
        .with_context(|| format!("expected a number of at least {MIN_DATABASE_CONNECTIONS}, got {value:?}"))
}

fn parse_log_format(value: &str) -> Result<LogFormat> {
    match value {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => bail!("expected text or json, got {other:?}"),
    }
}

/// Parses `BASE_URL`, which must be an origin only.
fn parse_base_url(value: &str) -> Result<Arc<str>> {
    let url = Url::parse(value).map_err(|error| anyhow!("{BASE_URL_EXPECTED}, got {value:?} ({error})"))?;
    let is_origin =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    ensure!(matches!(url.scheme(), "http" | "https") && is_origin, "{BASE_URL_EXPECTED}, got {value:?}");
    Ok(url.origin().ascii_serialization().into())
}

fn parse_networks(list: &str) -> Result<Networks> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let address = entry.parse::<IpAddr>().map(IpNet::from).or_else(|_| entry.parse());
            address
                .map_err(|_| anyhow!("expected IP addresses or networks, separated by commas, got {entry:?}"))
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
            config: Config,
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
            .map_err(|error| config_error(&error).unwrap_or_else(|| error.to_string()))?;
        cli.config.check().map_err(|error| format!("{error:#}"))?;
        Ok(cli.config)
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
        assert!(config.site_root().unwrap_err().to_string().starts_with("invalid LEPTOS_SITE_ROOT: "));
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
            &*config(&["--base-url=HTTPS://Members.example.com/"]).unwrap().base_url().unwrap(),
            "https://members.example.com"
        );
        assert_eq!(
            &*config(&["--listen=127.0.0.1:4000"]).unwrap().base_url().unwrap(),
            "http://localhost:4000"
        );
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
