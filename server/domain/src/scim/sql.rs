//! A filter as SQL. What came from outside goes in as bound values alone; what stands in the statement is ours.
//!
//! A test for equality is made so that an index answers it: also of the attributes that are kept as they came, whose
//! texts are in `words`.

use super::filter::{Filter, Literal, Operator, Path, Test, moment};
use super::schema::{Attribute, Kind, Place};
use crate::users::contains_pattern;
use model::EmailAddress;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// How much of a text is looked up, in bytes: an index has no room for more.
const MAX_WORD: usize = 400;

/// The addresses of a user; who has none of a directory's has the one that we write to.
const EMAILS: &str = "coalesce(d.attributes -> 'emails', \
    jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)))";

/// A statement that is being written.
pub(super) struct Statement {
    pub sql: QueryBuilder<Postgres>,
    organization: Uuid,
}

impl Statement {
    pub fn new(organization: Uuid) -> Self {
        Self { sql: QueryBuilder::new(""), organization }
    }

    /// The condition that a filter is. Under "not", what is null must be false.
    pub fn condition(&mut self, filter: &Filter) {
        self.filter(filter, None, false);
    }

    fn filter(&mut self, filter: &Filter, value_of: Option<&'static Attribute>, under_not: bool) {
        match filter {
            Filter::All(parts) => self.parts(parts, " and ", "true", value_of, under_not),
            Filter::Any(parts) => self.parts(parts, " or ", "false", value_of, under_not),
            Filter::Not(inner) => {
                self.sql.push("not (");
                self.filter(inner, value_of, true);
                self.sql.push(")");
            }
            Filter::Value(attribute, inner) => self.value(attribute, inner, under_not),
            Filter::Test(test) if under_not => {
                self.sql.push("coalesce(");
                self.test(test, value_of, true);
                self.sql.push(", false)");
            }
            Filter::Test(test) => self.test(test, value_of, false),
        }
    }

    fn parts(
        &mut self,
        parts: &[Filter],
        between: &'static str,
        none: &'static str,
        value_of: Option<&'static Attribute>,
        under_not: bool,
    ) {
        if parts.is_empty() {
            self.sql.push(none);
            return;
        }
        for (at, part) in parts.iter().enumerate() {
            self.sql.push(if at == 0 { "(" } else { between });
            self.filter(part, value_of, under_not);
        }
        self.sql.push(")");
    }

    /// One of an attribute's values is such.
    fn value(&mut self, attribute: &'static Attribute, inner: &Filter, under_not: bool) {
        if let Place::Rows(rows) = attribute.place {
            self.sql.push("exists (").push(rows);
            self.filter(inner, Some(attribute), false);
            self.sql.push(")");
            return;
        }
        let emails = attribute.name == "emails";
        if let Some((part, text)) = looked_up(inner).filter(|(part, _)| part.name == "value" && !under_not) {
            self.having(&word(&[attribute.name, part.name], &text).0, emails.then_some(&*text));
            self.sql.push(" and ");
        }
        self.sql.push("exists (select from jsonb_array_elements(");
        if emails {
            self.sql.push(EMAILS);
        } else {
            self.sql.push("d.attributes -> ").push_bind(attribute.name);
        }
        self.sql.push(") as e (value) where ");
        self.filter(inner, Some(attribute), false);
        self.sql.push(")");
    }

    /// That somebody has this word, or this address of ours: as a list that is found first, so that the planner does not
    /// walk through everybody for it.
    fn having(&mut self, word: &str, address: Option<&str>) {
        self.sql.push("u.id = any (array(select user_id from scim_users where organization_id = ");
        self.sql.push_bind(self.organization).push(" and search_tokens @> ").push_bind(vec![word.to_owned()]);
        if let Some(address) = address {
            self.sql.push(" union all select id from users where organization_id = ");
            self.sql
                .push_bind(self.organization)
                .push(" and email_normalized = ")
                .push_bind(address_key(address));
        }
        self.sql.push("))");
    }

    fn test(&mut self, asked: &Test, value_of: Option<&'static Attribute>, under_not: bool) {
        let attribute = asked.path.end();
        let present = match (asked.operator, &asked.value) {
            (Operator::Present, _) | (Operator::NotEqual, Literal::Nothing) => Some("is not null"),
            (Operator::Equal, Literal::Nothing) => Some("is null"),
            _ => None,
        };
        if let Some(present) = present {
            self.present(asked, value_of, present);
            return;
        }
        match (&attribute.kind, &asked.value) {
            (Kind::Flag, Literal::Flag(on)) => self.flag(asked, value_of, *on),
            (Kind::Moment, Literal::Text(text)) => self.moment(asked, text),
            (_, Literal::Text(text)) => self.text(asked, text, value_of, under_not),
            // No such test can be made.
            _ => drop(self.sql.push("false")),
        }
    }

    fn present(&mut self, asked: &Test, value_of: Option<&'static Attribute>, present: &'static str) {
        match asked.path.end().place {
            Place::Folded(_, there) => {
                self.sql.push("(case when ").push(there).push(" then true end) ").push(present);
            }
            Place::Kept if value_of.is_none() => {
                self.sql.push("(d.attributes #> ").push_bind(asked.path.names()).push(") ").push(present);
            }
            _ => {
                self.expression(asked.path, value_of);
                self.sql.push(" ").push(present);
            }
        }
    }

    fn flag(&mut self, asked: &Test, value_of: Option<&'static Attribute>, on: bool) {
        let wanted = if (asked.operator == Operator::Equal) == on { "true" } else { "false" };
        if asked.path.end().place == Place::Kept {
            // A flag that is not there is off.
            self.sql.push("coalesce(");
            self.expression(asked.path, value_of);
            self.sql.push(", 'false') = '").push(wanted).push("'");
        } else {
            self.expression(asked.path, value_of);
            self.sql.push(" = ").push(wanted);
        }
    }

    fn moment(&mut self, asked: &Test, text: &str) {
        self.expression(asked.path, None);
        self.sql.push(comparison(asked.operator)).push_bind(moment(text));
    }

    fn text(&mut self, asked: &Test, text: &str, value_of: Option<&'static Attribute>, under_not: bool) {
        use Operator::{Contains, EndsWith, Equal, NotEqual, StartsWith};
        let attribute = asked.path.end();
        match (&attribute.place, asked.operator) {
            (Place::Id(column), Equal | NotEqual) => self.id(column, asked.operator, text),
            (Place::Address, operator) => {
                self.folded("u.email_normalized", operator, &address_key(text), under_not)
            }
            (Place::Folded(expression, there), operator) => {
                let (not, operator) = if operator == NotEqual { ("not (", Equal) } else { ("(", operator) };
                self.sql.push(not).push(*there).push(" and ");
                self.folded(expression, operator, &text.to_lowercase(), under_not);
                self.sql.push(")");
            }
            (Place::Kept, Equal | NotEqual) if value_of.is_none() => {
                self.kept(asked.path, asked.operator, text);
            }
            (_, operator) => {
                let exact = attribute.case_exact;
                self.sql.push(if exact { "(" } else { "lower(" });
                self.expression(asked.path, value_of);
                self.sql.push(")");
                let text = if exact { text.to_owned() } else { text.to_lowercase() };
                match operator {
                    Contains | StartsWith | EndsWith => self.like(operator, &text),
                    operator => drop(self.sql.push(comparison(operator)).push_bind(text)),
                }
            }
        }
    }

    fn id(&mut self, column: &'static str, operator: Operator, text: &str) {
        // What is no id of ours is nobody's.
        match (text.parse::<Uuid>(), operator) {
            (Ok(id), operator) => drop(self.sql.push(column).push(comparison(operator)).push_bind(id)),
            (Err(_), Operator::NotEqual) => drop(self.sql.push("true")),
            (Err(_), _) => drop(self.sql.push("false")),
        }
    }

    /// A text that stands in lower case, and in an index.
    fn folded(&mut self, expression: &'static str, operator: Operator, text: &str, under_not: bool) {
        let like = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
        // What is a part of the name or the address is a part of both together, for which there is an index.
        if like && !under_not && text.is_ascii() && text.len() > 2 && expression.contains("u.email") {
            self.sql
                .push("lower(u.name || ' ' || u.email) like ")
                .push_bind(contains_pattern(text))
                .push(" and ");
        }
        self.sql.push(expression);
        if like {
            self.like(operator, text);
        } else {
            self.sql.push(comparison(operator)).push_bind(text.to_owned());
        }
    }

    /// Equality of a text that is kept as it came.
    fn kept(&mut self, path: Path, operator: Operator, text: &str) {
        let names = path.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (word, whole) = word(&names, text);
        let whole = whole && !path.end().case_exact;
        let is = operator == Operator::Equal;
        self.sql.push(if is { "(" } else { "not (" });
        self.having(&word, None);
        if !whole {
            let lower = if path.end().case_exact { "" } else { "lower" };
            self.sql.push(" and ").push(lower).push("(");
            self.expression(path, None);
            self.sql.push(") = ").push(lower).push("(").push_bind(text.to_owned()).push(")");
        }
        self.sql.push(")");
    }

    fn like(&mut self, operator: Operator, text: &str) {
        let pattern = contains_pattern(text);
        let pattern = match operator {
            Operator::StartsWith => pattern.get(1..).unwrap_or_default().to_owned(),
            Operator::EndsWith => pattern.get(..pattern.len() - 1).unwrap_or_default().to_owned(),
            _ => pattern,
        };
        self.sql.push(" like ").push_bind(pattern);
    }

    /// What an attribute is in SQL.
    pub fn expression(&mut self, path: Path, value_of: Option<&'static Attribute>) {
        match path.end().place {
            Place::Kept if value_of.is_some() => {
                self.sql.push("(e.value ->> ").push_bind(path.end().name).push(")");
            }
            Place::Kept => drop(self.sql.push("(d.attributes #>> ").push_bind(path.names()).push(")")),
            Place::Id(column) => drop(self.sql.push(column).push("::text")),
            Place::Always(expression) | Place::Sometimes(expression) | Place::Folded(expression, _) => {
                self.sql.push(expression);
            }
            Place::Address => drop(self.sql.push("u.email_normalized")),
            // No path that is asked for ends there.
            Place::Rows(_) | Place::Nowhere => drop(self.sql.push("null")),
        }
    }
}

impl Filter {
    /// The condition that it is, as the database is sent it, but for the values: for whoever checks that nothing of what
    /// was asked stands in it.
    pub fn sql(&self) -> String {
        let mut statement = Statement::new(Uuid::nil());
        statement.condition(self);
        statement.sql.into_string()
    }
}

/// Whether an index answers it, so that few are left.
pub(super) fn is_narrow(filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().any(is_narrow),
        Filter::Any(parts) => !parts.is_empty() && parts.iter().all(is_narrow),
        // Nearly everybody has something of such a type.
        Filter::Value(_, inner) => looked_up(inner).is_some_and(|(part, _)| part.name == "value"),
        Filter::Test(Test { path, operator, value: Literal::Text(text) }) => {
            let place = &path.end().place;
            let looks_up =
                matches!(place, Place::Id(_) | Place::Address | Place::Folded(..) | Place::Sometimes(_));
            let searches =
                matches!(place, Place::Address | Place::Folded(..)) && text.is_ascii() && text.len() > 2;
            match operator {
                Operator::Equal => looks_up || matches!(place, Place::Kept),
                Operator::Contains | Operator::StartsWith | Operator::EndsWith => searches,
                _ => false,
            }
        }
        Filter::Not(_) | Filter::Test(_) => false,
    }
}

/// What a value that is such must have as one of its texts.
fn looked_up(inner: &Filter) -> Option<(&'static Attribute, String)> {
    match inner {
        Filter::Test(Test { path, operator: Operator::Equal, value: Literal::Text(text) })
            if !matches!(path.attribute.kind, Kind::Flag) =>
        {
            Some((path.attribute, text.clone()))
        }
        // The part that counts tells more than the others.
        Filter::All(parts) => {
            let mut found: Vec<_> = parts.iter().filter_map(looked_up).collect();
            let best = found.iter().position(|(attribute, _)| attribute.name == "value").unwrap_or_default();
            (!found.is_empty()).then(|| found.swap_remove(best))
        }
        _ => None,
    }
}

/// A text among the attributes as it is looked up: where it stands, and what it is in lower case. The second: whether
/// that is all of it.
pub(super) fn word(names: &[&str], text: &str) -> (String, bool) {
    let mut word = format!("{}={}", names.join("."), text.to_lowercase());
    let whole = word.len() <= MAX_WORD;
    if !whole {
        let end = (0..=MAX_WORD).rev().find(|at| word.is_char_boundary(*at)).unwrap_or_default();
        word.truncate(end);
    }
    (word, whole)
}

/// How addresses are compared; what is none is compared in lower case.
fn address_key(text: &str) -> String {
    EmailAddress::parse(text).map_or_else(|_| text.to_lowercase(), |address| address.normalized())
}

const fn comparison(operator: Operator) -> &'static str {
    match operator {
        Operator::NotEqual => " is distinct from ",
        Operator::Greater => " > ",
        Operator::GreaterOrEqual => " >= ",
        Operator::Less => " < ",
        Operator::LessOrEqual => " <= ",
        _ => " = ",
    }
}
