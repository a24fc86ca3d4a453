//! The log.

use crate::config::LogFormat;
use std::io::IsTerminal;
use std::panic::{PanicHookInfo, set_hook};
use tracing_subscriber::EnvFilter;

/// Writes the log to the standard error: a line for each request and for what went wrong. `RUST_LOG` tells more or less.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    let started = match format {
        LogFormat::Text => log.with_target(false).with_ansi(terminal).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    // A second start, in a test, keeps the first log.
    if started.is_ok() {
        set_hook(Box::new(panicked));
    }
}

/// A panic is a line of the log like any other, inside the request that it ended.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = panic.payload_as_str().unwrap_or_default();
    let trace = std::backtrace::Backtrace::capture();
    tracing::error!(place, %trace, "panicked: {words}");
}
