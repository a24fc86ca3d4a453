//! The environment, as it is. Every value is text until it is checked, so that a wrong one is named in one line.

use clap::Args;

pub const LISTEN: &str = "127.0.0.1:3000";
pub const DATABASE_CONNECTIONS: &str = "20";
pub const MAIL_FROM: &str = "Vestibule <vestibule@localhost>";
pub const LOG_FORMAT: &str = "text";

#[derive(Args)]
pub struct Settings {
    /// Postgres 15 or newer: `postgres://user:password@host/database`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub(super) database_url: Option<String>,
    /// How many connections to the database this server keeps at most
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value = DATABASE_CONNECTIONS, global = true)]
    pub(super) database_connections: String,
    /// The public origin, such as `https://members.example.com`: every link begins with it
    #[arg(long, env = "BASE_URL", global = true)]
    pub(super) base_url: Option<String>,
    /// Where to listen
    #[arg(long, env = "LISTEN", default_value = LISTEN, global = true)]
    pub(super) listen: String,
    /// At least 32 characters that nobody knows. Several, parted by commas, while you rotate: the first makes new
    /// links, all open old ones
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    pub(super) secret_key: Option<String>,
    /// The mail server: `smtp://user:password@host:587` or `smtps://…`, with `?tls=required`, `opportunistic` or
    /// `none`, and `&ca=FILE` for a certificate authority of your own. Without it, and only on a loopback address, mail
    /// is captured and shown at /dev/mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    pub(super) smtp_url: Option<String>,
    /// The sender of all mail
    #[arg(long, env = "MAIL_FROM", default_value = MAIL_FROM, global = true)]
    pub(super) mail_from: String,
    /// Addresses or networks of proxies whose X-Forwarded-For is believed, parted by commas
    #[arg(long, env = "TRUSTED_PROXIES", global = true)]
    pub(super) trusted_proxies: Option<String>,
    /// How the log is written: `text` or `json`
    #[arg(long, env = "LOG_FORMAT", default_value = LOG_FORMAT, global = true)]
    pub(super) log_format: String,
    /// Where /metrics is served for Prometheus: keep it private
    #[arg(long, env = "METRICS_LISTEN", global = true)]
    pub(super) metrics_listen: Option<String>,
    /// The folder with the files of the site; else `target/site`, or `site` beside the program
    #[arg(long, env = "LEPTOS_SITE_ROOT", global = true)]
    pub(super) site_root: Option<String>,
}

/// An empty variable is one that nobody set.
pub fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

/// What was given, or what goes for nothing.
pub fn or(value: String, default: &str) -> String {
    if value.trim().is_empty() { default.to_owned() } else { value }
}
