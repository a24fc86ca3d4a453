//! What `bin/bench` has made ready, and what is to be measured.

use super::Result;
use std::path::PathBuf;

/// How many people the organization has where it is not large.
pub const FEW: usize = 10_000;

pub struct Config {
    /// The release build.
    pub program: PathBuf,
    pub site_root: PathBuf,
    /// A private Postgres with the durability that it comes with.
    pub postgres: String,
    pub postgres_log: PathBuf,
    pub postgres_programs: PathBuf,
    /// The folder with `smtp-sink` and `smtp-source`.
    pub smtp_programs: PathBuf,
    /// The folder of the browser tests.
    pub end2end: PathBuf,
    /// A folder for what is needed in between.
    pub scratch: PathBuf,
    /// Smaller sizes and fewer repeats.
    pub quick: bool,
    pub json: Option<PathBuf>,
    /// Nothing: all.
    pub names: Vec<String>,
}

impl Config {
    pub fn read() -> Result<Self> {
        let path = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).ok_or(format!("{name} is missing: run bin/bench"))
        };
        let mut config = Self {
            program: path("BENCH_PROGRAM")?,
            site_root: path("BENCH_SITE_ROOT")?,
            postgres: std::env::var("BENCH_POSTGRES")?,
            postgres_log: path("BENCH_POSTGRES_LOG")?,
            postgres_programs: path("BENCH_POSTGRES_PROGRAMS")?,
            smtp_programs: path("BENCH_SMTP_PROGRAMS")?,
            end2end: path("BENCH_END2END")?,
            scratch: path("BENCH_SCRATCH")?,
            quick: false,
            json: None,
            names: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo's own word.
                "--bench" => {}
                "--quick" => config.quick = true,
                "--json" => config.json = Some(arguments.next().ok_or("--json wants a FILE")?.into()),
                name => config.names.push(name.to_owned()),
            }
        }
        Ok(config)
    }

    /// How many people the large organization has.
    pub const fn people(&self) -> usize {
        self.many(1_000_000, 100_000)
    }

    /// How many requests each of those makes who look at a list at once.
    pub const fn each(&self) -> usize {
        self.many(25, 3)
    }

    /// A number for a whole run, or for a quick one.
    pub const fn many(&self, whole: usize, quick: usize) -> usize {
        if self.quick { quick } else { whole }
    }
}
