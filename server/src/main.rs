//! The binary `vestibule`.

use clap::Parser;
use server::cli::{Cli, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Rendering a page holds a thread now and then: with fewer than four, a busy one could stall the rest.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // What still runs, such as asking for an address, must not keep the program from ending.
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
