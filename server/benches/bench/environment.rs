//! The environment of a run: machine, versions, Postgres settings and sizes.

use super::Result;
use super::config::Config;
use super::database::Database;
use std::fmt::Write;
use std::process::Command;

/// Describes the environment, one line for each topic.
pub async fn describe(config: &Config) -> Result<String> {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let memory: u64 =
        field(&file("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let postgres = Database::open_default(config).await?;
    let version: String = sqlx::query_scalar("show server_version").fetch_one(&postgres.pool).await?;
    let mut description = String::new();
    let _ = writeln!(
        description,
        "machine: {}, {cores} cores, {} GiB, Linux {}",
        field(&file("/proc/cpuinfo"), "model name"),
        memory / 1024 / 1024,
        command_output("uname", &["-r"])
    );
    let _ = writeln!(
        description,
        "versions: Vestibule {}, Postgres {version}, {}, {}",
        command_output("git", &["describe", "--always", "--dirty"]),
        command_output("rustc", &["--version"]),
        std::env::var("VESTIBULE_CHROMIUM").map_or_else(
            |_| "Playwright's Chromium".to_owned(),
            |path| command_output(&path, &["--version"])
        )
    );
    for setting in ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers"] {
        let value: String =
            sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&postgres.pool).await?;
        let _ =
            write!(description, "{}{setting} {value}", if setting == "fsync" { "Postgres: " } else { ", " });
    }
    let _ = writeln!(description);
    let _ = writeln!(
        description,
        "program: {:.1} MB; site:{}",
        megabytes(std::fs::metadata(&config.program)?.len()),
        asset_sizes(config)?
    );
    let _ = write!(description, "date: {}", command_output("date", &["-u", "+%d %B %Y, %H:%M UTC"]));
    Ok(description)
}

/// The output of a command, or "unknown" if it can't be run.
fn command_output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The compressed sizes of the assets that a browser loads.
fn asset_sizes(config: &Config) -> Result<String> {
    let mut sizes = String::new();
    for entry in std::fs::read_dir(config.site_root.join("pkg"))? {
        let (name, size) = {
            let entry = entry?;
            (entry.file_name(), entry.metadata()?.len())
        };
        let name = name.to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".br") {
            let extension = name.rsplit('.').next().unwrap_or_default();
            let _ = write!(sizes, " {extension} {:.1} kB", megabytes(size) * 1000.0);
        }
    }
    Ok(sizes)
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1_000_000.0
}
