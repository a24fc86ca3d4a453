//! Parses a list of email addresses as people paste it from an email client, a spreadsheet or plain text.
//!
//! A line consists of cells separated by commas, semicolons or tabs. A cell is an address, a name with an address in
//! angle brackets, several of these separated by whitespace, or any of them in quotation marks. Everything else becomes
//! an entry with an error, so that no input is dropped silently. An unclosed quotation mark or bracket has no special
//! meaning; otherwise it would swallow the entries after it.

use crate::email::{AddressError, EmailAddress};
use crate::unicode::{is_blank, is_separator};
use std::borrow::Cow;
use std::collections::HashMap;

/// Headers of a column of addresses in a spreadsheet.
const HEADERS: [&str; 6] = ["email", "e-mail", "mail", "email address", "e-mail address", "mail address"];

/// How deeply quotation marks are nested: a spreadsheet quotes a cell that already contains a quoted name.
const MAX_QUOTE_DEPTH: usize = 2;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The input, trimmed. Positions in an [`AddressError`] count its characters.
    pub text: String,
    pub address: Result<EmailAddress, AddressError>,
    /// Index of the earlier entry with the same address.
    pub duplicate_of: Option<usize>,
    /// Line number, counted from 1.
    pub line: usize,
}

/// Parses the list; returns every entry, in order.
///
/// Only a column header such as “email” on the first of several lines is dropped.
pub fn parse(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(lines(text)) {
        LineParser { line: number, entries: &mut entries }.parse_cells(line, MAX_QUOTE_DEPTH);
    }
    if let [first, second, ..] = entries.as_slice()
        && first.line != second.line
        && HEADERS.iter().any(|header| first.text.eq_ignore_ascii_case(header))
    {
        entries.remove(0);
    }
    mark_duplicates(&mut entries);
    entries
}

fn mark_duplicates(entries: &mut [Entry]) {
    let mut seen = HashMap::with_capacity(entries.len());
    for (index, entry) in entries.iter_mut().enumerate() {
        if let Ok(address) = &entry.address {
            let first = *seen.entry(address.normalized()).or_insert(index);
            entry.duplicate_of = (first != index).then_some(first);
        }
    }
}

/// Splits at every kind of line ending.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r', '\u{2028}', '\u{2029}']) else { return rest.take() };
        let (line, tail) = text.split_at(end);
        rest = tail.strip_prefix("\r\n").or_else(|| tail.get(tail.chars().next()?.len_utf8()..));
        Some(line)
    })
}

/// Parses one line and appends its entries.
struct LineParser<'a> {
    line: usize,
    entries: &'a mut Vec<Entry>,
}

impl LineParser<'_> {
    fn parse_cells(&mut self, text: &str, depth: usize) {
        let mut start = 0;
        for (at, c) in UnquotedChars::new(text) {
            if is_separator(c) {
                self.parse_cell(&text[start..at], depth);
                start = at + c.len_utf8();
            }
        }
        self.parse_cell(&text[start..], depth);
    }

    fn parse_cell(&mut self, cell: &str, depth: usize) {
        let cell = trim(cell);
        match strip_quotes(cell) {
            Some(inner) if depth > 0 && inner.contains('@') => self.parse_cells(&inner, depth - 1),
            Some(inner) if !inner.contains('@') => self.parse_words(&inner),
            _ => self.parse_bracketed(cell),
        }
    }

    /// Names with an address in angle brackets, and the text after the last bracket.
    fn parse_bracketed(&mut self, cell: &str) {
        let mut start = 0;
        let mut open = None;
        for (at, c) in UnquotedChars::new(cell) {
            match (c, open) {
                ('<', None) => open = Some(at),
                ('<', Some(_)) => break,
                ('>', Some(bracket)) => {
                    self.parse_named(&cell[start..=at], bracket - start);
                    start = at + 1;
                    open = None;
                }
                _ => {}
            }
        }
        let rest = &cell[start..];
        match open {
            None => self.parse_words(rest),
            Some(bracket) => {
                let text = trim_start(rest);
                let before = text.len() + bracket - cell.len();
                let at = text[..before].chars().count() + 1;
                self.push(text, Err(AddressError::UnclosedBracket { at }));
            }
        }
    }

    /// A name, which may be empty, and an address in angle brackets that open at byte `bracket`.
    fn parse_named(&mut self, text: &str, bracket: usize) {
        let skipped = text.len() - trim_start(text).len();
        let text = &text[skipped..];
        let (name, brackets) = text.split_at(bracket - skipped);
        let inner = &brackets[1..brackets.len() - 1];
        let address = parse_address(inner).map_err(|error| error.shifted_by(name.chars().count() + 1));
        let address = address.and_then(|address| {
            if contains_other_address(name, &address) { Err(AddressError::TwoAddresses) } else { Ok(address) }
        });
        self.push(text, address);
    }

    /// Addresses separated by whitespace. Any other text is a single entry.
    fn parse_words(&mut self, text: &str) {
        let words = || text.split_whitespace().map(trim).filter(|word| !word.is_empty());
        if words().all(|word| word.contains('@')) {
            words().for_each(|word| self.push(word, parse_address(word)));
        } else {
            let text = trim(text);
            self.push(text, parse_address(text));
        }
    }

    fn push(&mut self, text: &str, address: Result<EmailAddress, AddressError>) {
        self.entries.push(Entry { text: text.to_owned(), address, duplicate_of: None, line: self.line });
    }
}

/// Whether the name contains a different address. Many email clients repeat the address as the name, which is fine; a
/// different one may be an entry that lost its comma, or an attempt to mislead.
fn contains_other_address(name: &str, address: &EmailAddress) -> bool {
    name.contains('@')
        && name
            .split(|c| is_blank(c) || is_separator(c) || "\"“”„()<>[]".contains(c))
            .map(|word| word.trim_matches(['.', ':', '@']))
            .filter(|word| word.contains('@'))
            .any(|word| parse_address(word).map(|other| other.normalized()) != Ok(address.normalized()))
}

/// Parses one address, plain or as a `mailto:` link, with or without quotation marks around it.
fn parse_address(text: &str) -> Result<EmailAddress, AddressError> {
    let (inner, quote) = match strip_word_quotes(text) {
        Some(inner) => (inner, 1),
        None => (text, 0),
    };
    let blanks = inner.len() - trim_start(inner).len();
    match inner.get(blanks..blanks + "mailto:".len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => {
            let before = inner[..blanks].chars().count() + scheme.len() + quote;
            let linked = &inner[blanks + scheme.len()..];
            // Percent-encoding is not decoded, and taking it literally would yield a different address.
            match (1..).zip(linked.chars()).find(|&(_, c)| c == '%') {
                Some((at, character)) => Err(AddressError::BadCharacter { character, at }),
                None => EmailAddress::parse(linked),
            }
            .map_err(|error| error.shifted_by(before))
        }
        _ => EmailAddress::parse(inner).map_err(|error| error.shifted_by(quote)),
    }
}

/// The text inside the quotation marks around a single word.
fn strip_word_quotes(word: &str) -> Option<&str> {
    [('"', '"'), ('\'', '\''), ('‘', '’'), ('“', '”'), ('„', '“')]
        .into_iter()
        .find_map(|(open, close)| word.strip_prefix(open)?.strip_suffix(close))
}

/// The text inside the quotation marks around a whole cell, unescaped.
fn strip_quotes(cell: &str) -> Option<Cow<'_, str>> {
    let open = cell.chars().next()?;
    let inner = cell.get(open.len_utf8()..)?;
    let close = find_closing_quote(inner, open)?;
    let (inner, rest) = inner.split_at(close);
    if rest.chars().count() > 1 {
        None
    } else if open == '"' && inner.contains('"') {
        Some(inner.replace("\"\"", "\"").replace("\\\"", "\"").into())
    } else {
        Some(inner.into())
    }
}

/// Byte index in `inner` of the quotation mark that closes `open`, the one before `inner`.
fn find_closing_quote(inner: &str, open: char) -> Option<usize> {
    let closes = |c| match open {
        '"' => c == '"',
        '“' => c == '”',
        '„' => matches!(c, '“' | '”'),
        _ => false,
    };
    if !is_quote(open) {
        return None;
    }
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, c)| c);
        if matches!((c, next), ('\\', Some('"' | '\\'))) || (c == '"' && closes(c) && next == Some('"')) {
            chars.next();
        } else if closes(c) && next.is_none_or(|c| is_blank(c) || is_separator(c) || matches!(c, '<' | '@')) {
            return Some(at);
        }
    }
    None
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '„')
}

/// The characters of a text outside quotation marks, with their byte positions.
struct UnquotedChars<'a> {
    text: &'a str,
    at: usize,
    previous: Option<char>,
    /// Kinds of quotation marks without a closing one in the rest of the text. Searching again for each of them would
    /// take quadratic time.
    unclosed: Vec<char>,
}

impl<'a> UnquotedChars<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, previous: None, unclosed: Vec::new() }
    }
}

impl Iterator for UnquotedChars<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        loop {
            let at = self.at;
            let c = self.text[at..].chars().next()?;
            let opens = is_quote(c) && self.previous.is_none_or(|c| is_blank(c) || is_separator(c));
            self.at += c.len_utf8();
            self.previous = Some(c);
            if !opens || self.unclosed.contains(&c) {
                return Some((at, c));
            }
            let inner = &self.text[self.at..];
            let Some(end) = find_closing_quote(inner, c) else {
                self.unclosed.push(c);
                return Some((at, c));
            };
            self.at += end + inner[end..].chars().next().map_or(0, char::len_utf8);
        }
    }
}

/// Trims whitespace, invisible characters and leading list bullets.
fn trim(text: &str) -> &str {
    trim_start(text).trim_end_matches(is_blank)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c| is_blank(c) || matches!(c, '•' | '‣' | '⁃'))
}
