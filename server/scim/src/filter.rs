//! Filters (RFC 7644, section 3.4.2.2) as a syntax tree whose attributes are known to exist in the schema.
//!
//! A consumer translates a filter to a query of its storage; [`Filter::matches`] evaluates a value filter in memory.

use crate::AttributePath;
use crate::schema::{Attribute, DataType};
use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// A condition that a resource, or one value of a multi-valued attribute, meets or not.
#[derive(Clone, Debug)]
pub enum Filter {
    /// True if all terms match; true if there are none.
    And(Vec<Self>),
    /// True if any term matches.
    Or(Vec<Self>),
    /// True if the inner filter doesn't match.
    Not(Box<Self>),
    /// A value path, such as `emails[type eq "work"]`: true if at least one of the attribute's values matches. The
    /// paths in the inner filter are sub-attributes of the attribute.
    ValuePath(&'static Attribute, Box<Self>),
    /// A comparison.
    Attribute(AttributeExpression),
}

/// An attribute expression, such as `userName eq "a@b.example"` or `title pr`. Only [`Filter`] creates them, so attribute,
/// operator and value go together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttributeExpression {
    /// An attribute with a single value; inside a value filter, a sub-attribute of a multi-valued attribute.
    pub path: AttributePath,
    /// How they are compared.
    pub operator: Operator,
    /// What the attribute is compared with.
    pub value: Literal,
}

/// A filter operator (RFC 7644, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `pr`
    Present,
}

/// The value that an attribute is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `null`, and the missing value of [`Operator::Present`].
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Text. A number is taken as text.
    String(String),
    /// The text of a `dateTime` attribute. Clients send a string; [`Filter`] converts it.
    DateTime(DateTime<Utc>),
}

/// Why an attribute expression is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The attribute is returned, but can't be compared.
    #[error("this attribute can't be used in a filter")]
    NotFilterable,
    /// The attribute's type has no such comparison.
    #[error("this operator can't be used with this attribute")]
    UnsupportedOperator,
    /// The value has another type.
    #[error("the value doesn't match the attribute's type")]
    InvalidValue,
}

impl Filter {
    /// An attribute expression on a resource. On a multi-valued attribute it matches if any of its values does.
    ///
    /// # Errors
    /// When the attribute, the operator and the value don't go together.
    pub fn attribute(path: AttributePath, operator: Operator, value: Literal) -> Result<Self, FilterError> {
        let attribute = path.attribute;
        if !attribute.multi_valued {
            return Self::expression(path, operator, value);
        }
        let inner = match path.sub_attribute {
            None if operator == Operator::Present => Self::And(Vec::new()),
            // `emails eq "…"` compares the sub-attribute "value", which the RFC calls the default.
            None => {
                let default = attribute.find_sub_attribute("value").ok_or(FilterError::NotFilterable)?;
                Self::sub_attribute(attribute, default, operator, value)?
            }
            Some(_) => Self::expression(path, operator, value)?,
        };
        Ok(Self::ValuePath(attribute, Box::new(inner)))
    }

    /// An attribute expression inside a value filter, on a sub-attribute of a multi-valued attribute.
    ///
    /// # Errors
    /// When the sub-attribute, the operator and the value don't go together.
    pub fn sub_attribute(
        attribute: &'static Attribute,
        sub_attribute: &'static Attribute,
        operator: Operator,
        value: Literal,
    ) -> Result<Self, FilterError> {
        let path = AttributePath { extension: None, attribute, sub_attribute: Some(sub_attribute) };
        Self::expression(path, operator, value)
    }

    fn expression(path: AttributePath, operator: Operator, value: Literal) -> Result<Self, FilterError> {
        let value = convert(path.leaf(), operator, value)?;
        Ok(Self::Attribute(AttributeExpression { path, operator, value }))
    }
}

/// Converts a value to the attribute's type.
fn convert(attribute: &Attribute, operator: Operator, value: Literal) -> Result<Literal, FilterError> {
    use Operator::{Equal, NotEqual, Present};
    if !attribute.filterable {
        return Err(FilterError::NotFilterable);
    }
    if operator == Present || matches!((operator, &value), (Equal | NotEqual, Literal::Null)) {
        return Ok(value);
    }
    let is_substring = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    match (&attribute.data_type, operator, value) {
        (DataType::Boolean, Equal | NotEqual, value @ Literal::Boolean(_)) => Ok(value),
        (DataType::Boolean, Equal | NotEqual, _) => Err(FilterError::InvalidValue),
        (DataType::Complex(_) | DataType::Boolean, ..) => Err(FilterError::UnsupportedOperator),
        (DataType::DateTime, ..) if is_substring => Err(FilterError::UnsupportedOperator),
        (DataType::DateTime, _, Literal::String(text)) => {
            parse_date_time(&text).map(Literal::DateTime).ok_or(FilterError::InvalidValue)
        }
        // No attribute has a NUL character, which storage such as Postgres rejects even in a query.
        (DataType::String | DataType::Reference, _, Literal::String(text)) if !text.contains('\0') => {
            Ok(Literal::String(text))
        }
        _ => Err(FilterError::InvalidValue),
    }
}

impl Filter {
    /// Evaluates a value filter on one stored value of a multi-valued attribute.
    pub fn matches(&self, value: &Map<String, Value>) -> bool {
        match self {
            Self::And(terms) => terms.iter().all(|term| term.matches(value)),
            Self::Or(terms) => terms.iter().any(|term| term.matches(value)),
            Self::Not(inner) => !inner.matches(value),
            Self::ValuePath(..) => false,
            Self::Attribute(expression) => expression.matches(value.get(expression.path.leaf().name)),
        }
    }

    /// The sub-attributes that a new value needs to match this value filter, if the filter only compares for equality.
    pub fn required_values(&self) -> Option<Map<String, Value>> {
        match self {
            Self::And(terms) => {
                terms.iter().map(Self::required_values).try_fold(Map::new(), |mut all, term| {
                    all.extend(term?);
                    Some(all)
                })
            }
            Self::Attribute(AttributeExpression { path, operator: Operator::Equal, value }) => {
                let value = match value {
                    Literal::String(text) => Value::String(text.clone()),
                    Literal::Boolean(value) => Value::Bool(*value),
                    Literal::Null | Literal::DateTime(_) => return None,
                };
                Some(Map::from_iter([(path.leaf().name.to_owned(), value)]))
            }
            _ => None,
        }
    }

    /// The strings of a filter of the form `name eq "a" or name eq "b" …`; `None` for any other filter.
    pub fn any_of(&self, name: &str) -> Option<Vec<&str>> {
        match self {
            Self::Or(terms) => {
                let values: Option<Vec<Vec<&str>>> = terms.iter().map(|term| term.any_of(name)).collect();
                values.map(|values| values.into_iter().flatten().collect())
            }
            Self::Attribute(AttributeExpression {
                path,
                operator: Operator::Equal,
                value: Literal::String(text),
            }) if path.leaf().name == name => Some(vec![text]),
            _ => None,
        }
    }
}

impl AttributeExpression {
    fn matches(&self, value: Option<&Value>) -> bool {
        let case_exact = self.path.leaf().case_exact;
        let fold = |text: &str| if case_exact { text.to_owned() } else { text.to_lowercase() };
        match (self.operator, &self.value, value) {
            (Operator::Present, _, value) | (Operator::NotEqual, Literal::Null, value) => value.is_some(),
            (Operator::Equal, Literal::Null, value) => value.is_none(),
            // A missing boolean counts as false.
            (operator, Literal::Boolean(expected), value) => {
                let is_equal = *expected == (value == Some(&Value::Bool(true)));
                is_equal == (operator == Operator::Equal)
            }
            (operator, Literal::String(expected), Some(Value::String(actual))) => {
                let (actual, expected) = (fold(actual), fold(expected));
                match operator {
                    Operator::Contains => actual.contains(&expected),
                    Operator::StartsWith => actual.starts_with(&expected),
                    Operator::EndsWith => actual.ends_with(&expected),
                    operator => operator.accepts(actual.cmp(&expected)),
                }
            }
            (operator, Literal::DateTime(expected), Some(Value::String(actual))) => {
                parse_date_time(actual).is_some_and(|actual| operator.accepts(actual.cmp(expected)))
            }
            (Operator::NotEqual, _, None) => true,
            _ => false,
        }
    }
}

impl Operator {
    /// Whether a comparison holds for a value in this order to the expected one.
    const fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Contains | Self::StartsWith | Self::EndsWith | Self::Present => false,
        }
    }
}

/// Parses a `dateTime` (RFC 7643, section 2.3.5). Without a time zone it is taken as UTC.
fn parse_date_time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    let at = zoned.or_else(|| text.parse::<NaiveDateTime>().map(|at| at.and_utc()).ok())?;
    // chrono's range is wider than that of RFC 3339 and of storage such as Postgres.
    (1..=9999).contains(&at.year()).then_some(at)
}
