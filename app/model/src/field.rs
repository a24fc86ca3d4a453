//! Validation of form fields: in the browser while a person types, and on the server when the form is submitted.

use crate::email::AddressError;
use crate::permission::PermissionError;
use crate::text::format_number;
use crate::unicode;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Maximum length of a person's or an organization's name, in characters.
pub const MAX_NAME: usize = 100;

/// Why a field is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FieldError {
    #[error("This field is required.")]
    Empty,
    #[error("Use {max} characters or fewer.")]
    TooLong { max: usize },
    #[error("This contains invisible or unsupported characters.")]
    Unprintable,
    #[error("{why}")]
    Address { why: AddressError },
    #[error("Enter at least one email address.")]
    NoAddress,
    #[error(
        "You can invite up to {} addresses at a time. This list has {}.",
        format_number(*max),
        format_number(*count)
    )]
    TooManyAddresses { count: usize, max: usize },
    #[error("Choose one of the options.")]
    InvalidChoice,
    #[error("Enter the 6-digit code from the email.")]
    InvalidCode,
    #[error("This name is already in use.")]
    Taken,
    #[error("“{entry}” isn’t a valid permission: {why}.")]
    InvalidPermission { entry: String, why: PermissionError },
    #[error("“{entry}” isn’t a valid domain. Example: blobs.example")]
    InvalidDomain { entry: String },
    #[error("Enter a number from {min} to {max}.")]
    OutOfRange { min: i16, max: i16 },
    #[error("You can add up to {}.", format_number(*max))]
    TooMany { max: usize },
    #[error("No user with ID {id}.")]
    UnknownUser { id: crate::UserId },
    #[error("Enter a URL that starts with https://.")]
    NotHttps,
    #[error("Add a connection first. Without one, only admins could sign in.")]
    NoConnection,
    #[error("This is the only way members can sign in. Turn off “Disable email links” first.")]
    LastConnection,
    #[error("Use up to 63 lowercase letters, digits and hyphens.")]
    InvalidSlug,
}

/// Parses the name of a person, an organization or anything in it: trims it, collapses inner whitespace, and drops
/// variation selectors, with which two names would look the same.
///
/// Rejects invisible characters, since names appear in emails and in lists next to other names, where a bidirectional
/// override could change what the text around them seems to say (Unicode TR36, section 2.5).
///
/// # Errors
/// If the name is empty, longer than [`MAX_NAME`], contains a control or invisible character, or consists of joiners.
pub fn parse_name(text: &str) -> Result<String, FieldError> {
    let text: String = text.chars().filter(|c| !unicode::is_variation_selector(*c)).collect();
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        Err(FieldError::Empty)
    } else if name.chars().count() > MAX_NAME {
        Err(FieldError::TooLong { max: MAX_NAME })
    } else if name.chars().any(is_unprintable) || !has_visible_character(&name) {
        Err(FieldError::Unprintable)
    } else {
        Ok(name)
    }
}

/// Parses a description or message of one or more lines, which may be empty.
///
/// # Errors
/// If it is longer than 500 characters, or contains a control or invisible character other than a line break.
pub fn parse_description(text: &str) -> Result<String, FieldError> {
    const MAX_DESCRIPTION: usize = 500;
    let is_allowed = |c| matches!(c, '\n' | '\r') || unicode::is_variation_selector(c) || !is_unprintable(c);
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION {
        Err(FieldError::TooLong { max: MAX_DESCRIPTION })
    } else if !text.chars().all(is_allowed) {
        Err(FieldError::Unprintable)
    } else {
        Ok(text.to_owned())
    }
}

/// Parses a whole number.
///
/// # Errors
/// If the text is not a number or outside the range.
pub fn parse_number(text: &str, range: &RangeInclusive<i16>) -> Result<i16, FieldError> {
    let (min, max) = (*range.start(), *range.end());
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or(FieldError::OutOfRange { min, max })
}

/// Parses a sign-in code of 6 digits; whitespace between them is ignored.
///
/// # Errors
/// If the text does not consist of 6 ASCII digits.
pub fn parse_code(text: &str) -> Result<String, FieldError> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(FieldError::InvalidCode)
    }
}

/// Control characters and all invisible characters except joiners, without which names in some languages can't be written.
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || (unicode::is_invisible(c) && !unicode::is_joiner(c))
}

/// Whether the text has more than whitespace and invisible characters.
pub fn has_visible_character(text: &str) -> bool {
    text.chars().any(|c| !c.is_control() && !unicode::is_blank(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_trimmed_and_whitespace_collapsed() {
        assert_eq!(parse_name("  Blob \t Ross\n"), Ok("Blob Ross".to_owned()));
    }

    #[test]
    fn name_of_only_spaces_is_empty() {
        assert_eq!(parse_name(" \n "), Err(FieldError::Empty));
    }

    #[test]
    fn name_with_bidi_override_is_rejected() {
        assert_eq!(parse_name("Blob\u{202e}ssoR"), Err(FieldError::Unprintable));
    }

    #[test]
    fn name_length_is_limited_in_characters() {
        assert_eq!(parse_name(&"x".repeat(101)), Err(FieldError::TooLong { max: 100 }));
        assert!(parse_name(&"ä".repeat(100)).is_ok());
    }

    #[test]
    fn code_may_contain_spaces() {
        assert_eq!(parse_code("123 456"), Ok("123456".to_owned()));
        assert_eq!(parse_code("12345"), Err(FieldError::InvalidCode));
        assert_eq!(parse_code("１２３４５６"), Err(FieldError::InvalidCode));
    }
}
