//! Configuration from the environment, which `bin/bench` prepares, and from the command line.

use super::Result;
use std::path::PathBuf;

/// Users of the small organization.
pub const SMALL: usize = 10_000;

pub struct Config {
    /// The release build of the server.
    pub program: PathBuf,
    pub site_root: PathBuf,
    /// URL of a private Postgres with default durability settings.
    pub postgres: String,
    pub postgres_log: PathBuf,
    pub postgres_bin_dir: PathBuf,
    /// The folder with `smtp-sink` and `smtp-source`.
    pub smtp_bin_dir: PathBuf,
    /// The folder of the browser tests.
    pub end2end_dir: PathBuf,
    /// A folder for temporary files.
    pub scratch_dir: PathBuf,
    /// Smaller sizes and fewer repeats.
    pub quick: bool,
    /// Where to write the results as JSON.
    pub json: Option<PathBuf>,
    /// The benchmarks to run; empty for all.
    pub benchmarks: Vec<String>,
}

impl Config {
    pub fn read() -> Result<Self> {
        let path = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).ok_or(format!("{name} is not set; run bin/bench"))
        };
        let mut config = Self {
            program: path("BENCH_PROGRAM")?,
            site_root: path("BENCH_SITE_ROOT")?,
            postgres: std::env::var("BENCH_POSTGRES")?,
            postgres_log: path("BENCH_POSTGRES_LOG")?,
            postgres_bin_dir: path("BENCH_POSTGRES_PROGRAMS")?,
            smtp_bin_dir: path("BENCH_SMTP_PROGRAMS")?,
            end2end_dir: path("BENCH_END2END")?,
            scratch_dir: path("BENCH_SCRATCH")?,
            quick: false,
            json: None,
            benchmarks: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Passed by Cargo.
                "--bench" => {}
                "--quick" => config.quick = true,
                "--json" => config.json = Some(arguments.next().ok_or("--json requires a FILE")?.into()),
                name => config.benchmarks.push(name.to_owned()),
            }
        }
        Ok(config)
    }

    /// Users of the large organization.
    pub const fn large(&self) -> usize {
        self.scaled(1_000_000, 100_000)
    }

    /// Requests that each concurrent client makes to a list.
    pub const fn requests_per_client(&self) -> usize {
        self.scaled(25, 3)
    }

    /// The size for a full or a quick run.
    pub const fn scaled(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}
