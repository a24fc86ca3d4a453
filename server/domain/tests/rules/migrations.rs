//! Migrations are never edited, and each also runs on a database that has data.

use domain::MIGRATOR;
use sqlx::{AssertSqlSafe, PgPool};
use std::fmt::Write;

/// One line for each migration: its version and the first 32 hex digits of its checksum.
const CHECKSUMS: &str = include_str!("migrations/checksums.txt");

/// Rows that are inserted once the migration of this version has run. They stand for the data of a database in use, so every
/// table needs at least one; add a file when a migration adds a table.
const SAMPLE_DATA: &[(i64, &str)] = &[(9, include_str!("migrations/0009_data.sql"))];

#[test]
fn migrations_are_never_edited() {
    let mut checksums = String::new();
    for migration in MIGRATOR.iter() {
        let digits = migration.checksum.iter().take(16).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(checksums, "{:04} {digits}", migration.version);
    }
    assert_eq!(
        checksums, CHECKSUMS,
        "add a migration instead of editing one; a new migration adds its line to checksums.txt"
    );
}

#[sqlx::test(migrations = false)]
async fn migrations_keep_the_rows_of_a_database_in_use(pool: PgPool) {
    let mut expected = Vec::new();
    for migration in MIGRATOR.iter() {
        sqlx::raw_sql(migration.sql.clone()).execute(&pool).await.unwrap();
        if let Some((_, data)) = SAMPLE_DATA.iter().find(|(version, _)| *version == migration.version) {
            sqlx::raw_sql(*data).execute(&pool).await.unwrap();
            expected = row_counts(&pool).await;
        }
    }
    assert_eq!(row_counts(&pool).await, expected);
    let empty: Vec<&str> =
        expected.iter().filter(|(_, rows)| *rows == 0).map(|(table, _)| table.as_str()).collect();
    assert!(empty.is_empty(), "without sample data: {empty:?}");
}

/// The tables and how many rows each has.
async fn row_counts(pool: &PgPool) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut counts = Vec::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let rows: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
        counts.push((table, rows));
    }
    counts
}
