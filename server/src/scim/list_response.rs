//! Lists (RFC 7644, section 3.4.2): what is asked in the address, or in a body that is posted.

use super::answer;
use super::attribute_path::{self, Target};
use super::document::Document;
use super::error::{Kind, Said};
use super::projection::Projection;
use super::{parser, patch};
use axum::http::StatusCode;
use axum::response::Response;
use domain::scim::schema::Resource;
use domain::scim::{ListQuery, MAX_COUNT};
use serde_json::{Value, json};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// How many resources are told where no number is named.
const COUNT_USUAL: i64 = 100;

/// The parameters as they came.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    pub start: i64,
    pub count: i64,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

impl Parameters {
    /// From the address.
    ///
    /// # Errors
    /// A number that is none.
    pub fn of_query(query: &str) -> Result<Self, Said> {
        let mut body = Document::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            body.insert(name.into_owned(), Value::String(value.into_owned()));
        }
        Self::of_body(&body)
    }

    /// From a body (RFC 7644, section 3.4.3).
    ///
    /// # Errors
    /// A number that is none.
    pub fn of_body(body: &Document) -> Result<Self, Said> {
        let text = |name: &str| match patch::field(body, name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        };
        let names = |name: &str| match patch::field(body, name) {
            Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
            Some(Value::Array(list)) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        let order = text("sortOrder").unwrap_or_default();
        Ok(Self {
            filter: text("filter"),
            sort_by: text("sortBy"),
            descending: order.eq_ignore_ascii_case("descending"),
            // Less than the first is the first, less than none is none (RFC 7644, table 6).
            start: number(body, "startIndex")?.unwrap_or(1).max(1),
            count: number(body, "count")?.unwrap_or(COUNT_USUAL).clamp(0, MAX_COUNT),
            attributes: names("attributes"),
            excluded: names("excludedAttributes"),
        })
    }

    /// What is asked of one kind of resource.
    ///
    /// # Errors
    /// A filter that can't be read; an order by what is no attribute.
    pub fn question(&self, resource: Resource) -> Result<ListQuery, Said> {
        let sort = self.sort_by.as_deref().map(|name| match attribute_path::target(resource, name.trim()) {
            Some(Target::Attribute(path)) => Ok(path),
            _ => Err(Said::bad(Kind::InvalidValue, format!("sortBy: there is no attribute “{name}” here."))),
        });
        let sort = sort.transpose()?;
        Ok(ListQuery {
            filter: self.filter.as_deref().map(|text| parser::filter(resource, text)).transpose()?,
            sort,
            descending: self.descending,
            start: self.start,
            count: self.count,
            words: format!("{} {:?} {:?} {}", resource.name(), self.filter, self.sort_by, self.descending),
        })
    }

    pub fn projection(&self, resource: Resource) -> Projection {
        let attributes = self.attributes.iter().map(String::as_str);
        Projection::new(resource, attributes, self.excluded.iter().map(String::as_str))
    }
}

fn number(body: &Document, name: &str) -> Result<Option<i64>, Said> {
    let read = match patch::field(body, name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    read.map(Some)
        .ok_or_else(|| Said::bad(Kind::InvalidValue, format!("{name}: a whole number was expected.")))
}

/// A list as it is told.
pub fn told(total: i64, start: i64, resources: Vec<Value>) -> Response {
    let body = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, &body)
}
