//! Repeating what a concurrent transaction prevented.

use crate::{Error, Result};

/// How often something is attempted before giving up.
const MAX_ATTEMPTS: usize = 10;

/// Bounds a loop that repeats an operation while concurrent transactions get in its way.
pub(crate) struct Attempts {
    operation: &'static str,
    count: usize,
}

impl Attempts {
    /// `operation` is named in the error.
    pub const fn new(operation: &'static str) -> Self {
        Self { operation, count: 0 }
    }

    /// Counts an attempt, at its start.
    ///
    /// # Errors
    /// An internal error after [`MAX_ATTEMPTS`].
    pub fn start(&mut self) -> Result<()> {
        if self.count == MAX_ATTEMPTS {
            let operation = self.operation;
            let error = format!("{operation}: prevented by concurrent transactions {MAX_ATTEMPTS} times");
            return Err(Error::Internal(error));
        }
        self.count += 1;
        Ok(())
    }
}

/// Repeats a transaction that Postgres aborted to resolve a deadlock. Rows that are deleted with a user, such as sessions,
/// may be locked in a different order by other transactions.
///
/// # Errors
/// That of the transaction; an internal error that names the `operation` after [`MAX_ATTEMPTS`].
pub(crate) async fn on_deadlock<T, F>(
    operation: &'static str,
    mut transaction: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut attempts = Attempts::new(operation);
    loop {
        attempts.start()?;
        match transaction().await {
            Err(error) if error.is_deadlock() => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;

    /// Fails as a transaction does that Postgres aborts to resolve a deadlock.
    async fn deadlock(pool: &PgPool) -> Result<()> {
        sqlx::raw_sql("do $$ begin raise sqlstate '40P01'; end $$").execute(pool).await?;
        Ok(())
    }

    #[sqlx::test(migrations = false)]
    async fn deadlocks_are_retried_until_the_bound(pool: PgPool) {
        let mut attempts = 0;
        let error = on_deadlock("locking users", || {
            attempts += 1;
            deadlock(&pool)
        })
        .await
        .unwrap_err();
        assert_eq!(error.to_string(), "locking users: prevented by concurrent transactions 10 times");
        assert_eq!(attempts, MAX_ATTEMPTS);
    }

    #[tokio::test]
    async fn only_deadlocks_are_retried() {
        let mut attempts = 0;
        let result: Result<()> = on_deadlock("locking users", || {
            attempts += 1;
            async { Err(Error::not_found()) }
        })
        .await;
        assert!(matches!(result, Err(Error::Problem(_))));
        assert_eq!(attempts, 1);
    }
}
