//! The readiness check.

use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use domain::MIGRATOR;

/// Ready: the database is reachable, and all migrations that this server knows are applied. A newer schema is accepted, so
/// that old servers keep serving during a rolling update.
pub async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max();
    let applied: Result<Option<i64>, _> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
            .fetch_one(&state.app.pool)
            .await;
    match applied {
        Ok(version) if version >= newest => (StatusCode::OK, "ready"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "database migrations are pending"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "database is unreachable"),
    }
}
