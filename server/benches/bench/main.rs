//! Benchmarks. Each measures Vestibule and, where there is one, a baseline on the same machine in the same run, such as
//! the same SQL by `pgbench`. Run them with `bin/bench`, which documents the options.

mod bundle_size;
mod config;
mod database;
mod environment;
mod fixtures;
mod http;
mod invite;
mod invite_concurrent;
mod join;
mod load;
mod mail;
mod memory;
mod program;
mod report;
mod scim;
mod server;
mod sign_in;
mod sink;
mod start;
mod statements;
mod users_page;

use config::Config;
use std::error::Error;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The benchmarks, in the order in which they run.
const BENCHMARKS: [&str; 10] =
    ["start", "memory", "invite", "invite-many", "mail", "join", "sign-in", "list", "scim", "weight"];

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // The table shows missed targets, and stderr the errors of failed benchmarks.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bin/bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the selected benchmarks. Returns whether all of them succeeded and reached their targets.
async fn run() -> Result<bool> {
    let config = Config::read()?;
    if let Some(unknown) = config.benchmarks.iter().find(|name| !BENCHMARKS.contains(&name.as_str())) {
        return Err(format!("unknown benchmark {unknown}; expected one of {}", BENCHMARKS.join(", ")).into());
    }
    println!("{}\n\n{}", environment::describe(&config).await?, report::header());
    let (mut rows, mut failed) = (Vec::new(), false);
    for name in BENCHMARKS {
        if !config.benchmarks.is_empty() && !config.benchmarks.iter().any(|selected| selected == name) {
            continue;
        }
        eprintln!("== {name}");
        match run_benchmark(name, &config).await {
            Ok(results) => {
                for row in &results {
                    println!("{}", report::format_row(row));
                }
                rows.extend(results);
            }
            Err(error) => {
                eprintln!("== {name}: FAILED: {error}");
                failed = true;
            }
        }
        if let Some(file) = &config.json {
            std::fs::write(file, report::json(&rows))?;
        }
    }
    Ok(!failed && rows.iter().all(|row| row.reaches_target() != Some(false)))
}

async fn run_benchmark(name: &str, config: &Config) -> Result<Vec<report::Row>> {
    match name {
        "invite" => invite::run(config).await,
        "invite-many" => invite_concurrent::run(config).await,
        "join" => join::run(config).await,
        "list" => users_page::run(config).await,
        "mail" => mail::run(config).await,
        "memory" => memory::run(config).await,
        "scim" => scim::run(config).await,
        "sign-in" => sign_in::run(config).await,
        "start" => start::run(config).await,
        "weight" => bundle_size::run(config).await,
        other => Err(format!("unknown benchmark {other}").into()),
    }
}
