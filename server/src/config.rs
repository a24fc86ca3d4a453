//! What the server is told from outside: environment variables, checked before anything starts.

use clap::{Args, ValueEnum};
use domain::Keyring;
use domain::mail::{MailConfigError, Transport, sender};
use ipnet::IpNet;
use lettre::message::Mailbox;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::Url;

/// The environment, as it is.
#[derive(Args)]
pub struct Settings {
    /// Postgres 15 or newer: `postgres://user:password@host/database`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// How many connections to the database this server keeps at most
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 20, global = true)]
    database_connections: u32,
    /// The public origin, such as `https://members.example.com`: every link begins with it
    #[arg(long, env = "BASE_URL", global = true)]
    base_url: Option<String>,
    /// Where to listen
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000", global = true)]
    pub listen: SocketAddr,
    /// At least 32 characters that nobody knows. Several, parted by commas, while you rotate: the first makes new
    /// links, all open old ones
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    secret_key: Option<String>,
    /// The mail server: `smtp://user:password@host:587` or `smtps://…`, with `?tls=required`, `opportunistic` or `none`, and `&ca=FILE` for a certificate authority of your own. Without
    /// it, and only on a loopback address, mail is captured and shown at /dev/mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    smtp_url: Option<String>,
    /// The sender of all mail
    #[arg(long, env = "MAIL_FROM", default_value = "Vestibule <vestibule@localhost>", global = true)]
    mail_from: String,
    /// Addresses or networks of proxies whose X-Forwarded-For is believed, parted by commas
    #[arg(long, env = "TRUSTED_PROXIES", default_value = "", global = true)]
    trusted_proxies: String,
    /// How the log is written
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
    /// Where /metrics is served for Prometheus: keep it private
    #[arg(long, env = "METRICS_LISTEN", global = true)]
    metrics_listen: Option<SocketAddr>,
    /// The folder with the files of the site
    #[arg(long, env = "LEPTOS_SITE_ROOT", default_value = "target/site", global = true)]
    site_root: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
    pub site_root: String,
}

impl Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// One line that names the variable and what is wrong with it.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let loopback = settings.listen.ip().is_loopback();
        // An empty variable is one that nobody set.
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let smtp_url = given(settings.smtp_url);
        if smtp_url.is_none() && !loopback {
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
            database_connections: settings.database_connections.max(2),
            base_url: base_url(settings.base_url, settings.listen)?.into(),
            listen: settings.listen,
            keys: Arc::new(Keyring::parse(&secret_key).map_err(|error| format!("SECRET_KEY {error}"))?),
            smtp_url,
            mail_from: sender(&settings.mail_from).map_err(|error| format!("MAIL_FROM {error}"))?,
            trusted_proxies: networks(&settings.trusted_proxies)?,
            log_format: settings.log_format,
            metrics_listen: settings.metrics_listen,
            site_root: settings.site_root,
        })
    }
}

/// The origin alone, without a slash at its end.
fn base_url(given: Option<String>, listen: SocketAddr) -> Result<String, String> {
    let Some(given) = given.filter(|url| !url.trim().is_empty()) else {
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
        assert!(complaint(&["--listen=nowhere"]).contains("listen"));
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
            "BASE_URL",
            "LISTEN",
            "SECRET_KEY",
            "SMTP_URL",
            "MAIL_FROM",
            "TRUSTED_PROXIES",
            "LOG_FORMAT",
            "METRICS_LISTEN",
        ] {
            assert!(help.contains(variable), "{variable}");
        }
    }
}
