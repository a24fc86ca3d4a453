//! A mail address, checked once and then trusted.

use crate::unicode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The most octets before the “@” (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// The most octets between two dots of a domain (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// The most octets of an address: a path's 256 without its angle brackets (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// What is typed in more octets than this is too long in every form. It keeps the work on one address small.
const MAX_TYPED: usize = 1_024;

/// A mail address that can be written to. Two are the same when their [`key`](Self::key)s are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

/// Why something is no mail address. Places count the characters of what was typed, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AddressError {
    #[error("There is no address here.")]
    Empty,
    #[error("There is no “@” in it.")]
    NoAt,
    #[error("There is a second “@” at place {at}.")]
    SecondAt { at: usize },
    #[error("The part before the “@” is empty.")]
    EmptyLocal,
    #[error("The part before the “@” is in quotation marks: we can't write to such addresses.")]
    QuotedLocal,
    #[error("The part before the “@” is too long for mail.")]
    LocalTooLong,
    #[error("The part after the “@” is empty.")]
    EmptyDomain,
    #[error("The part after the “@” ends without a dot and a name like “.com”.")]
    NoDot,
    #[error("The part after the “@” ends in a number, not in a name like “.com”.")]
    NumericDomain,
    #[error("A part between the dots after the “@” is too long.")]
    LabelTooLong,
    #[error("The part after the “@” can't be a name on the internet.")]
    NotADomain,
    #[error("It is too long for mail.")]
    TooLong,
    #[error("{} can't stand at place {at}.", Shown(*character))]
    BadCharacter { character: char, at: usize },
    /// In a list, where angle brackets may stand around an address.
    #[error("The “<” at place {at} has no “>” after it.")]
    UnclosedBracket { at: usize },
    /// In a list, where a name may stand before the angle brackets.
    #[error("There are two addresses in it: it is not clear which one is meant.")]
    TwoAddresses,
}

impl EmailAddress {
    /// Takes an address as a person types it. White space and invisible characters around it do not count.
    ///
    /// Letters of every script may stand on both sides of the “@” (RFC 6531).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let rest = text.trim_start_matches(unicode::is_blank);
        let blanks = text.strip_suffix(rest).unwrap_or_default();
        let typed = rest.trim_end_matches(unicode::is_blank);
        let first = blanks.chars().count() + 1;
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        let Some((local, domain)) = typed.split_once('@') else { return Err(no_at(typed, first)) };
        let after = first + local.chars().count() + 1;
        let local = local_part(local, first)?;
        let domain = domain_part(domain, after)?;
        let address = Self(format!("{local}@{domain}"));
        if octets(&address.0) > MAX_ADDRESS { Err(AddressError::TooLong) } else { Ok(address) }
    }

    /// The address as mail is written to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What addresses are compared by: the same for every letter case and every Unicode form.
    pub fn normalized(&self) -> String {
        folded(&self.0)
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
    /// The same, where `by` more characters stand before what was looked at.
    pub(crate) fn moved(self, by: usize) -> Self {
        match self {
            Self::SecondAt { at } => Self::SecondAt { at: at + by },
            Self::BadCharacter { character, at } => Self::BadCharacter { character, at: at + by },
            Self::UnclosedBracket { at } => Self::UnclosedBracket { at: at + by },
            other => other,
        }
    }
}

/// Other scripts' keyboards have an “@” of their own, which looks as if there were one.
fn no_at(typed: &str, first: usize) -> AddressError {
    (first..)
        .zip(typed.chars())
        .find(|(_, c)| matches!(c, '＠' | '﹫'))
        .map_or(AddressError::NoAt, |(at, character)| AddressError::BadCharacter { character, at })
}

/// The part before the “@”, whose first character stands at `first`, in Unicode's composed form.
fn local_part(typed: &str, first: usize) -> Result<Cow<'_, str>, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::EmptyLocal);
    }
    if typed.starts_with('"') {
        return Err(AddressError::QuotedLocal);
    }
    check(typed, first, |before, c, after| match c {
        '.' => !matches!(before, None | Some('.')) && after.is_some(),
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        c => may_stand(c),
    })?;
    if typed.len() > MAX_TYPED {
        return Err(AddressError::LocalTooLong);
    }
    let local = if typed.is_ascii() { Cow::Borrowed(typed) } else { Cow::Owned(unicode::nfc(typed)) };
    if octets(&local) > MAX_LOCAL { Err(AddressError::LocalTooLong) } else { Ok(local) }
}

/// The part after the “@”, whose first character stands at `first`, in its ASCII form.
fn domain_part(typed: &str, first: usize) -> Result<String, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::EmptyDomain);
    }
    if typed.starts_with('[') {
        return Err(AddressError::NumericDomain);
    }
    check(typed, first, |before, c, after| match c {
        '.' => !matches!(before, None | Some('.')) && after.is_some(),
        '-' => !matches!(before, None | Some('.')) && !matches!(after, None | Some('.')),
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        // UTS #46 knows where they join letters, as some scripts need it.
        '\u{200c}' | '\u{200d}' => true,
        c => may_stand(c),
    })?;
    if typed.len() > MAX_TYPED {
        return Err(AddressError::TooLong);
    }
    let domain = if typed.is_ascii() {
        typed.to_ascii_lowercase()
    } else {
        unicode::domain_to_ascii(typed).ok_or(AddressError::NotADomain)?
    };
    if !domain.split('.').all(is_label) {
        return Err(AddressError::NotADomain);
    }
    let (rest, last) = domain.rsplit_once('.').unwrap_or(("", &domain));
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        // Browsers read other scripts' digits as a number before we see them, and refuse some for that.
        Err(if typed.is_ascii() { AddressError::NumericDomain } else { AddressError::NotADomain })
    } else if rest.is_empty() {
        Err(AddressError::NoDot)
    } else if domain.split('.').any(|label| label.len() > MAX_LABEL) {
        Err(AddressError::LabelTooLong)
    } else {
        Ok(domain)
    }
}

/// Whether every character may stand between its neighbours; if not, which one and where.
fn check(
    typed: &str,
    first: usize,
    fits: impl Fn(Option<char>, char, Option<char>) -> bool,
) -> Result<(), AddressError> {
    let mut before = None;
    let mut characters = (first..).zip(typed.chars()).peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|&(_, c)| c);
        if !fits(before, character, after) {
            return Err(match character {
                '@' => AddressError::SecondAt { at },
                character => AddressError::BadCharacter { character, at },
            });
        }
        before = Some(character);
    }
    Ok(())
}

/// Letters, digits and hyphens, no hyphen at the ends. UTS #46 can make other things of other scripts' characters.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether a character beyond ASCII may be part of an address. RFC 6531 allows all of them; the ones refused here come
/// from a word processor or a list around the address, or let two addresses look the same.
fn may_stand(c: char) -> bool {
    !c.is_control()
        && !unicode::is_blank(c)
        && !crate::address_list::is_separator(c)
        // General punctuation: quotation marks, dashes, bullets.
        && !matches!(c, '\u{2010}'..='\u{205e}' | '«' | '»' | '＠' | '﹫' | '\u{fffd}')
        // NFC turns it into a semicolon.
        && c != '\u{37e}'
}

/// How long it is, or its key if that is longer: a letter can take more octets in lower case, and the key of an
/// address shall be an address too.
fn octets(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.len().max(folded(text).len()) }
}

/// Lower case, then composed again. It maps nothing to an ASCII letter that NFC does not map there: whoever has an
/// address with “ı” or “ſ” must not get the mail of one with “i” or “s”, as with upper case and back.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Sigma has two lower-case forms, by where it stands in a word.
    let lower = text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    unicode::nfc(&lower.collect::<String>())
}

/// A character, so that a person knows which one is meant.
struct Shown(char);

impl fmt::Display for Shown {
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
