//! Planner statistics during bulk inserts.
//!
//! Postgres checks each foreign key with a lookup whose index it chooses by statistics. If `users` held few committed rows
//! when it was last vacuumed or analyzed, every index that begins with the organization looks equally good, and each check
//! may read all users of the organization: inserting 10,000 invitations then takes minutes. Autovacuum produces such
//! statistics while a bulk insert is in progress, or after one was rolled back.

use crate::Result;
use sqlx::PgConnection;

/// The tables that bulk inserts refer to.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Users,
    Invitations,
}

/// Analyzes a table that this transaction has multiplied. Call it after inserting `inserted` rows and before inserting rows
/// that refer to them. The statistics include the rows of this transaction, and its lock keeps autovacuum from replacing
/// them until it ends.
///
/// Tables with at least as many other rows are left alone, so that this takes milliseconds and rarely locks.
pub(crate) async fn refresh(transaction: &mut PgConnection, table: Table, inserted: usize) -> Result<()> {
    /// Smaller batches are fast with any plan.
    const MIN_INSERTED: usize = 500;
    if inserted < MIN_INSERTED {
        return Ok(());
    }
    let (name, analyze) = match table {
        Table::Users => ("users", "analyze users"),
        Table::Invitations => ("invitations", "analyze invitations"),
    };
    let rows = sqlx::query_scalar!("select reltuples from pg_class where oid = $1::text::regclass", name)
        .fetch_one(&mut *transaction)
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "both are estimates")]
    if rows < inserted as f32 {
        sqlx::query(analyze).execute(transaction).await?;
    }
    Ok(())
}
