//! The server's program.

use super::Result;
use super::config::Config;
use std::process::Command;

/// The server's secret key. The benchmark of joining derives invitation tokens from it.
pub const SECRET_KEY: &str = "a secret key that only the benchmarks use";

/// A command that runs the server's program with this database.
pub fn command(config: &Config, database_url: &str) -> Command {
    let mut command = Command::new(&config.program);
    command.env_clear().env("DATABASE_URL", database_url).env("SECRET_KEY", SECRET_KEY);
    command.env("LEPTOS_SITE_ROOT", &config.site_root);
    command
}

/// Runs a subcommand and returns the last line that it printed.
pub fn run_subcommand(config: &Config, database_url: &str, arguments: &[&str]) -> Result<String> {
    let output = command(config, database_url).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("vestibule {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let stdout = String::from_utf8(output.stdout)?;
    Ok(stdout.lines().last().unwrap_or_default().to_owned())
}
