//! The log.

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Writes the log to the standard error: a line for each request and for what went wrong. `RUST_LOG` tells more or less.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    // A second start, in a test, keeps the first log.
    drop(started);
}
