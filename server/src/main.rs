//! The binary `vestibule`.

use clap::Parser;
use server::cli::{Cli, run};
use server::config::config_error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => match config_error(&error) {
            Some(message) => return fail(&message),
            None => error.exit(),
        },
    };
    // Rendering a page can occupy a thread for a while. With fewer than four threads, one slow page could stall the others.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&format!("could not start: {error}")),
        };
    let result = runtime.block_on(run(cli));
    // Blocking tasks that still run, such as a DNS lookup, must not delay the exit.
    runtime.shutdown_background();
    result.map_or_else(|error| fail(&format!("{error:#}")), |()| ExitCode::SUCCESS)
}

fn fail(message: &str) -> ExitCode {
    eprintln!("vestibule: {message}");
    ExitCode::FAILURE
}
