//! The benchmarks: what Vestibule does, beside what the same machine does at best, in the same run. `bin/bench` starts
//! them, and says how.

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

/// In the order in which they run.
const NAMES: [&str; 10] =
    ["start", "memory", "invite", "invite-many", "mail", "join", "sign-in", "list", "scim", "weight"];

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // A target that was missed is told by the table, and a benchmark that failed by its error: both end the run red.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bin/bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for; says whether every target was reached.
async fn run() -> Result<bool> {
    let config = Config::read()?;
    if let Some(unknown) = config.names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("there is no benchmark {unknown}; there are {}", NAMES.join(", ")).into());
    }
    println!("{}\n\n{}", environment::describe(&config).await?, report::head());
    let (mut rows, mut failed) = (Vec::new(), false);
    for name in NAMES {
        if !config.names.is_empty() && !config.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("== {name}");
        match one(name, &config).await {
            Ok(more) => {
                for row in &more {
                    println!("{}", report::line(row));
                }
                rows.extend(more);
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
    Ok(!failed && rows.iter().all(|row| row.is_reached() != Some(false)))
}

async fn one(name: &str, config: &Config) -> Result<Vec<report::Row>> {
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
        other => Err(format!("there is no benchmark {other}").into()),
    }
}
