//! Translates filters to SQL. Values from the client are always bound; the statement's text consists of constants only.
//!
//! Equality is translated so that an index can answer it, also for attributes stored as JSON: their strings are indexed
//! as tokens in `scim_users.search_tokens`.

use super::columns::{Column, column};
use crate::users::contains_pattern;
use chrono::{DateTime, Utc};
use model::EmailAddress;
use scim::schema::Attribute;
use scim::{AttributeExpression, AttributePath, Filter, Literal, Operator, ResourceType};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// The longest token, in bytes; Postgres limits the size of an index entry.
const MAX_TOKEN_BYTES: usize = 400;

/// The value of `emails`: if the client sent none, the address that the user signs in with.
const EMAILS: &str = "coalesce(d.attributes -> 'emails', \
    jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)))";

/// A statement about resources of one type, under construction.
pub(super) struct Statement {
    pub sql: QueryBuilder<Postgres>,
    pub resource_type: ResourceType,
    organization: Uuid,
}

impl Statement {
    pub fn new(resource_type: ResourceType, organization: Uuid) -> Self {
        Self { sql: QueryBuilder::new(""), resource_type, organization }
    }

    /// Appends a filter as a condition.
    pub fn push_filter(&mut self, filter: &Filter) {
        self.push_node(filter, false);
    }

    /// `negated`: whether this is under a `not`, where a condition must be false instead of null.
    fn push_node(&mut self, filter: &Filter, negated: bool) {
        match filter {
            Filter::And(terms) => self.push_terms(terms, " and ", "true", negated),
            Filter::Or(terms) => self.push_terms(terms, " or ", "false", negated),
            Filter::Not(inner) => {
                self.sql.push("not (");
                self.push_node(inner, true);
                self.sql.push(")");
            }
            Filter::ValuePath(attribute, inner) => self.push_value_path(attribute, inner, negated),
            Filter::Attribute(expression) if negated => {
                self.sql.push("coalesce(");
                self.push_expression(expression, true);
                self.sql.push(", false)");
            }
            Filter::Attribute(expression) => self.push_expression(expression, false),
        }
    }

    fn push_terms(
        &mut self,
        terms: &[Filter],
        operator: &'static str,
        if_empty: &'static str,
        negated: bool,
    ) {
        if terms.is_empty() {
            self.sql.push(if_empty);
            return;
        }
        for (index, term) in terms.iter().enumerate() {
            self.sql.push(if index == 0 { "(" } else { operator });
            self.push_node(term, negated);
        }
        self.sql.push(")");
    }

    /// Appends "at least one value of the attribute matches".
    fn push_value_path(&mut self, attribute: &'static Attribute, inner: &Filter, negated: bool) {
        let path = AttributePath { extension: None, attribute, sub_attribute: None };
        if let Column::Subquery(subquery) = column(self.resource_type, path) {
            self.sql.push("exists (").push(subquery);
            self.push_node(inner, false);
            self.sql.push(")");
            return;
        }
        let is_emails = attribute.name == "emails";
        let indexed = indexed_value(inner).filter(|(attribute, _)| attribute.name == "value" && !negated);
        if let Some((sub_attribute, text)) = indexed {
            let (token, _) = search_token(&[attribute.name, sub_attribute.name], &text);
            self.push_token_lookup(&token, is_emails.then_some(&*text));
            self.sql.push(" and ");
        }
        self.sql.push("exists (select from jsonb_array_elements(");
        if is_emails {
            self.sql.push(EMAILS);
        } else {
            self.sql.push("d.attributes -> ").push_bind(attribute.name);
        }
        self.sql.push(") as e (value) where ");
        self.push_node(inner, false);
        self.sql.push(")");
    }

    /// Appends "the user has this token, or this email address". An array subquery is evaluated first, which keeps the
    /// planner from scanning all users.
    fn push_token_lookup(&mut self, token: &str, email: Option<&str>) {
        self.sql.push("u.id = any (array(select user_id from scim_users where organization_id = ");
        self.sql
            .push_bind(self.organization)
            .push(" and search_tokens @> ")
            .push_bind(vec![token.to_owned()]);
        if let Some(email) = email {
            self.sql.push(" union all select id from users where organization_id = ");
            self.sql
                .push_bind(self.organization)
                .push(" and email_normalized = ")
                .push_bind(normalize_email(email));
        }
        self.sql.push("))");
    }

    fn push_expression(&mut self, expression: &AttributeExpression, negated: bool) {
        let path = expression.path;
        match (expression.operator, &expression.value) {
            (Operator::Present, _) | (Operator::NotEqual, Literal::Null) => {
                self.push_null_test(path, "is not null");
            }
            (Operator::Equal, Literal::Null) => self.push_null_test(path, "is null"),
            (operator, Literal::Boolean(value)) => {
                self.push_boolean(
                    path,
                    if (operator == Operator::Equal) == *value { "true" } else { "false" },
                );
            }
            (operator, Literal::DateTime(at)) => self.push_date_time(path, operator, *at),
            (operator, Literal::String(text)) => self.push_string(path, operator, text, negated),
            // `Filter` can't be built with any other combination.
            (_, Literal::Null) => drop(self.sql.push("false")),
        }
    }

    fn push_null_test(&mut self, path: AttributePath, null_test: &'static str) {
        match column(self.resource_type, path) {
            Column::CaseFolded { is_present, .. } => {
                self.sql.push("(case when ").push(is_present).push(" then true end) ").push(null_test);
            }
            Column::Json => {
                self.sql.push("(d.attributes #> ").push_bind(segments(path)).push(") ").push(null_test);
            }
            _ => {
                self.push_column(path);
                self.sql.push(" ").push(null_test);
            }
        }
    }

    fn push_boolean(&mut self, path: AttributePath, expected: &'static str) {
        if matches!(column(self.resource_type, path), Column::Json | Column::JsonValue) {
            // A missing boolean counts as false.
            self.sql.push("coalesce(");
            self.push_column(path);
            self.sql.push(", 'false') = '").push(expected).push("'");
        } else {
            self.push_column(path);
            self.sql.push(" = ").push(expected);
        }
    }

    fn push_date_time(&mut self, path: AttributePath, operator: Operator, at: DateTime<Utc>) {
        self.push_column(path);
        self.sql.push(sql_operator(operator)).push_bind(at);
    }

    fn push_string(&mut self, path: AttributePath, operator: Operator, text: &str, negated: bool) {
        use Operator::{Contains, EndsWith, Equal, NotEqual, StartsWith};
        match (column(self.resource_type, path), operator) {
            (Column::Id(column), Equal | NotEqual) => self.push_id(column, operator, text),
            (Column::Email, operator) => {
                self.push_case_folded("u.email_normalized", operator, &normalize_email(text), negated);
            }
            (Column::CaseFolded { expression, is_present }, operator) => {
                let (open, operator) = if operator == NotEqual { ("not (", Equal) } else { ("(", operator) };
                self.sql.push(open).push(is_present).push(" and ");
                self.push_case_folded(expression, operator, &text.to_lowercase(), negated);
                self.sql.push(")");
            }
            (Column::Json, Equal | NotEqual) => self.push_json_equality(path, operator, text),
            (_, operator) => {
                let case_exact = path.leaf().case_exact;
                self.sql.push(if case_exact { "(" } else { "lower(" });
                self.push_column(path);
                self.sql.push(")");
                let text = if case_exact { text.to_owned() } else { text.to_lowercase() };
                match operator {
                    Contains | StartsWith | EndsWith => self.push_like(operator, &text),
                    operator => drop(self.sql.push(sql_operator(operator)).push_bind(text)),
                }
            }
        }
    }

    fn push_id(&mut self, column: &'static str, operator: Operator, text: &str) {
        // A value that isn't a UUID equals no id.
        match (text.parse::<Uuid>(), operator) {
            (Ok(id), operator) => drop(self.sql.push(column).push(sql_operator(operator)).push_bind(id)),
            (Err(_), Operator::NotEqual) => drop(self.sql.push("true")),
            (Err(_), _) => drop(self.sql.push("false")),
        }
    }

    /// Appends a comparison with an indexed expression in lower case.
    fn push_case_folded(&mut self, expression: &'static str, operator: Operator, text: &str, negated: bool) {
        let is_like = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
        // A substring of the name or the address is a substring of both joined, which has a trigram index.
        if is_like && !negated && text.is_ascii() && text.len() > 2 && expression.contains("u.email") {
            self.sql
                .push("lower(u.name || ' ' || u.email) like ")
                .push_bind(contains_pattern(text))
                .push(" and ");
        }
        self.sql.push(expression);
        if is_like {
            self.push_like(operator, text);
        } else {
            self.sql.push(sql_operator(operator)).push_bind(text.to_owned());
        }
    }

    /// Appends equality with an attribute stored as JSON. The token finds the candidates; they are compared in full
    /// where the token is truncated or the letter case matters.
    fn push_json_equality(&mut self, path: AttributePath, operator: Operator, text: &str) {
        let segments: Vec<&str> = path.segments().collect();
        let (token, is_complete) = search_token(&segments, text);
        let is_exact = is_complete && !path.leaf().case_exact;
        self.sql.push(if operator == Operator::Equal { "(" } else { "not (" });
        self.push_token_lookup(&token, None);
        if !is_exact {
            let lower = if path.leaf().case_exact { "" } else { "lower" };
            self.sql.push(" and ").push(lower).push("(");
            self.push_column(path);
            self.sql.push(") = ").push(lower).push("(").push_bind(text.to_owned()).push(")");
        }
        self.sql.push(")");
    }

    fn push_like(&mut self, operator: Operator, text: &str) {
        let pattern = contains_pattern(text);
        let pattern = match operator {
            Operator::StartsWith => pattern.get(1..).unwrap_or_default().to_owned(),
            Operator::EndsWith => pattern.get(..pattern.len() - 1).unwrap_or_default().to_owned(),
            _ => pattern,
        };
        self.sql.push(" like ").push_bind(pattern);
    }

    /// Appends the expression that an attribute has in SQL.
    pub fn push_column(&mut self, path: AttributePath) {
        match column(self.resource_type, path) {
            Column::Json => drop(self.sql.push("(d.attributes #>> ").push_bind(segments(path)).push(")")),
            Column::JsonValue => drop(self.sql.push("(e.value ->> ").push_bind(path.leaf().name).push(")")),
            Column::Id(column) => drop(self.sql.push(column).push("::text")),
            Column::NotNull(expression)
            | Column::Nullable(expression)
            | Column::CaseFolded { expression, .. } => drop(self.sql.push(expression)),
            Column::Email => drop(self.sql.push("u.email_normalized")),
            // `Filter` and `SortColumn` can't be built with it.
            Column::Subquery(_) => drop(self.sql.push("null")),
        }
    }
}

/// The keys that lead to the value in the stored JSON.
fn segments(path: AttributePath) -> Vec<String> {
    path.segments().map(str::to_owned).collect()
}

/// Whether an index answers the filter for users, so that few rows are left.
pub(super) fn is_selective(filter: &Filter) -> bool {
    match filter {
        Filter::And(terms) => terms.iter().any(is_selective),
        Filter::Or(terms) => !terms.is_empty() && terms.iter().all(is_selective),
        // Other sub-attributes, such as "type", have the same value for nearly every user.
        Filter::ValuePath(_, inner) => {
            indexed_value(inner).is_some_and(|(attribute, _)| attribute.name == "value")
        }
        Filter::Attribute(AttributeExpression { path, operator, value: Literal::String(text), .. }) => {
            let column = column(ResourceType::User, *path);
            let has_btree_index = matches!(
                column,
                Column::Id(_) | Column::Email | Column::CaseFolded { .. } | Column::Nullable(_)
            );
            let has_trigram_index = matches!(column, Column::Email | Column::CaseFolded { .. })
                && text.is_ascii()
                && text.len() > 2;
            match operator {
                Operator::Equal => has_btree_index || matches!(column, Column::Json),
                Operator::Contains | Operator::StartsWith | Operator::EndsWith => has_trigram_index,
                _ => false,
            }
        }
        Filter::Not(_) | Filter::Attribute(_) => false,
    }
}

/// A string that every value matching this value filter has, to look up by its token.
fn indexed_value(inner: &Filter) -> Option<(&'static Attribute, String)> {
    match inner {
        Filter::Attribute(AttributeExpression {
            path,
            operator: Operator::Equal,
            value: Literal::String(text),
            ..
        }) => Some((path.leaf(), text.clone())),
        // "value" is the most selective sub-attribute.
        Filter::And(terms) => {
            let mut candidates: Vec<_> = terms.iter().filter_map(indexed_value).collect();
            let best = candidates.iter().position(|(attribute, _)| attribute.name == "value");
            (!candidates.is_empty()).then(|| candidates.swap_remove(best.unwrap_or_default()))
        }
        _ => None,
    }
}

/// The token of a string in a JSON attribute: its path and the string in lower case. The second value is false if the
/// token had to be truncated.
pub(super) fn search_token(segments: &[&str], text: &str) -> (String, bool) {
    let mut token = format!("{}={}", segments.join("."), text.to_lowercase());
    let is_complete = token.len() <= MAX_TOKEN_BYTES;
    if !is_complete {
        let end = (0..=MAX_TOKEN_BYTES).rev().find(|at| token.is_char_boundary(*at)).unwrap_or_default();
        token.truncate(end);
    }
    (token, is_complete)
}

/// The form in which email addresses are compared. Text that isn't an address is compared in lower case.
fn normalize_email(text: &str) -> String {
    EmailAddress::parse(text).map_or_else(|_| text.to_lowercase(), |address| address.normalized())
}

const fn sql_operator(operator: Operator) -> &'static str {
    match operator {
        Operator::NotEqual => " is distinct from ",
        Operator::Greater => " > ",
        Operator::GreaterOrEqual => " >= ",
        Operator::Less => " < ",
        Operator::LessOrEqual => " <= ",
        _ => " = ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_of_operators_matches_the_snapshot() {
        let filters = [
            "userName eq \"Blobby@Blobs.example\"",
            "userName ne \"blobby@blobs.example\"",
            "userName co \"blob\"",
            "userName sw \"bl\"",
            "userName ew \"100%\"",
            "userName gt \"m\"",
            "externalId eq \"00u1\"",
            "externalId pr",
            "id eq \"0199a1b0-0000-7000-8000-000000000001\"",
            "id ne \"not a UUID\"",
            "active eq true",
            "displayName eq \"Bob\"",
            "displayName ne \"Bob\"",
            "displayName pr",
            "title eq \"Guide\"",
            "title ne \"Guide\"",
            "title co \"Gui\"",
            "title ge \"Guide\"",
            "title le \"Guide\"",
            "title pr",
            "name.familyName eq \"Blob\"",
            "meta.lastModified ge \"2026-09-21T14:13:20Z\"",
            "meta.created lt \"2026-09-21T14:13:20Z\"",
            "emails[type eq \"work\" and value eq \"blobby@blobs.example\"]",
            "phoneNumbers[type eq \"work\"]",
            "groups.value eq \"0199a1b0-0000-7000-8000-000000000001\"",
            "not (title eq \"Guide\")",
            "title pr and (active eq true or displayName co \"bob\")",
        ];
        let sql = filters.map(|filter| {
            let mut statement = Statement::new(ResourceType::User, Uuid::nil());
            statement.push_filter(&Filter::parse(ResourceType::User, filter).unwrap());
            format!("{filter}\n    {}", statement.sql.into_string())
        });
        insta::assert_snapshot!("filters", sql.join("\n\n"));
    }
}
