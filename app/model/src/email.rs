//! Email addresses: validated when parsed, trusted afterwards.

use crate::unicode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Maximum length of the part before the “@”, in octets (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// Maximum length of a domain label, in octets (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// Maximum length of an address, in octets: a path's 256 without its angle brackets (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// Input with more octets than this is too long in every Unicode form. It bounds the cost of normalizing one address.
const MAX_INPUT: usize = 1_024;

/// A valid, deliverable email address. Compare two of them by [`normalized`](Self::normalized).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

/// Why a text is not a valid email address. Positions count the characters of the input, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AddressError {
    #[error("Missing email address.")]
    Empty,
    #[error("Missing “@”.")]
    NoAt,
    #[error("More than one “@”.")]
    ExtraAt { at: usize },
    #[error("Nothing before the “@”.")]
    EmptyLocal,
    #[error("Quoted addresses aren’t supported.")]
    QuotedLocal,
    #[error("The part before the “@” is too long.")]
    LocalTooLong,
    #[error("Missing domain after the “@”.")]
    EmptyDomain,
    #[error("The domain is incomplete (for example, “.com” is missing).")]
    NoDot,
    #[error("The domain can’t end in a number.")]
    NumericDomain,
    #[error("Part of the domain is too long.")]
    LabelTooLong,
    #[error("Invalid domain.")]
    InvalidDomain,
    #[error("The address is too long.")]
    TooLong,
    #[error("{} isn’t allowed at position {at}.", CharName(*character))]
    BadCharacter { character: char, at: usize },
    /// Only in a list, where addresses may be in angle brackets.
    #[error("Missing “>”.")]
    UnclosedBracket { at: usize },
    /// Only in a list, where a name may precede the angle brackets.
    #[error("Contains two different addresses.")]
    TwoAddresses,
}

impl EmailAddress {
    /// Parses an address as a person types it. Surrounding whitespace and invisible characters are ignored.
    ///
    /// Letters of every script are allowed on both sides of the “@” (RFC 6531).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let rest = text.trim_start_matches(unicode::is_blank);
        let blanks = text.strip_suffix(rest).unwrap_or_default();
        let typed = rest.trim_end_matches(unicode::is_blank);
        let start = blanks.chars().count() + 1;
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        let Some((local, domain)) = typed.split_once('@') else { return Err(missing_at(typed, start)) };
        let domain_start = start + local.chars().count() + 1;
        let local = parse_local_part(local, start)?;
        let domain = parse_domain(domain, domain_start)?;
        let address = Self(format!("{local}@{domain}"));
        if max_octets(&address.0) > MAX_ADDRESS { Err(AddressError::TooLong) } else { Ok(address) }
    }

    /// The address to send email to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for comparing addresses: independent of letter case and Unicode form.
    pub fn normalized(&self) -> String {
        fold_case(&self.0)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl AddressError {
    /// The same error with its position moved by `by` characters that precede the parsed text.
    pub(crate) fn shifted_by(self, by: usize) -> Self {
        match self {
            Self::ExtraAt { at } => Self::ExtraAt { at: at + by },
            Self::BadCharacter { character, at } => Self::BadCharacter { character, at: at + by },
            Self::UnclosedBracket { at } => Self::UnclosedBracket { at: at + by },
            other => other,
        }
    }
}

/// The error for input without an “@”. It points out a full-width or small variant, which looks like one.
fn missing_at(typed: &str, start: usize) -> AddressError {
    (start..)
        .zip(typed.chars())
        .find(|(_, c)| matches!(c, '＠' | '﹫'))
        .map_or(AddressError::NoAt, |(at, character)| AddressError::BadCharacter { character, at })
}

/// Validates the part before the “@” and returns it in composed form (NFC). `start` is the position of its first character.
fn parse_local_part(typed: &str, start: usize) -> Result<Cow<'_, str>, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::EmptyLocal);
    }
    if typed.starts_with('"') {
        return Err(AddressError::QuotedLocal);
    }
    check_chars(typed, start, |before, c, after| match c {
        '.' => !matches!(before, None | Some('.')) && after.is_some(),
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        c => is_allowed_non_ascii(c),
    })?;
    if typed.len() > MAX_INPUT {
        return Err(AddressError::LocalTooLong);
    }
    let local = if typed.is_ascii() { Cow::Borrowed(typed) } else { Cow::Owned(unicode::nfc(typed)) };
    if max_octets(&local) > MAX_LOCAL_PART { Err(AddressError::LocalTooLong) } else { Ok(local) }
}

/// Validates the part after the “@” and returns it in ASCII form. `start` is the position of its first character.
fn parse_domain(typed: &str, start: usize) -> Result<String, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::EmptyDomain);
    }
    if typed.starts_with('[') {
        return Err(AddressError::NumericDomain);
    }
    check_chars(typed, start, |before, c, after| match c {
        '.' => !matches!(before, None | Some('.')) && after.is_some(),
        '-' => !matches!(before, None | Some('.')) && !matches!(after, None | Some('.')),
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        // UTS #46 checks their position.
        c if unicode::is_joiner(c) => true,
        c => is_allowed_non_ascii(c),
    })?;
    if typed.len() > MAX_INPUT {
        return Err(AddressError::TooLong);
    }
    let domain = if typed.is_ascii() {
        typed.to_ascii_lowercase()
    } else {
        unicode::domain_to_ascii(typed).ok_or(AddressError::InvalidDomain)?
    };
    if !domain.split('.').all(is_label) {
        return Err(AddressError::InvalidDomain);
    }
    let (rest, last) = domain.rsplit_once('.').unwrap_or(("", &domain));
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        // Browsers convert digits of other scripts and reject some of the results before this check sees them.
        Err(if typed.is_ascii() { AddressError::NumericDomain } else { AddressError::InvalidDomain })
    } else if rest.is_empty() {
        Err(AddressError::NoDot)
    } else if domain.split('.').any(|label| label.len() > MAX_LABEL) {
        Err(AddressError::LabelTooLong)
    } else {
        Ok(domain)
    }
}

/// Checks every character together with its neighbors; the error names the first that is not allowed.
fn check_chars(
    typed: &str,
    start: usize,
    is_allowed: impl Fn(Option<char>, char, Option<char>) -> bool,
) -> Result<(), AddressError> {
    let mut before = None;
    let mut characters = (start..).zip(typed.chars()).peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|&(_, c)| c);
        if !is_allowed(before, character, after) {
            return Err(match character {
                '@' => AddressError::ExtraAt { at },
                character => AddressError::BadCharacter { character, at },
            });
        }
        before = Some(character);
    }
    Ok(())
}

/// Letters, digits and inner hyphens only. UTS #46 can map characters of other scripts to other ASCII characters.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether a non-ASCII character may be part of an address. RFC 6531 allows all of them; those excluded here come from a
/// word processor or the list around the address, or make two addresses look the same.
fn is_allowed_non_ascii(c: char) -> bool {
    !c.is_control()
        && !unicode::is_blank(c)
        && !unicode::is_separator(c)
        // General punctuation: quotation marks, dashes, bullets.
        && !matches!(c, '\u{2010}'..='\u{205e}' | '«' | '»' | '＠' | '﹫' | '\u{fffd}')
        // The Greek question mark, which NFC maps to a semicolon.
        && c != '\u{37e}'
}

/// The length of the text or of its normalized form, whichever is longer. A letter can take more octets in lower case,
/// and the normalized form must be a valid address too.
fn max_octets(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.len().max(fold_case(text).len()) }
}

/// Lower case, then composed again (NFC). Converting to upper case and back would map “ı” to “i” and “ſ” to “s”, so that
/// one person could receive the email of another.
fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Sigma has two lower-case forms, depending on its position in the word.
    let lower = text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    unicode::nfc(&lower.collect::<String>())
}

/// Displays a character so that a person can identify it.
struct CharName(char);

impl fmt::Display for CharName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            '\t' => f.write_str("A tab"),
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => f.write_str("A line break"),
            c if unicode::is_invisible(c) || c.is_control() => {
                write!(f, "An invisible character (U+{:04X})", u32::from(c))
            }
            c if c.is_whitespace() => f.write_str("A space"),
            c => write!(f, "“{c}”"),
        }
    }
}
