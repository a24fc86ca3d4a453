//! Reads a list of addresses as people paste it: from a mail client, a spreadsheet, a text.
//!
//! A line is made of cells, with a comma, a semicolon or a tab between them. A cell is an address, a name with an
//! address in angle brackets, several of both with white space between them, or all of that in quotation marks. What
//! is none of this is an entry too, with the reason why, since nothing that was typed may get lost. Quotation marks and
//! brackets that are not closed mean nothing, so they take no other entry with them.

use crate::email::{AddressError, EmailAddress};
use crate::unicode::is_blank;
use std::borrow::Cow;
use std::collections::HashMap;

/// What stands over a column of addresses.
const HEADERS: [&str; 6] = ["email", "e-mail", "mail", "email address", "e-mail address", "mail address"];

/// How often quotation marks stand around quotation marks: a spreadsheet puts them around the ones of a name.
const QUOTES_DEEP: usize = 2;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was typed, trimmed. The places in an [`AddressError`] count its characters.
    pub text: String,
    pub address: Result<EmailAddress, AddressError>,
    /// The entry before (counted from 0) that has the same address.
    pub duplicate_of: Option<usize>,
    /// The line that it stands in, counted from 1.
    pub at: usize,
}

/// Every entry of the list, in its order; none is dropped.
///
/// The one exception is a word like “email” alone in the first line of several: it is the name of a column.
pub fn parse(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, line) in (1..).zip(lines(text)) {
        Line { at, entries: &mut entries }.cells(line, QUOTES_DEEP);
    }
    if let [first, second, ..] = entries.as_slice()
        && first.at != second.at
        && HEADERS.iter().any(|header| first.text.eq_ignore_ascii_case(header))
    {
        entries.remove(0);
    }
    mark_duplicates(&mut entries);
    entries
}

/// What separates the entries of a list, in the scripts that have a mark of their own for it.
pub(crate) const fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '，' | '；' | '、' | '،' | '؛')
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

/// The lines, whatever the system that they come from ends them with.
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

/// One line, and where its entries go.
struct Line<'a> {
    at: usize,
    entries: &'a mut Vec<Entry>,
}

impl Line<'_> {
    fn cells(&mut self, line: &str, deep: usize) {
        let mut start = 0;
        for (at, c) in Unquoted::new(line) {
            if is_separator(c) {
                self.cell(&line[start..at], deep);
                start = at + c.len_utf8();
            }
        }
        self.cell(&line[start..], deep);
    }

    fn cell(&mut self, cell: &str, deep: usize) {
        let cell = trim(cell);
        match unquoted(cell) {
            Some(inner) if deep > 0 && inner.contains('@') => self.cells(&inner, deep - 1),
            Some(inner) if !inner.contains('@') => self.words(&inner),
            _ => self.bracketed(cell),
        }
    }

    /// Names with an address in angle brackets, and what stands after them.
    fn bracketed(&mut self, cell: &str) {
        let mut start = 0;
        let mut open = None;
        for (at, c) in Unquoted::new(cell) {
            match (c, open) {
                ('<', None) => open = Some(at),
                ('<', Some(_)) => break,
                ('>', Some(bracket)) => {
                    self.named(&cell[start..=at], bracket - start);
                    start = at + 1;
                    open = None;
                }
                _ => {}
            }
        }
        let rest = &cell[start..];
        match open {
            None => self.words(rest),
            Some(bracket) => {
                let text = trim_start(rest);
                let before = text.len() + bracket - cell.len();
                let at = text[..before].chars().count() + 1;
                self.entry(text, Err(AddressError::UnclosedBracket { at }));
            }
        }
    }

    /// A name, which may be empty, and an address in the angle brackets that open at `bracket`.
    fn named(&mut self, text: &str, bracket: usize) {
        let skipped = text.len() - trim_start(text).len();
        let text = &text[skipped..];
        let (name, brackets) = text.split_at(bracket - skipped);
        let inner = &brackets[1..brackets.len() - 1];
        let address = address(inner).map_err(|error| error.moved(name.chars().count() + 1));
        let address = address.and_then(|address| {
            if names_another(name, &address) { Err(AddressError::TwoAddresses) } else { Ok(address) }
        });
        self.entry(text, address);
    }

    /// Addresses with white space between them, or something else as a whole.
    fn words(&mut self, text: &str) {
        let words = || text.split_whitespace().map(trim).filter(|word| !word.is_empty());
        if words().all(|word| word.contains('@')) {
            words().for_each(|word| self.entry(word, address(word)));
        } else {
            let text = trim(text);
            self.entry(text, address(text));
        }
    }

    fn entry(&mut self, text: &str, address: Result<EmailAddress, AddressError>) {
        self.entries.push(Entry { text: text.to_owned(), address, duplicate_of: None, at: self.at });
    }
}

/// Whether something like an address is in the name too, and not the same. Many a mail client writes the address as the
/// name; another one may be an entry that lost its comma, or a trick.
fn names_another(name: &str, address: &EmailAddress) -> bool {
    name.contains('@')
        && name
            .split(|c| is_blank(c) || is_separator(c) || "\"“”„()<>[]".contains(c))
            .map(|word| word.trim_matches(['.', ':', '@']))
            .filter(|word| word.contains('@'))
            .any(|word| self::address(word).map(|other| other.normalized()) != Ok(address.normalized()))
}

/// One address, as it is or as a link.
fn address(text: &str) -> Result<EmailAddress, AddressError> {
    let (inner, quote) = match single_quoted(text) {
        Some(inner) => (inner, 1),
        None => (text, 0),
    };
    let blanks = inner.len() - trim_start(inner).len();
    match inner.get(blanks..blanks + "mailto:".len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => {
            let before = inner[..blanks].chars().count() + scheme.len() + quote;
            let linked = &inner[blanks + scheme.len()..];
            // A link writes some characters as numbers. To take them as they stand would be another address.
            match (1..).zip(linked.chars()).find(|&(_, c)| c == '%') {
                Some((at, character)) => Err(AddressError::BadCharacter { character, at }),
                None => EmailAddress::parse(linked),
            }
            .map_err(|error| error.moved(before))
        }
        _ => EmailAddress::parse(inner).map_err(|error| error.moved(quote)),
    }
}

/// What stands in the quotation marks around one word.
fn single_quoted(word: &str) -> Option<&str> {
    [('"', '"'), ('\'', '\''), ('‘', '’'), ('“', '”'), ('„', '“')]
        .into_iter()
        .find_map(|(open, close)| word.strip_prefix(open)?.strip_suffix(close))
}

/// What stands in the quotation marks around a whole cell.
fn unquoted(cell: &str) -> Option<Cow<'_, str>> {
    let open = cell.chars().next()?;
    let inner = cell.get(open.len_utf8()..)?;
    let close = closing(inner, open)?;
    let (inner, rest) = inner.split_at(close);
    if rest.chars().count() > 1 {
        None
    } else if open == '"' && inner.contains('"') {
        Some(inner.replace("\"\"", "\"").replace("\\\"", "\"").into())
    } else {
        Some(inner.into())
    }
}

/// Where the quoted text ends that begins with `inner`, after the quotation mark `open`.
fn closing(inner: &str, open: char) -> Option<usize> {
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

/// The characters of a line that are in no quotation marks, with their places in bytes.
struct Unquoted<'a> {
    line: &'a str,
    at: usize,
    before: Option<char>,
    /// The quotation marks that close nowhere in the rest of the line. To look again at every one of them could take
    /// for ever.
    unclosed: Vec<char>,
}

impl<'a> Unquoted<'a> {
    const fn new(line: &'a str) -> Self {
        Self { line, at: 0, before: None, unclosed: Vec::new() }
    }
}

impl Iterator for Unquoted<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        loop {
            let at = self.at;
            let c = self.line[at..].chars().next()?;
            let opens = is_quote(c) && self.before.is_none_or(|b| is_blank(b) || is_separator(b));
            self.at += c.len_utf8();
            self.before = Some(c);
            if !opens || self.unclosed.contains(&c) {
                return Some((at, c));
            }
            let inner = &self.line[self.at..];
            let Some(end) = closing(inner, c) else {
                self.unclosed.push(c);
                return Some((at, c));
            };
            self.at += end + inner[end..].chars().next().map_or(0, char::len_utf8);
        }
    }
}

/// Without white space, invisible characters and a list's bullets around it.
fn trim(text: &str) -> &str {
    trim_start(text).trim_end_matches(is_blank)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c| is_blank(c) || matches!(c, '•' | '‣' | '⁃'))
}
