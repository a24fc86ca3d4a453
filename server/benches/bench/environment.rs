//! On what it was measured.

use super::Result;
use super::config::Config;
use super::database::Database;
use std::fmt::Write;
use std::process::Command;

/// The machine, the versions and the sizes, a line each.
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
    let mut told = String::new();
    let _ = writeln!(
        told,
        "machine: {}, {cores} cores, {} GiB, Linux {}",
        field(&file("/proc/cpuinfo"), "model name"),
        memory / 1024 / 1024,
        said("uname", &["-r"])
    );
    let _ = writeln!(
        told,
        "versions: Vestibule {}, Postgres {version}, {}, {}",
        said("git", &["describe", "--always", "--dirty"]),
        said("rustc", &["--version"]),
        std::env::var("VESTIBULE_CHROMIUM")
            .map_or_else(|_| "Playwright's Chromium".to_owned(), |path| said(&path, &["--version"]))
    );
    for config in ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers"] {
        let value: String =
            sqlx::query_scalar("select current_setting($1)").bind(config).fetch_one(&postgres.pool).await?;
        let _ = write!(told, "{}{config} {value}", if config == "fsync" { "Postgres: " } else { ", " });
    }
    let _ = writeln!(told);
    let _ = writeln!(
        told,
        "program: {:.1} MB; site:{}",
        megabytes(std::fs::metadata(&config.program)?.len()),
        site(config)?
    );
    let _ = write!(told, "date: {}", said("date", &["-u", "+%d %B %Y, %H:%M UTC"]));
    Ok(told)
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The files of the site that a browser loads, as they go over the wire.
fn site(config: &Config) -> Result<String> {
    let mut told = String::new();
    for entry in std::fs::read_dir(config.site_root.join("pkg"))? {
        let (name, size) = {
            let entry = entry?;
            (entry.file_name(), entry.metadata()?.len())
        };
        let name = name.to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".br") {
            let kind = name.rsplit('.').next().unwrap_or_default();
            let _ = write!(told, " {kind} {:.1} kB", megabytes(size) * 1000.0);
        }
    }
    Ok(told)
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1_000_000.0
}
