//! The databases: made as an operator makes them, filled once and then copied, and asked by Postgres' own tools.

use super::Result;
use super::config::Config;
use super::server;
use sqlx::migrate::MigrationType;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::process::Command;

/// The organization with many people.
pub const MANY: &str = "many";
pub const MANY_ID: &str = "00000000-0000-0000-0000-000000000000";

/// How many people each of the hundred other organizations has.
const EACH: usize = 1_000;

const PEOPLE: &str = include_str!("../../domain/tests/support/users.sql");

/// A database. Its pool is for looking and for preparing; what is measured has connections of its own.
pub struct Database {
    pub url: String,
    pub pool: PgPool,
}

impl Database {
    async fn open(config: &Config, name: &str) -> Result<Self> {
        let server = config.postgres.rsplit_once('/').map_or(config.postgres.as_str(), |(server, _)| server);
        let url = format!("{server}/{name}");
        let pool = PgPoolOptions::new().max_connections(2).connect(&url).await?;
        Ok(Self { url, pool })
    }

    /// Postgres' own, which is always there.
    pub async fn open_default(config: &Config) -> Result<Self> {
        Self::open(config, "postgres").await
    }

    /// An empty one.
    pub async fn empty(config: &Config) -> Result<Self> {
        let postgres = Self::open_default(config).await?;
        postgres.run("drop database if exists bench_empty with (force)").await?;
        postgres.run("create database bench_empty").await?;
        let database = Self::open(config, "bench_empty").await?;
        server::run(config, &database, &["migrate"])?;
        Ok(database)
    }

    /// One whose organization [`MANY`] has so many people, among a hundred others. It is filled once for each schema, and
    /// then copied.
    pub async fn with_people(config: &Config, people: usize) -> Result<Self> {
        let postgres = Self::open_default(config).await?;
        let filled = format!("bench_filled_{people}_{}", schema());
        if postgres.number(&format!("select count(*) from pg_database where datname = '{filled}'")).await?
            == 0
        {
            eprintln!("- filling a database with {people} people (once)");
            postgres.fill(config, &filled, people).await?;
        }
        let copy = format!("bench_{people}");
        postgres.run(&format!("drop database if exists {copy} with (force)")).await?;
        postgres.run(&format!("create database {copy} template {filled}")).await?;
        postgres.run("checkpoint").await?;
        Self::open(config, &copy).await
    }

    async fn fill(&self, config: &Config, filled: &str, people: usize) -> Result<()> {
        // Of an older schema, or half filled.
        let old = format!(
            "select datname from pg_database where datname like 'bench_filling' or datname like 'bench_filled_{people}_%'"
        );
        for name in sqlx::query_scalar::<_, String>(AssertSqlSafe(old)).fetch_all(&self.pool).await? {
            self.run(&format!("drop database {name} with (force)")).await?;
        }
        self.run("create database bench_filling").await?;
        let filling = Self::open(config, "bench_filling").await?;
        server::run(config, &filling, &["migrate"])?;
        let said = format!(
            "set seed.people = {people}; set seed.each = {EACH}; select set_config('seed.now', now()::text, false);"
        );
        filling.run(&format!("{said} {PEOPLE}")).await?;
        filling.run("vacuum analyze").await?;
        filling.pool.close().await;
        self.run(&format!("alter database bench_filling rename to {filled}")).await
    }

    /// Runs statements, all on one connection.
    pub async fn run(&self, sql: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await?;
        Ok(())
    }

    pub async fn number(&self, sql: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await?)
    }

    /// Whether so many rows are there. A benchmark whose work was not done is worth nothing.
    pub async fn expect(&self, count: usize, of: &str) -> Result<()> {
        let found = self.number(&format!("select count(*) from {of}")).await?;
        if usize::try_from(found) == Ok(count) {
            Ok(())
        } else {
            Err(format!("{found} and not {count}: {of}").into())
        }
    }
}

/// Stands for the schema, and for what it is filled with.
fn schema() -> String {
    let ups =
        domain::MIGRATOR.iter().filter(|migration| migration.migration_type != MigrationType::ReversibleDown);
    let bytes = ups.flat_map(|migration| migration.checksum.iter().copied()).chain(PEOPLE.bytes());
    format!("{:08x}", bytes.fold(0_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(byte)))
}

/// What `pgbench` measured.
pub struct Pgbench {
    /// How long each transaction took.
    pub millis: Vec<f64>,
    /// How many there were each second.
    pub rate: f64,
}

/// Runs a script `count` times for each of `clients` at once, by Postgres' own `pgbench`.
pub fn pgbench(
    config: &Config,
    database: &Database,
    clients: usize,
    count: usize,
    script: &str,
    variables: &[(String, String)],
) -> Result<Pgbench> {
    let file = config.scratch.join("pgbench.sql");
    let log = config.scratch.join("pgbench_log");
    std::fs::write(&file, script)?;
    for old in logs(config)? {
        std::fs::remove_file(old)?;
    }
    let mut command = Command::new(config.postgres_programs.join("pgbench"));
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--log"]);
    command.arg(format!("--log-prefix={}", log.display()));
    command.arg(format!("--client={clients}")).arg(format!("--transactions={count}"));
    command.arg(format!("--file={}", file.display()));
    for (name, value) in variables {
        command.arg(format!("--define={name}={value}"));
    }
    let output = command.arg(&database.url).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = format!("actually processed: {}/{}", clients * count, clients * count);
    if !output.status.success() || !said.contains(&all) {
        return Err(format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut millis = Vec::with_capacity(clients * count);
    for log in logs(config)? {
        for line in std::fs::read_to_string(log)?.lines() {
            // The third column is how long it took, in microseconds.
            let micros: f64 =
                line.split(' ').nth(2).ok_or("a line of pgbench's log is too short")?.parse()?;
            millis.push(micros / 1000.0);
        }
    }
    let rate =
        said.lines().find_map(|line| line.strip_prefix("tps = ")).and_then(|rest| rest.split(' ').next());
    Ok(Pgbench { millis, rate: rate.ok_or("pgbench did not say how fast it was")?.parse()? })
}

fn logs(config: &Config) -> Result<Vec<std::path::PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(&config.scratch)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log.")) {
            logs.push(path);
        }
    }
    Ok(logs)
}
