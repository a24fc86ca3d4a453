//! Reading enums from text columns.

use crate::Result;
use std::fmt::Display;
use std::str::FromStr;

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

/// Parses the text of a column.
///
/// # Errors
/// [`DatabaseInconsistency`] if the text is unknown.
pub(crate) fn parse_column<T: FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: impl Display,
) -> Result<T> {
    text.parse().map_err(|_| DatabaseInconsistency::new(table, column, row).into())
}
