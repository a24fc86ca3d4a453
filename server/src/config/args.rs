//! Configuration as given in environment variables or command-line options. Every value is text until `Config` validates
//! it, so that each error is a single line that names the variable.

use clap::Args;

pub const DEFAULT_LISTEN: &str = "127.0.0.1:3000";
pub const DEFAULT_DATABASE_CONNECTIONS: &str = "20";
pub const DEFAULT_MAIL_FROM: &str = "Vestibule <vestibule@localhost>";
pub const DEFAULT_LOG_FORMAT: &str = "text";

#[derive(Args)]
pub struct ConfigArgs {
    /// Postgres 15 or newer: `postgres://user:password@host/database`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub(super) database_url: Option<String>,
    /// The maximum number of database connections of this server
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value = DEFAULT_DATABASE_CONNECTIONS, global = true)]
    pub(super) database_connections: String,
    /// The public origin, such as `https://members.example.com`: every link starts with it
    #[arg(long, env = "BASE_URL", global = true)]
    pub(super) base_url: Option<String>,
    /// The address and port to listen on
    #[arg(long, env = "LISTEN", default_value = DEFAULT_LISTEN, global = true)]
    pub(super) listen: String,
    /// A random secret of at least 32 characters. To rotate it, give several, separated by commas: the first signs new
    /// links, all of them verify existing ones
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, global = true)]
    pub(super) secret_key: Option<String>,
    /// The SMTP server: `smtp://user:password@host:587` or `smtps://…`, with `?tls=required`, `opportunistic` or
    /// `none`, and `&ca=FILE` for a private certificate authority. If unset, which requires a loopback LISTEN address,
    /// email is captured and shown at /dev/mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, global = true)]
    pub(super) smtp_url: Option<String>,
    /// The sender of all email
    #[arg(long, env = "MAIL_FROM", default_value = DEFAULT_MAIL_FROM, global = true)]
    pub(super) mail_from: String,
    /// Addresses or networks of the proxies whose X-Forwarded-For header is trusted, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", global = true)]
    pub(super) trusted_proxies: Option<String>,
    /// The log format: `text` or `json`
    #[arg(long, env = "LOG_FORMAT", default_value = DEFAULT_LOG_FORMAT, global = true)]
    pub(super) log_format: String,
    /// The address and port that serve /metrics for Prometheus; keep it private
    #[arg(long, env = "METRICS_LISTEN", global = true)]
    pub(super) metrics_listen: Option<String>,
    /// The directory of the built site; otherwise `target/site`, or `site` next to the program
    #[arg(long, env = "LEPTOS_SITE_ROOT", global = true)]
    pub(super) site_root: Option<String>,
}

/// An empty variable counts as unset.
pub fn non_empty(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

/// The value, or the default when it is empty.
pub fn or_default(value: String, default: &str) -> String {
    if value.trim().is_empty() { default.to_owned() } else { value }
}
