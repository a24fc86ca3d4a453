//! What may stand in a form's field. The browser checks with it while a person types, the server when the form arrives.

use crate::email::AddressError;
use crate::permission::PermissionError;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The longest name of a person or an organization, in characters.
pub const MAX_NAME: usize = 100;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FieldError {
    #[error("Fill this in.")]
    Empty,
    #[error("This is too long: {most} characters at most.")]
    TooLong { most: usize },
    #[error("This has characters that can't be shown.")]
    Unprintable,
    #[error("{why}")]
    Address { why: AddressError },
    #[error("There is no address in this list.")]
    NoAddress,
    #[error("These are {count} addresses: {most} at most in one go.")]
    TooManyAddresses { count: usize, most: usize },
    #[error("This is not one of the choices.")]
    NoSuchChoice,
    #[error("Type the 6 digits from the mail.")]
    NotSixDigits,
    #[error("This is taken already.")]
    Taken,
    #[error("“{entry}” is no permission: {why}.")]
    NotAPermission { entry: String, why: PermissionError },
    #[error("“{entry}” is no domain, such as blobs.example.")]
    NotADomain { entry: String },
    #[error("Type a number from {least} to {most}.")]
    OutOfRange { least: i16, most: i16 },
    #[error("These are too many: {most} at most.")]
    TooMany { most: usize },
    #[error("There is no user with the id {id}.")]
    NoSuchUser { id: crate::UserId },
    #[error("This is no address that begins with https://.")]
    NotHttps,
    #[error("Add a connection first: without one, nobody but admins could sign in.")]
    NoConnection,
    #[error("Members sign in by this connection alone. Switch “Disable email links” off first.")]
    LastConnection,
    #[error("Use lower-case letters, digits and hyphens between them: 63 characters at most.")]
    NotASlug,
}

/// A person's or an organization's name: trimmed, inner white space folded, nothing that can't be seen.
///
/// Control characters and the marks that turn the direction of text are refused, since a name stands in mails and
/// in lists beside the names of others (Unicode TR36, section 2.5).
///
/// # Errors
/// When nothing is left, when it is longer than [`MAX_NAME`] characters, or when it has a character that can't be shown.
pub fn name(text: &str) -> Result<String, FieldError> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        Err(FieldError::Empty)
    } else if folded.chars().count() > MAX_NAME {
        Err(FieldError::TooLong { most: MAX_NAME })
    } else if folded.chars().any(unprintable) {
        Err(FieldError::Unprintable)
    } else {
        Ok(folded)
    }
}

/// A line or some lines about something: trimmed, [`MAX_NAME`] times 5 characters at most.
///
/// # Errors
/// When it is longer, or has a character that can't be shown.
pub fn description(text: &str) -> Result<String, FieldError> {
    const MOST: usize = 5 * MAX_NAME;
    let text = text.trim();
    if text.chars().count() > MOST {
        Err(FieldError::TooLong { most: MOST })
    } else if text.chars().any(|c| c != '\n' && c != '\r' && unprintable(c)) {
        Err(FieldError::Unprintable)
    } else {
        Ok(text.to_owned())
    }
}

/// A whole number in a range.
///
/// # Errors
/// When it is none, or outside.
pub fn number(text: &str, range: &RangeInclusive<i16>) -> Result<i16, FieldError> {
    let (least, most) = (*range.start(), *range.end());
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or(FieldError::OutOfRange { least, most })
}

/// The 6 digits of a sign-in code; spaces between them are fine.
///
/// # Errors
/// When it is not 6 digits.
pub fn code(text: &str) -> Result<String, FieldError> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(FieldError::NotSixDigits)
    }
}

/// Control characters, direction marks and other invisible ones.
fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_folded() {
        assert_eq!(name("  Blob \t Ross\n"), Ok("Blob Ross".to_owned()));
    }

    #[test]
    fn a_name_of_spaces_is_empty() {
        assert_eq!(name(" \n "), Err(FieldError::Empty));
    }

    #[test]
    fn a_name_may_not_turn_the_text_around() {
        assert_eq!(name("Blob\u{202e}ssoR"), Err(FieldError::Unprintable));
    }

    #[test]
    fn a_long_name_says_how_long_it_may_be() {
        assert_eq!(name(&"x".repeat(101)), Err(FieldError::TooLong { most: 100 }));
        assert!(name(&"ä".repeat(100)).is_ok());
    }

    #[test]
    fn a_code_may_be_typed_with_a_space() {
        assert_eq!(code("123 456"), Ok("123456".to_owned()));
        assert_eq!(code("12345"), Err(FieldError::NotSixDigits));
        assert_eq!(code("１２３４５６"), Err(FieldError::NotSixDigits));
    }
}
