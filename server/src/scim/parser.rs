//! Filters and PATCH paths as they are written (RFC 7644, sections 3.4.2.2 and 3.5.2), read into what `domain` asks.
//!
//! Length, depth and number of terms are bounded while it is read, so that nothing that is sent costs more than its
//! letters.

use super::attribute_path::{self, Target};
use super::error::{Kind, Said};
use domain::scim::schema::{Attribute, Resource};
use domain::scim::{Filter, Literal, Operator, Path, Unfit};
use serde_json::Value;

/// The longest filter or path, in bytes.
pub const MAX_LENGTH: usize = 10_000;

/// How deep it may go.
pub const MAX_DEPTH: usize = 32;

/// How many tests it may have.
pub const MAX_TERMS: usize = 200;

/// Where a PATCH operation goes.
#[derive(Debug)]
pub struct PatchPath {
    pub target: Target,
    /// Which of an attribute's values.
    pub which: Option<Filter>,
    /// How many tests choose them.
    pub tests: usize,
    /// Which part of them.
    pub part: Option<&'static Attribute>,
}

/// Reads a filter.
///
/// # Errors
/// Where it can't be read, or asks what can't be asked.
pub fn filter(resource: Resource, text: &str) -> Result<Filter, Said> {
    let mut reader = Reader::new(resource, text, Kind::InvalidFilter)?;
    let filter = reader.any(None)?;
    reader.end()?;
    Ok(filter)
}

/// Reads the path of a PATCH operation.
///
/// # Errors
/// Where it can't be read, or leads nowhere.
pub fn path(resource: Resource, text: &str) -> Result<PatchPath, Said> {
    let mut reader = Reader::new(resource, text, Kind::InvalidPath)?;
    let word = reader.word();
    let target = match attribute_path::target(resource, word) {
        Some(target) => target,
        None if attribute_path::is_name(word) => {
            return Err(Said::bad(Kind::NoTarget, format!("path: there is no attribute “{word}” here.")));
        }
        None => return Err(reader.wrong("an attribute is missing")),
    };
    let mut path = PatchPath { target, which: None, tests: 0, part: None };
    if let Some((attribute, which)) = reader.brackets(target)? {
        path.which = Some(which);
        path.tests = reader.terms;
        path.part = reader.part(attribute)?;
    }
    reader.end()?;
    Ok(path)
}

struct Reader<'a> {
    resource: Resource,
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
    /// What it is called when it can't be read.
    kind: Kind,
}

impl<'a> Reader<'a> {
    fn new(resource: Resource, text: &'a str, kind: Kind) -> Result<Self, Said> {
        if text.len() > MAX_LENGTH {
            return Err(Said::bad(kind, format!("This is too long: {MAX_LENGTH} bytes at most.")));
        }
        Ok(Self { resource, text, at: 0, depth: 0, terms: 0, kind })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// The letters up to a blank, a bracket or a quotation mark.
    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn takes(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    /// Whether this word comes next, and not as the beginning of another.
    fn takes_word(&mut self, wanted: &str) -> bool {
        let before = self.at;
        let found = self.word().eq_ignore_ascii_case(wanted);
        if !found {
            self.at = before;
        }
        found
    }

    fn end(&mut self) -> Result<(), Said> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong("nothing more was expected")) }
    }

    fn wrong(&self, what: &str) -> Said {
        let place = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        Said::bad(self.kind, format!("At place {place}: {what}."))
    }

    fn deeper(&mut self) -> Result<(), Said> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(&format!("this goes too deep, {MAX_DEPTH} levels at most")));
        }
        Ok(())
    }

    /// `of`: the attribute in whose brackets this stands.
    fn any(&mut self, of: Option<&'static Attribute>) -> Result<Filter, Said> {
        self.deeper()?;
        let mut parts = vec![self.all(of)?];
        while self.takes_word("or") {
            parts.push(self.all(of)?);
        }
        self.depth -= 1;
        Ok(one_or(parts, Filter::Any))
    }

    fn all(&mut self, of: Option<&'static Attribute>) -> Result<Filter, Said> {
        let mut parts = vec![self.one(of)?];
        while self.takes_word("and") {
            parts.push(self.one(of)?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn one(&mut self, of: Option<&'static Attribute>) -> Result<Filter, Said> {
        let not = self.takes_word("not");
        if self.takes('(') {
            let inner = self.any(of)?;
            if !self.takes(')') {
                return Err(self.wrong("a “)” is missing"));
            }
            return Ok(if not { Filter::Not(Box::new(inner)) } else { inner });
        }
        if not {
            return Err(self.wrong("a “(” is missing after “not”"));
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.wrong(&format!("these are too many tests, {MAX_TERMS} at most")));
        }
        match of {
            Some(attribute) => self.test_inside(attribute),
            None => self.test(),
        }
    }

    fn test(&mut self) -> Result<Filter, Said> {
        let word = self.word();
        let Some(target) = attribute_path::target(self.resource, word) else {
            return Err(self.wrong(&format!("there is no attribute “{word}” to ask for")));
        };
        if let Some((attribute, which)) = self.brackets(target)? {
            // As Entra asks: emails[type eq "work"].value eq "…"
            let inner = match self.part(attribute)? {
                Some(part) => {
                    let (operator, value) = self.comparison()?;
                    let test = Filter::inside(part, operator, value).map_err(|why| self.unfit(why))?;
                    Filter::All(vec![which, test])
                }
                None => which,
            };
            return Ok(Filter::Value(attribute, Box::new(inner)));
        }
        let Target::Attribute(path) = target else {
            return Err(self.wrong("a schema is no attribute"));
        };
        let (operator, value) = self.comparison()?;
        Filter::test(path, operator, value).map_err(|why| self.unfit(why))
    }

    fn test_inside(&mut self, attribute: &'static Attribute) -> Result<Filter, Said> {
        let word = self.word();
        let Some(part) = attribute.find_inside(word) else {
            return Err(self.wrong(&format!("there is no “{word}” in {}", attribute.name)));
        };
        let (operator, value) = self.comparison()?;
        Filter::inside(part, operator, value).map_err(|why| self.unfit(why))
    }

    fn unfit(&self, why: Unfit) -> Said {
        self.wrong(&why.to_string())
    }

    /// The filter in brackets behind an attribute that has several values.
    fn brackets(&mut self, target: Target) -> Result<Option<(&'static Attribute, Filter)>, Said> {
        if !self.takes('[') {
            return Ok(None);
        }
        let attribute = match target {
            Target::Attribute(Path { attribute, inside: None, .. }) if attribute.many => attribute,
            _ => return Err(self.wrong("brackets stand behind an attribute that has several values")),
        };
        let filter = self.any(Some(attribute))?;
        if !self.takes(']') {
            return Err(self.wrong("a “]” is missing"));
        }
        Ok(Some((attribute, filter)))
    }

    /// The part behind brackets, such as ".value".
    fn part(&mut self, attribute: &'static Attribute) -> Result<Option<&'static Attribute>, Said> {
        if !self.rest().starts_with('.') {
            return Ok(None);
        }
        self.at += 1;
        let word = self.word();
        let part = attribute.find_inside(word);
        part.map(Some).ok_or_else(|| self.wrong(&format!("there is no “{word}” in {}", attribute.name)))
    }

    fn comparison(&mut self) -> Result<(Operator, Literal), Said> {
        let word = self.word();
        let operator = match word.to_ascii_lowercase().as_str() {
            "pr" => return Ok((Operator::Present, Literal::Nothing)),
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => return Err(self.wrong(&format!("“{word}” is no operator"))),
        };
        Ok((operator, self.literal()?))
    }

    /// A value of JSON, without objects and lists.
    fn literal(&mut self) -> Result<Literal, Said> {
        self.skip_blanks();
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        let literal = if self.rest().starts_with('"') {
            match values.next() {
                Some(Ok(Value::String(text))) => {
                    let end = values.byte_offset();
                    self.at += end;
                    return Ok(Literal::Text(text));
                }
                _ => None,
            }
        } else {
            let before = self.at;
            let word = self.word();
            let literal = match word.to_ascii_lowercase().as_str() {
                "true" => Some(Literal::Flag(true)),
                "false" => Some(Literal::Flag(false)),
                "null" => Some(Literal::Nothing),
                _ if word.parse::<serde_json::Number>().is_ok() => Some(Literal::Text(word.to_owned())),
                _ => None,
            };
            if literal.is_none() {
                self.at = before;
            }
            literal
        };
        literal.ok_or_else(|| self.wrong("a value is missing, such as \"text\", true or 5"))
    }
}

fn one_or(mut parts: Vec<Filter>, several: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}
