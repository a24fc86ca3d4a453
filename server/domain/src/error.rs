//! The error type of the rules.

use model::Problem;
use model::field::FieldError;
use std::fmt::Display;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a rule. Clients see only the [`Problem`]; the other variants are logged as internal errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("database: {0}")]
    Database(sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] DatabaseInconsistency),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A single invalid form field.
    pub fn field(field: &str, error: FieldError) -> Self {
        Self::Problem(Problem::field(field, error))
    }

    /// Whether Postgres aborted the transaction because of a deadlock (40P01) or serialization failure (40001).
    pub(crate) fn is_deadlock(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }

    /// [`Problem::NotFound`].
    pub const fn not_found() -> Self {
        Self::Problem(Problem::NotFound)
    }
}

/// A value in the database that this version can't read.
#[derive(Debug, thiserror::Error)]
#[error("unexpected value in {table}.{column} of row {row}")]
pub struct DatabaseInconsistency {
    table: &'static str,
    column: &'static str,
    row: String,
}

impl DatabaseInconsistency {
    pub(crate) fn new(table: &'static str, column: &'static str, row: impl Display) -> Self {
        Self { table, column, row: row.to_string() }
    }
}

/// Maps violations of constraints to field errors.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
        match constraint {
            Some("roles_name_key" | "groups_name_key" | "sso_connections_name_key") => {
                Self::field("name", FieldError::Taken)
            }
            Some("user_roles_role" | "group_roles_role") => Self::field("roles", FieldError::InvalidChoice),
            Some("group_members_group" | "sso_connection_groups_group") => {
                Self::field("groups", FieldError::InvalidChoice)
            }
            Some("organizations_slug_key") => Self::field("slug", FieldError::Taken),
            Some("organizations_slug_grammar") => Self::field("slug", FieldError::InvalidSlug),
            _ => Self::Database(error),
        }
    }
}
