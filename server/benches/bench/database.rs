//! The databases: created by the server's own migrations, seeded once and then copied, and measured with `pgbench`.

use super::Result;
use super::config::Config;
use super::program::run_subcommand;
use sqlx::migrate::MigrationType;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::process::Command;

/// Slug and id of the large organization, as in the seed.
pub const LARGE_SLUG: &str = "many";
pub const LARGE_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Users of each of the hundred other organizations.
const USERS_PER_OTHER: usize = 1_000;

const SEED: &str = test_support::USERS_SQL;

/// A database. The pool is for setup and checks; the measured server and `pgbench` open their own connections.
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

    /// The default database of the cluster.
    pub async fn open_default(config: &Config) -> Result<Self> {
        Self::open(config, "postgres").await
    }

    /// A new database without organizations.
    pub async fn empty(config: &Config) -> Result<Self> {
        let postgres = Self::open_default(config).await?;
        postgres.run("drop database if exists bench_empty with (force)").await?;
        postgres.run("create database bench_empty").await?;
        let database = Self::open(config, "bench_empty").await?;
        run_subcommand(config, &database.url, &["migrate"])?;
        Ok(database)
    }

    /// A database whose organization [`LARGE_SLUG`] has this many users, among a hundred other organizations. It is seeded
    /// once for each schema, and then copied.
    pub async fn with_users(config: &Config, users: usize) -> Result<Self> {
        let postgres = Self::open_default(config).await?;
        let template = format!("bench_filled_{users}_{}", schema_fingerprint());
        if postgres
            .query_number(&format!("select count(*) from pg_database where datname = '{template}'"))
            .await?
            == 0
        {
            eprintln!("- seeding a database with {users} users (once)");
            postgres.seed_template(config, &template, users).await?;
        }
        let copy = format!("bench_{users}");
        postgres.run(&format!("drop database if exists {copy} with (force)")).await?;
        postgres.run(&format!("create database {copy} template {template}")).await?;
        postgres.run("checkpoint").await?;
        Self::open(config, &copy).await
    }

    async fn seed_template(&self, config: &Config, template: &str, users: usize) -> Result<()> {
        // Templates of an older schema, or of an interrupted run.
        let outdated = format!(
            "select datname from pg_database where datname like 'bench_filling' or datname like 'bench_filled_{users}_%'"
        );
        for name in sqlx::query_scalar::<_, String>(AssertSqlSafe(outdated)).fetch_all(&self.pool).await? {
            self.run(&format!("drop database {name} with (force)")).await?;
        }
        self.run("create database bench_filling").await?;
        let filling = Self::open(config, "bench_filling").await?;
        run_subcommand(config, &filling.url, &["migrate"])?;
        let parameters = format!(
            "set seed.users = {users}; set seed.users_per_other = {USERS_PER_OTHER}; select set_config('seed.now', now()::text, false);"
        );
        filling.run(&format!("{parameters} {SEED}")).await?;
        filling.run("vacuum analyze").await?;
        filling.pool.close().await;
        self.run(&format!("alter database bench_filling rename to {template}")).await
    }

    /// Runs statements on one connection.
    pub async fn run(&self, sql: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await?;
        Ok(())
    }

    /// Runs a query that returns a single number.
    pub async fn query_number(&self, sql: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await?)
    }

    /// Fails unless `from` has this many rows, so that no benchmark reports a time for work that was not done.
    pub async fn expect_rows(&self, count: usize, from: &str) -> Result<()> {
        let actual = self.query_number(&format!("select count(*) from {from}")).await?;
        if usize::try_from(actual) == Ok(count) {
            Ok(())
        } else {
            Err(format!("expected {count} rows, got {actual}: {from}").into())
        }
    }
}

/// Identifies the schema and the seed.
fn schema_fingerprint() -> String {
    let up_migrations =
        domain::MIGRATOR.iter().filter(|migration| migration.migration_type != MigrationType::ReversibleDown);
    let bytes = up_migrations.flat_map(|migration| migration.checksum.iter().copied()).chain(SEED.bytes());
    format!("{:08x}", bytes.fold(0_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(byte)))
}

/// The measurements of a `pgbench` run.
pub struct Pgbench {
    /// The duration of each transaction.
    pub millis: Vec<f64>,
    /// Transactions per second.
    pub rate: f64,
}

/// Runs a script with `pgbench`, `transactions` times for each of `clients` concurrent clients.
pub fn pgbench(
    config: &Config,
    database: &Database,
    clients: usize,
    transactions: usize,
    script: &str,
    variables: &[(String, String)],
) -> Result<Pgbench> {
    let file = config.scratch_dir.join("pgbench.sql");
    let log = config.scratch_dir.join("pgbench_log");
    std::fs::write(&file, script)?;
    for log in pgbench_logs(config)? {
        std::fs::remove_file(log)?;
    }
    let mut command = Command::new(config.postgres_bin_dir.join("pgbench"));
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--log"]);
    command.arg(format!("--log-prefix={}", log.display()));
    command.arg(format!("--client={clients}")).arg(format!("--transactions={transactions}"));
    command.arg(format!("--file={}", file.display()));
    for (name, value) in variables {
        command.arg(format!("--define={name}={value}"));
    }
    let output = command.arg(&database.url).output()?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let all_processed = format!("actually processed: {}/{}", clients * transactions, clients * transactions);
    if !output.status.success() || !stdout.contains(&all_processed) {
        return Err(format!("pgbench: {stdout}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut millis = Vec::with_capacity(clients * transactions);
    for log in pgbench_logs(config)? {
        for line in std::fs::read_to_string(log)?.lines() {
            // The third column is the duration in microseconds.
            let micros: f64 =
                line.split(' ').nth(2).ok_or("unexpected line in the log of pgbench")?.parse()?;
            millis.push(micros / 1000.0);
        }
    }
    let rate =
        stdout.lines().find_map(|line| line.strip_prefix("tps = ")).and_then(|rest| rest.split(' ').next());
    Ok(Pgbench { millis, rate: rate.ok_or("pgbench reported no tps")?.parse()? })
}

fn pgbench_logs(config: &Config) -> Result<Vec<std::path::PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(&config.scratch_dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log.")) {
            logs.push(path);
        }
    }
    Ok(logs)
}
