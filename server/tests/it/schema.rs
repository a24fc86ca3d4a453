//! Bringing the schema up to date at a start.

use domain::{AppContext, Clock, Keyring};
use server::database::migrate;
use sqlx::PgPool;
use std::sync::Arc;

#[sqlx::test(migrations = false)]
async fn several_servers_may_start_at_once_on_an_empty_database(pool: PgPool) {
    let context = AppContext {
        pool: pool.clone(),
        clock: Clock::system(),
        keys: Arc::new(Keyring::parse("a key for tests that is long enough").unwrap()),
        base_url: "http://localhost:3000".into(),
        mail_ready: Arc::default(),
        sso: Arc::default(),
    };
    let start = || migrate(&context);
    assert_eq!(tokio::join!(start(), start(), start(), start()), (Ok(()), Ok(()), Ok(()), Ok(())));
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), domain::MIGRATOR.iter().count());
    // A lock that outlives its transaction would stop the next start behind a pooler.
    let locks: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(locks, 0);
}
