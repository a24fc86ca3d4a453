//! The database: reaching it, and bringing its schema up to date.

use crate::config::Config;
use domain::{AppContext, Clock, MIGRATOR};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for the database: at a start it may come up beside us.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection that nobody uses is believed to be one still.
const TRUSTED: Duration = Duration::from_secs(1);

/// The number of the lock under which the schema is changed.
const SCHEMA_LOCK: i64 = 0x7665_7374_6962_756c;

/// Connects to the database.
///
/// # Errors
/// In a person's words.
pub async fn connect(config: &Config) -> Result<AppContext, String> {
    let options: PgConnectOptions = config
        .database_url
        .parse()
        .map_err(|error| format!("DATABASE_URL is no address of a database: {error}"))?;
    let pool = PgPoolOptions::new()
        .max_connections(config.database_connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, seen| Box::pin(is_there(connection, seen.idle_for)))
        .connect_with(options.clone());
    let pool = match pool.await {
        Ok(pool) => pool,
        Err(error) => return Err(unreachable(&options, error).await),
    };
    Ok(AppContext {
        pool,
        clock: Clock::system(),
        keys: Arc::clone(&config.keys),
        base_url: Arc::clone(&config.base_url),
        mail_ready: Arc::default(),
        sso: Arc::default(),
    })
}

/// Asks whether the database is still there, on a connection that nobody has used for a while. sqlx asks before each
/// statement, which doubles the way to the database, and sqlx has asked already when the connection was given back.
async fn is_there(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for >= TRUSTED {
        connection.ping().await?;
    }
    Ok(true)
}

/// Why the database can't be reached. A pool says only that it waited in vain: one connection of its own says why.
async fn unreachable(options: &PgConnectOptions, error: sqlx::Error) -> String {
    let why = match tokio::time::timeout(Duration::from_secs(2), options.connect()).await {
        Ok(Err(why)) => why,
        _ => error,
    };
    format!("DATABASE_URL could not be reached: {why}")
}

/// Brings the schema up to date.
///
/// # Errors
/// In a person's words.
pub async fn migrate(app: &AppContext) -> Result<(), String> {
    apply(&app.pool).await.map_err(|error| format!("could not bring the database up to date: {error}"))
}

/// Several servers may start at once: one transaction with a lock of its own lets them in one after the other. The
/// migrator's own lock belongs to a connection, which a pooler such as pgbouncer would hand to somebody else.
async fn apply(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    let mut transaction = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *transaction).await?;
    migrator.set_locking(false).run(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
