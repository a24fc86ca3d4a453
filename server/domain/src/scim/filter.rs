//! What a directory asks for (RFC 7644, section 3.4.2.2), as a closed tree over the attributes of our schema.

use super::schema::{Attribute, Kind};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A question that a resource answers with yes or no.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All of them hold; nothing to hold is held.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    Not(Box<Self>),
    /// One of the attribute's values is such; the tests in it are on what is inside the attribute.
    Value(&'static Attribute, Box<Self>),
    Test(Test),
}

/// A test of one attribute that has one value.
#[derive(Clone, Debug)]
pub struct Test {
    pub(super) path: Path,
    pub(super) operator: Operator,
    pub(super) value: Literal,
}

/// The way to an attribute.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Whether it begins in the extension's schema.
    pub extension: bool,
    pub attribute: &'static Attribute,
    pub inside: Option<&'static Attribute>,
}

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

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Null, or nothing where there is nothing to compare with.
    Nothing,
    Flag(bool),
    Text(String),
}

/// Why an attribute can't be asked that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the attribute can't be asked for")]
    Attribute,
    #[error("the operator does not go with the attribute")]
    Operator,
    #[error("the value is not of the attribute's kind")]
    Value,
}

impl Path {
    /// The attribute at its end.
    pub const fn end(self) -> &'static Attribute {
        match self.inside {
            Some(inside) => inside,
            None => self.attribute,
        }
    }

    /// The names on the way, as they are kept.
    pub(super) fn names(self) -> Vec<String> {
        let extension = self.extension.then_some(super::schema::ENTERPRISE);
        let names = extension.into_iter().chain([self.attribute.name]).chain(self.inside.map(|one| one.name));
        names.map(str::to_owned).collect()
    }
}

impl Filter {
    /// A test of an attribute, if it can be asked that. Of several values, one will do.
    ///
    /// # Errors
    /// What does not fit.
    pub fn test(path: Path, operator: Operator, value: Literal) -> Result<Self, Unfit> {
        if path.attribute.many {
            let inner = match path.inside {
                None if operator == Operator::Present => Self::All(Vec::new()),
                // Several values without a word which part of them is meant are asked for the part that counts.
                None => Self::inside(
                    path.attribute.find_inside("value").ok_or(Unfit::Attribute)?,
                    operator,
                    value,
                )?,
                Some(inside) => Self::inside(inside, operator, value)?,
            };
            return Ok(Self::Value(path.attribute, Box::new(inner)));
        }
        fit(path.end(), operator, &value)?;
        Ok(Self::Test(Test { path, operator, value }))
    }

    /// A test inside the value of an attribute that has several.
    ///
    /// # Errors
    /// What does not fit.
    pub fn inside(attribute: &'static Attribute, operator: Operator, value: Literal) -> Result<Self, Unfit> {
        fit(attribute, operator, &value)?;
        Ok(Self::Test(Test { path: Path { extension: false, attribute, inside: None }, operator, value }))
    }
}

fn fit(attribute: &Attribute, operator: Operator, value: &Literal) -> Result<(), Unfit> {
    use Operator::{Equal, NotEqual, Present};
    if attribute.place == super::schema::Place::Nowhere {
        return Err(Unfit::Attribute);
    }
    if operator == Present || matches!((operator, value), (Equal | NotEqual, Literal::Nothing)) {
        return Ok(());
    }
    let part = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    match (&attribute.kind, operator, value) {
        (Kind::Flag, Equal | NotEqual, Literal::Flag(_)) => Ok(()),
        (Kind::Flag, Equal | NotEqual, _) => Err(Unfit::Value),
        (Kind::Complex(_) | Kind::Flag, ..) => Err(Unfit::Operator),
        (Kind::Moment, ..) if part => Err(Unfit::Operator),
        (Kind::Moment, _, Literal::Text(text)) => moment(text).map(|_| ()).ok_or(Unfit::Value),
        // The database takes no such character.
        (Kind::Text | Kind::Reference, _, Literal::Text(text)) if !text.contains('\0') => Ok(()),
        _ => Err(Unfit::Value),
    }
}

impl Filter {
    /// Whether it holds of one value of an attribute that has several, as it is kept.
    pub fn holds(&self, value: &Map<String, Value>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Not(inner) => !inner.holds(value),
            Self::Value(..) => false,
            Self::Test(test) => test.holds(value.get(test.path.attribute.name)),
        }
    }

    /// What a value must be so that it holds, where it says just that.
    pub fn wants(&self) -> Option<Map<String, Value>> {
        match self {
            Self::All(parts) => parts.iter().map(Self::wants).try_fold(Map::new(), |mut all, part| {
                all.extend(part?);
                Some(all)
            }),
            Self::Test(Test { path, operator: Operator::Equal, value }) => {
                let value = match value {
                    Literal::Text(text) => Value::String(text.clone()),
                    Literal::Flag(on) => Value::Bool(*on),
                    Literal::Nothing => return None,
                };
                Some(Map::from_iter([(path.attribute.name.to_owned(), value)]))
            }
            _ => None,
        }
    }

    /// The texts one of which the part of this name must be, where it says just that.
    pub fn one_of(&self, name: &str) -> Option<Vec<&str>> {
        match self {
            Self::Any(parts) => {
                let each: Option<Vec<Vec<&str>>> = parts.iter().map(|part| part.one_of(name)).collect();
                each.map(|each| each.into_iter().flatten().collect())
            }
            Self::Test(Test { path, operator: Operator::Equal, value: Literal::Text(text) })
                if path.attribute.name == name =>
            {
                Some(vec![text])
            }
            _ => None,
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&Value>) -> bool {
        let exact = self.path.attribute.case_exact;
        let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
        match (self.operator, &self.value, value) {
            (Operator::Present, _, value) | (Operator::NotEqual, Literal::Nothing, value) => value.is_some(),
            (Operator::Equal, Literal::Nothing, value) => value.is_none(),
            // A flag that is not there is off.
            (Operator::Equal, Literal::Flag(on), value) => *on == (value == Some(&Value::Bool(true))),
            (Operator::NotEqual, Literal::Flag(on), value) => *on != (value == Some(&Value::Bool(true))),
            (operator, Literal::Text(wanted), Some(Value::String(text))) => {
                let (text, wanted) = (fold(text), fold(wanted));
                match operator {
                    Operator::Equal => text == wanted,
                    Operator::NotEqual => text != wanted,
                    Operator::Contains => text.contains(&wanted),
                    Operator::StartsWith => text.starts_with(&wanted),
                    Operator::EndsWith => text.ends_with(&wanted),
                    Operator::Greater => text > wanted,
                    Operator::GreaterOrEqual => text >= wanted,
                    Operator::Less => text < wanted,
                    Operator::LessOrEqual => text <= wanted,
                    Operator::Present => true,
                }
            }
            (Operator::NotEqual, _, None) => true,
            _ => false,
        }
    }
}

/// A time as RFC 7643, section 2.3.5 has it; without a zone it is UTC.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    let at = zoned.or_else(|| text.parse::<chrono::NaiveDateTime>().map(|at| at.and_utc()).ok())?;
    // What the database can keep, and nobody asks for more.
    (1..=9999).contains(&chrono::Datelike::year(&at)).then_some(at)
}
