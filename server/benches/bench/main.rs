//! The benchmarks: what Vestibule does, beside what the same machine does at best, in the same run. `bin/bench` starts
//! them, and says how.

mod database;
mod http;
mod invite;
mod invite_many;
mod join;
mod list;
mod lists;
mod load;
mod machine;
mod mail;
mod memory;
mod report;
mod scim;
mod server;
mod setting;
mod sign_in;
mod sink;
mod start;
mod statements;
mod weight;

use setting::Setting;
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
    let setting = Setting::read()?;
    if let Some(unknown) = setting.names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("there is no benchmark {unknown}; there are {}", NAMES.join(", ")).into());
    }
    println!("{}\n\n{}", machine::describe(&setting).await?, report::head());
    let (mut rows, mut failed) = (Vec::new(), false);
    for name in NAMES {
        if !setting.names.is_empty() && !setting.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("== {name}");
        match one(name, &setting).await {
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
        if let Some(file) = &setting.json {
            std::fs::write(file, report::json(&rows))?;
        }
    }
    Ok(!failed && rows.iter().all(|row| row.is_reached() != Some(false)))
}

async fn one(name: &str, setting: &Setting) -> Result<Vec<report::Row>> {
    match name {
        "invite" => invite::run(setting).await,
        "invite-many" => invite_many::run(setting).await,
        "join" => join::run(setting).await,
        "list" => list::run(setting).await,
        "mail" => mail::run(setting).await,
        "memory" => memory::run(setting).await,
        "scim" => scim::run(setting).await,
        "sign-in" => sign_in::run(setting).await,
        "start" => start::run(setting).await,
        "weight" => weight::run(setting).await,
        other => Err(format!("there is no benchmark {other}").into()),
    }
}
