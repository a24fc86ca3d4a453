//! Database migrations at startup.

use server::database::migrate;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn concurrent_migrations_succeed(pool: PgPool) {
    let app = test_support::context(pool.clone(), "http://localhost:3000");
    let start = || migrate(&app);
    tokio::try_join!(start(), start(), start(), start()).unwrap();
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), domain::MIGRATOR.iter().count());
    // Behind a pooler, a lock that outlives its transaction would block the next server that starts.
    let locks: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(locks, 0);
}
