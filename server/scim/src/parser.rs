//! A recursive descent parser for filters and PATCH paths (RFC 7644, figures 1 and 7).
//!
//! Length, depth and the number of terms are limited while parsing, so that the cost is bounded by the input's length.

use crate::attribute_path::is_attribute_name;
use crate::schema::{Attribute, ResourceType};
use crate::{AttributePath, Error, Filter, FilterError, Literal, Operator, ScimType, Target};
use serde_json::Value;

/// The longest filter or path, in bytes.
pub const MAX_LENGTH: usize = 10_000;

/// How deep parentheses and brackets can be nested.
pub const MAX_DEPTH: usize = 32;

/// How many attribute expressions a filter can have.
pub const MAX_TERMS: usize = 200;

/// The parsed path of a PATCH operation, such as `emails[type eq "work"].value`.
#[derive(Debug)]
pub struct PatchPath {
    /// What comes before the value filter.
    pub target: Target,
    /// Selects values of a multi-valued attribute.
    pub value_filter: Option<Filter>,
    /// How many attribute expressions the value filter has.
    pub filter_terms: usize,
    /// The sub-attribute of the selected values.
    pub sub_attribute: Option<&'static Attribute>,
}

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    /// `invalidFilter`, with the position.
    pub fn parse(resource_type: ResourceType, text: &str) -> Result<Self, Error> {
        let mut parser = Parser::new(resource_type, text, ScimType::InvalidFilter)?;
        let filter = parser.or_expr(None)?;
        parser.expect_end("filter")?;
        Ok(filter)
    }
}

impl PatchPath {
    /// Parses the path of a PATCH operation.
    ///
    /// # Errors
    /// `invalidPath`, with the position; `noTarget` for an unknown attribute.
    pub fn parse(resource_type: ResourceType, text: &str) -> Result<Self, Error> {
        let mut parser = Parser::new(resource_type, text, ScimType::InvalidPath)?;
        let name = parser.token();
        let target = match Target::parse(resource_type, name) {
            Some(target) => target,
            None if is_attribute_name(name) => {
                let detail = format!("path: unknown attribute “{name}”.");
                return Err(Error::bad_request(ScimType::NoTarget, detail));
            }
            None => return Err(parser.error("expected an attribute")),
        };
        let mut path = Self::from(target);
        if let Some((attribute, filter)) = parser.value_filter(target)? {
            path.value_filter = Some(filter);
            path.filter_terms = parser.terms;
            path.sub_attribute = parser.sub_attribute(attribute)?;
        }
        parser.expect_end("path")?;
        Ok(path)
    }
}

/// A path without a value filter.
impl From<Target> for PatchPath {
    fn from(target: Target) -> Self {
        Self { target, value_filter: None, filter_terms: 0, sub_attribute: None }
    }
}

struct Parser<'a> {
    resource_type: ResourceType,
    text: &'a str,
    /// In bytes.
    position: usize,
    depth: usize,
    terms: usize,
    /// The type of a syntax error.
    scim_type: ScimType,
}

/// Parameters named `value_of` are the multi-valued attribute whose brackets enclose the expression.
impl<'a> Parser<'a> {
    fn new(resource_type: ResourceType, text: &'a str, scim_type: ScimType) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            let detail = format!("This is too long: at most {MAX_LENGTH} bytes.");
            return Err(Error::bad_request(scim_type, detail));
        }
        Ok(Self { resource_type, text, position: 0, depth: 0, terms: 0, scim_type })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn skip_whitespace(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    /// The characters up to white space, a bracket or a quotation mark.
    fn token(&mut self) -> &'a str {
        self.skip_whitespace();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        self.position += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Consumes the character if it comes next.
    fn eat(&mut self, expected: char) -> bool {
        self.skip_whitespace();
        let is_next = self.rest().starts_with(expected);
        if is_next {
            self.position += expected.len_utf8();
        }
        is_next
    }

    /// Consumes the keyword if it is the next token.
    fn eat_keyword(&mut self, keyword: &str) -> bool {
        let before = self.position;
        let is_next = self.token().eq_ignore_ascii_case(keyword);
        if !is_next {
            self.position = before;
        }
        is_next
    }

    fn expect_end(&mut self, of: &str) -> Result<(), Error> {
        self.skip_whitespace();
        if self.rest().is_empty() { Ok(()) } else { Err(self.error(&format!("expected end of {of}"))) }
    }

    /// A syntax error at the current position, which is reported in characters, starting from 1.
    fn error(&self, message: &str) -> Error {
        let position = self.text.get(..self.position).unwrap_or_default().chars().count() + 1;
        Error::bad_request(self.scim_type, format!("At position {position}: {message}."))
    }

    fn invalid_expression(&self, error: FilterError) -> Error {
        self.error(&error.to_string())
    }

    fn descend(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(&format!("nested too deeply, at most {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    /// `a or b or …`
    fn or_expr(&mut self, value_of: Option<&'static Attribute>) -> Result<Filter, Error> {
        self.descend()?;
        let mut terms = vec![self.and_expr(value_of)?];
        while self.eat_keyword("or") {
            terms.push(self.and_expr(value_of)?);
        }
        self.depth -= 1;
        Ok(combine(terms, Filter::Or))
    }

    /// `a and b and …`
    fn and_expr(&mut self, value_of: Option<&'static Attribute>) -> Result<Filter, Error> {
        let mut terms = vec![self.primary(value_of)?];
        while self.eat_keyword("and") {
            terms.push(self.primary(value_of)?);
        }
        Ok(combine(terms, Filter::And))
    }

    /// A filter in parentheses, with or without `not`, or an attribute expression.
    fn primary(&mut self, value_of: Option<&'static Attribute>) -> Result<Filter, Error> {
        let is_negated = self.eat_keyword("not");
        if self.eat('(') {
            let inner = self.or_expr(value_of)?;
            if !self.eat(')') {
                return Err(self.error("expected “)”"));
            }
            return Ok(if is_negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        if is_negated {
            return Err(self.error("expected “(” after “not”"));
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.error(&format!("too many expressions, at most {MAX_TERMS}")));
        }
        match value_of {
            Some(attribute) => self.sub_attribute_expr(attribute),
            None => self.attribute_expr(),
        }
    }

    /// `userName eq "…"`, or an attribute with a value filter: `emails[type eq "work"]`.
    fn attribute_expr(&mut self) -> Result<Filter, Error> {
        let name = self.token();
        let Some(target) = Target::parse(self.resource_type, name) else {
            return Err(self.error(&format!("unknown attribute “{name}”")));
        };
        if let Some((attribute, filter)) = self.value_filter(target)? {
            // Entra ID sends a comparison after the brackets: emails[type eq "work"].value eq "…"
            let inner = match self.sub_attribute(attribute)? {
                Some(sub_attribute) => {
                    let (operator, value) = self.comparison()?;
                    let expression = Filter::sub_attribute(attribute, sub_attribute, operator, value);
                    Filter::And(vec![filter, expression.map_err(|error| self.invalid_expression(error))?])
                }
                None => filter,
            };
            return Ok(Filter::ValuePath(attribute, Box::new(inner)));
        }
        let Target::Attribute(path) = target else {
            return Err(self.error("expected an attribute, not a schema"));
        };
        let (operator, value) = self.comparison()?;
        Filter::attribute(path, operator, value).map_err(|error| self.invalid_expression(error))
    }

    fn sub_attribute_expr(&mut self, attribute: &'static Attribute) -> Result<Filter, Error> {
        let sub_attribute = self.expect_sub_attribute(attribute)?;
        let (operator, value) = self.comparison()?;
        Filter::sub_attribute(attribute, sub_attribute, operator, value)
            .map_err(|error| self.invalid_expression(error))
    }

    /// The value filter in brackets after a multi-valued attribute, if there is one.
    fn value_filter(&mut self, target: Target) -> Result<Option<(&'static Attribute, Filter)>, Error> {
        if !self.eat('[') {
            return Ok(None);
        }
        let attribute = match target {
            Target::Attribute(AttributePath { attribute, sub_attribute: None, .. })
                if attribute.multi_valued =>
            {
                attribute
            }
            _ => return Err(self.error("brackets can only follow a multi-valued attribute")),
        };
        let filter = self.or_expr(Some(attribute))?;
        if !self.eat(']') {
            return Err(self.error("expected “]”"));
        }
        Ok(Some((attribute, filter)))
    }

    /// The sub-attribute after a value filter, such as `.value`, if there is one.
    fn sub_attribute(&mut self, attribute: &'static Attribute) -> Result<Option<&'static Attribute>, Error> {
        if !self.rest().starts_with('.') {
            return Ok(None);
        }
        self.position += 1;
        self.expect_sub_attribute(attribute).map(Some)
    }

    fn expect_sub_attribute(&mut self, attribute: &'static Attribute) -> Result<&'static Attribute, Error> {
        let name = self.token();
        attribute
            .find_sub_attribute(name)
            .ok_or_else(|| self.error(&format!("{} has no sub-attribute “{name}”", attribute.name)))
    }

    fn comparison(&mut self) -> Result<(Operator, Literal), Error> {
        let name = self.token();
        let operator = match name.to_ascii_lowercase().as_str() {
            "pr" => return Ok((Operator::Present, Literal::Null)),
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => return Err(self.error(&format!("unknown operator “{name}”"))),
        };
        Ok((operator, self.literal()?))
    }

    /// A JSON value other than an object or an array.
    fn literal(&mut self) -> Result<Literal, Error> {
        self.skip_whitespace();
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        let literal = if self.rest().starts_with('"') {
            match values.next() {
                Some(Ok(Value::String(text))) => {
                    let end = values.byte_offset();
                    self.position += end;
                    return Ok(Literal::String(text));
                }
                _ => None,
            }
        } else {
            let before = self.position;
            let token = self.token();
            let literal = match token.to_ascii_lowercase().as_str() {
                "true" => Some(Literal::Boolean(true)),
                "false" => Some(Literal::Boolean(false)),
                "null" => Some(Literal::Null),
                _ if token.parse::<serde_json::Number>().is_ok() => Some(Literal::String(token.to_owned())),
                _ => None,
            };
            if literal.is_none() {
                self.position = before;
            }
            literal
        };
        literal.ok_or_else(|| self.error("expected a value, such as \"text\", true or 5"))
    }
}

/// A single term as it is; several terms under an operator.
fn combine(mut terms: Vec<Filter>, operator: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match terms.pop() {
        Some(term) if terms.is_empty() => term,
        last => {
            terms.extend(last);
            operator(terms)
        }
    }
}
