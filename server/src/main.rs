//! The binary `vestibule`.

use clap::Parser;
use server::cli::{Cli, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Rendering a page can occupy a thread for a while. With fewer than four threads, one slow page could stall the others.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // Blocking tasks that still run, such as a DNS lookup, must not delay the exit.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(format!("could not start: {error}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("vestibule: {message}");
            ExitCode::FAILURE
        }
    }
}
