//! Filters (RFC 7644, section 3.4.2.2) as a syntax tree whose attributes are known to exist in our schema.
//!
//! `sql` translates a filter to SQL; [`Filter::matches`] evaluates a value filter in memory, for PATCH.

use super::schema::{Attribute, Column, DataType};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A condition that a resource, or one value of a multi-valued attribute, meets or not.
#[derive(Clone, Debug)]
pub enum Filter {
    /// True if all terms match; true if there are none.
    And(Vec<Self>),
    /// True if any term matches.
    Or(Vec<Self>),
    Not(Box<Self>),
    /// A value path, such as `emails[type eq "work"]`: true if at least one of the attribute's values matches. The
    /// paths in the inner filter are sub-attributes of the attribute.
    ValuePath(&'static Attribute, Box<Self>),
    Attribute(AttributeExpression),
}

/// An attribute expression, such as `userName eq "a@b.example"` or `title pr`, on an attribute with a single value.
#[derive(Clone, Debug)]
pub struct AttributeExpression {
    pub(super) path: AttributePath,
    pub(super) operator: Operator,
    pub(super) value: Literal,
}

/// An attribute path (RFC 7644, section 3.10): an attribute, or one of its sub-attributes.
#[derive(Clone, Copy, Debug)]
pub struct AttributePath {
    /// Whether the attribute belongs to the enterprise extension's schema.
    pub in_extension: bool,
    pub attribute: &'static Attribute,
    pub sub_attribute: Option<&'static Attribute>,
}

/// A filter operator (RFC 7644, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Present,
}

/// The value that an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`, and the missing value of [`Operator::Present`].
    Null,
    Boolean(bool),
    String(String),
}

/// Why an attribute expression is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("this attribute can't be used in a filter")]
    NotFilterable,
    #[error("this operator can't be used with this attribute")]
    UnsupportedOperator,
    #[error("the value doesn't match the attribute's type")]
    InvalidValue,
}

impl AttributePath {
    /// The last attribute of the path.
    pub const fn leaf(self) -> &'static Attribute {
        match self.sub_attribute {
            Some(sub_attribute) => sub_attribute,
            None => self.attribute,
        }
    }

    /// The keys that lead to the value in the stored JSON.
    pub(super) fn segments(self) -> Vec<String> {
        let extension = self.in_extension.then_some(super::schema::ENTERPRISE);
        let sub_attribute = self.sub_attribute.map(|attribute| attribute.name);
        extension.into_iter().chain([self.attribute.name]).chain(sub_attribute).map(str::to_owned).collect()
    }
}

impl Filter {
    /// An attribute expression on a resource. On a multi-valued attribute it matches if any of its values does.
    ///
    /// # Errors
    /// When the attribute, the operator and the value don't go together.
    pub fn attribute(path: AttributePath, operator: Operator, value: Literal) -> Result<Self, FilterError> {
        if path.attribute.multi_valued {
            let inner = match path.sub_attribute {
                None if operator == Operator::Present => Self::And(Vec::new()),
                // `emails eq "…"` compares the sub-attribute "value", which the RFC calls the default.
                None => {
                    let default = path.attribute.find_sub_attribute("value");
                    Self::sub_attribute(default.ok_or(FilterError::NotFilterable)?, operator, value)?
                }
                Some(sub_attribute) => Self::sub_attribute(sub_attribute, operator, value)?,
            };
            return Ok(Self::ValuePath(path.attribute, Box::new(inner)));
        }
        check_types(path.leaf(), operator, &value)?;
        Ok(Self::Attribute(AttributeExpression { path, operator, value }))
    }

    /// An attribute expression inside a value filter, on a sub-attribute of a multi-valued attribute.
    ///
    /// # Errors
    /// When the attribute, the operator and the value don't go together.
    pub fn sub_attribute(
        attribute: &'static Attribute,
        operator: Operator,
        value: Literal,
    ) -> Result<Self, FilterError> {
        check_types(attribute, operator, &value)?;
        let path = AttributePath { in_extension: false, attribute, sub_attribute: None };
        Ok(Self::Attribute(AttributeExpression { path, operator, value }))
    }
}

fn check_types(attribute: &Attribute, operator: Operator, value: &Literal) -> Result<(), FilterError> {
    use Operator::{Equal, NotEqual, Present};
    if attribute.column == Column::NotFilterable {
        return Err(FilterError::NotFilterable);
    }
    if operator == Present || matches!((operator, value), (Equal | NotEqual, Literal::Null)) {
        return Ok(());
    }
    let is_substring = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    match (&attribute.data_type, operator, value) {
        (DataType::Boolean, Equal | NotEqual, Literal::Boolean(_)) => Ok(()),
        (DataType::Boolean, Equal | NotEqual, _) => Err(FilterError::InvalidValue),
        (DataType::Complex(_) | DataType::Boolean, ..) => Err(FilterError::UnsupportedOperator),
        (DataType::DateTime, ..) if is_substring => Err(FilterError::UnsupportedOperator),
        (DataType::DateTime, _, Literal::String(text)) => {
            parse_date_time(text).map(|_| ()).ok_or(FilterError::InvalidValue)
        }
        // Postgres text can't hold NUL.
        (DataType::String | DataType::Reference, _, Literal::String(text)) if !text.contains('\0') => Ok(()),
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
            Self::Attribute(expression) => expression.matches(value.get(expression.path.attribute.name)),
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
                    Literal::Null => return None,
                };
                Some(Map::from_iter([(path.attribute.name.to_owned(), value)]))
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
            }) if path.attribute.name == name => Some(vec![text]),
            _ => None,
        }
    }
}

impl AttributeExpression {
    fn matches(&self, value: Option<&Value>) -> bool {
        let case_exact = self.path.attribute.case_exact;
        let fold = |text: &str| if case_exact { text.to_owned() } else { text.to_lowercase() };
        match (self.operator, &self.value, value) {
            (Operator::Present, _, value) | (Operator::NotEqual, Literal::Null, value) => value.is_some(),
            (Operator::Equal, Literal::Null, value) => value.is_none(),
            // A missing boolean counts as false.
            (Operator::Equal, Literal::Boolean(expected), value) => {
                *expected == (value == Some(&Value::Bool(true)))
            }
            (Operator::NotEqual, Literal::Boolean(expected), value) => {
                *expected != (value == Some(&Value::Bool(true)))
            }
            (operator, Literal::String(expected), Some(Value::String(actual))) => {
                let (actual, expected) = (fold(actual), fold(expected));
                match operator {
                    Operator::Equal => actual == expected,
                    Operator::NotEqual => actual != expected,
                    Operator::Contains => actual.contains(&expected),
                    Operator::StartsWith => actual.starts_with(&expected),
                    Operator::EndsWith => actual.ends_with(&expected),
                    Operator::Greater => actual > expected,
                    Operator::GreaterOrEqual => actual >= expected,
                    Operator::Less => actual < expected,
                    Operator::LessOrEqual => actual <= expected,
                    Operator::Present => true,
                }
            }
            (Operator::NotEqual, _, None) => true,
            _ => false,
        }
    }
}

/// Parses a `dateTime` (RFC 7643, section 2.3.5). Without a time zone it is taken as UTC.
pub(super) fn parse_date_time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    let at = zoned.or_else(|| text.parse::<chrono::NaiveDateTime>().map(|at| at.and_utc()).ok())?;
    // chrono's range is wider than that of Postgres.
    (1..=9999).contains(&chrono::Datelike::year(&at)).then_some(at)
}
