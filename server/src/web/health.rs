//! Whether this server can do its work.

use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use domain::MIGRATOR;

/// The database is reached, and its schema is the one that this server knows.
pub async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max();
    let found: Result<Option<i64>, _> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
            .fetch_one(&state.app.pool)
            .await;
    match found {
        Ok(version) if version >= newest => (StatusCode::OK, "ready"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not up to date"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database can't be reached"),
    }
}
