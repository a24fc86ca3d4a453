//! What a rule answers when it does not do what was asked.

use model::field::FieldError;
use model::{FieldProblem, Problem};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Either something that the other side is told, or something for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("database: {0}")]
    Database(sqlx::Error),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub fn field(field: &str, error: FieldError) -> Self {
        Self::Problem(Problem::Invalid { fields: vec![FieldProblem { field: field.to_owned(), error }] })
    }

    /// Whether the database ended this transaction to free others (`PostgreSQL`, appendix A: 40P01, 40001).
    pub(crate) fn is_deadlock(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }

    pub const fn not_found() -> Self {
        Self::Problem(Problem::NotFound)
    }
}

/// The one place where the names of constraints become words of ours.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
        match constraint {
            Some("roles_name_key" | "groups_name_key" | "sso_connections_name_key") => {
                Self::field("name", FieldError::Taken)
            }
            Some("organizations_slug_key") => Self::field("slug", FieldError::Taken),
            Some("organizations_slug_grammar") => Self::field("slug", FieldError::NotASlug),
            _ => Self::Database(error),
        }
    }
}
