//! Connecting to the database, and migrating its schema.

use crate::config::Config;
use anyhow::{Result, anyhow};
use domain::{AppContext, MIGRATOR};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for a connection. At startup the database may be starting too.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for the connection that explains why the pool could not connect.
const DIAGNOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A pooled connection that was idle for this long is pinged before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The key of the advisory lock that serializes migrations.
const MIGRATION_LOCK: i64 = 0x7665_7374_6962_756c;

/// Connects to the database.
///
/// # Errors
/// A message to print on standard error.
pub async fn connect(config: &Config) -> Result<AppContext> {
    let options = config.database_url()?;
    let pool = PgPoolOptions::new()
        .max_connections(config.database_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| Box::pin(ping_if_idle(connection, metadata.idle_for)))
        .connect_with(options.clone());
    let pool = match pool.await {
        Ok(pool) => pool,
        Err(error) => return Err(connect_error(options, error).await),
    };
    Ok(AppContext::new(pool, Arc::clone(config.keys()?), config.base_url()?))
}

/// Pings a connection only after it was idle for a while. `test_before_acquire` would ping on every acquire, which doubles
/// the round trips, and sqlx has already pinged the connection when it was returned to the pool.
async fn ping_if_idle(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for >= PING_AFTER_IDLE {
        connection.ping().await?;
    }
    Ok(true)
}

/// Why the database can't be reached. The pool reports only that it timed out, so this opens a single connection to get
/// the cause.
async fn connect_error(options: &PgConnectOptions, pool_error: sqlx::Error) -> anyhow::Error {
    let cause = match tokio::time::timeout(DIAGNOSE_TIMEOUT, options.connect()).await {
        Ok(Err(cause)) => cause,
        _ => pool_error,
    };
    anyhow!("could not connect to DATABASE_URL: {cause}")
}

/// Applies pending migrations.
///
/// # Errors
/// A message to print on standard error.
pub async fn migrate(app: &AppContext) -> Result<()> {
    run_migrations(&app.pool).await.map_err(|error| anyhow!("database migration failed: {error}"))
}

/// Runs all migrations in one transaction, serialized by an advisory lock because several servers may start
/// simultaneously. The migrator's own lock belongs to the session, which a pooler such as `pgbouncer` may give to another
/// client; this one ends with the transaction.
async fn run_migrations(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    migrator.set_locking(false).run(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
