//! Reads a list of addresses as people paste it.

use crate::email::{AddressError, EmailAddress};

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was typed, trimmed.
    pub text: String,
    pub address: Result<EmailAddress, AddressError>,
    /// The entry before (counted from 0) that has the same address.
    pub duplicate_of: Option<usize>,
}

/// Every entry of the list, in its order; none is dropped.
pub fn parse(text: &str) -> Vec<Entry> {
    text.split([',', ';', '\n'])
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .map(|piece| Entry {
            text: piece.to_owned(),
            address: EmailAddress::parse(piece),
            duplicate_of: None,
        })
        .collect()
}
