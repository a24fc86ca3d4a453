//! Reading enums from text columns.

use crate::{DatabaseInconsistency, Result};
use std::fmt::Display;
use std::str::FromStr;

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
