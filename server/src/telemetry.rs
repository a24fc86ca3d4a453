//! Logging.

use crate::config::LogFormat;
use std::io::IsTerminal;
use std::panic::{PanicHookInfo, set_hook};
use tracing_subscriber::EnvFilter;

/// Logs to standard error, at the level set by `RUST_LOG` (default `info`), and reports panics through the log.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::stderr().is_terminal();
    let installed = match format {
        LogFormat::Text => subscriber.with_target(false).with_ansi(is_terminal).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    // It fails when a subscriber is already installed, as in tests; that one is kept.
    if installed.is_ok() {
        set_hook(Box::new(log_panic));
    }
}

/// Logs a panic as an event of the current span, so that it carries the id of its request.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let payload = panic.payload_as_str().unwrap_or_default();
    let backtrace = std::backtrace::Backtrace::capture();
    tracing::error!(location, payload, %backtrace, "panicked");
}
