//! Lists (RFC 7644, section 3.4.2): their parameters, in the query string or in the body of a search request, and the
//! `ListResponse`.

use crate::document::{Document, find_field};
use crate::schema::ResourceType;
use crate::{AttributePath, Error, Filter, Projection, ScimType};
use serde_json::{Value, json};

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The most resources in one page; announced to clients as `filter.maxResults`.
pub const MAX_RESULTS: i64 = 200;

const DEFAULT_COUNT: i64 = 100;

/// The parameters of a list, before they are interpreted for a resource type.
#[derive(Clone, Debug, Default)]
pub struct ListParameters {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    /// The position of the page's first resource in the list, 1-based.
    pub start_index: i64,
    count: i64,
    attributes: Vec<String>,
    excluded_attributes: Vec<String>,
}

/// The parameters of a list of one resource type.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Which resources are listed.
    pub filter: Option<Filter>,
    /// `None` lists in the order of creation.
    pub sort_by: Option<AttributePath>,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The position of the page's first resource in the list, 1-based.
    pub start_index: i64,
    /// The most resources in the page.
    pub count: i64,
    /// Identifies the list of which this is a page: resource type, filter and sort order as the client sent them.
    pub cache_key: String,
}

impl ListParameters {
    /// Parses the query string of a GET request.
    ///
    /// # Errors
    /// `invalidValue` for an invalid number.
    pub fn from_query(query: &str) -> Result<Self, Error> {
        let mut body = Document::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            body.insert(name.into_owned(), Value::String(value.into_owned()));
        }
        Self::from_body(&body)
    }

    /// Parses a `SearchRequest` (RFC 7644, section 3.4.3).
    ///
    /// # Errors
    /// As for [`from_query`](Self::from_query).
    pub fn from_body(body: &Document) -> Result<Self, Error> {
        let text = |name: &str| match find_field(body, name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        };
        let names = |name: &str| match find_field(body, name) {
            Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
            Some(Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        let sort_order = text("sortOrder").unwrap_or_default();
        Ok(Self {
            filter: text("filter"),
            sort_by: text("sortBy"),
            descending: sort_order.eq_ignore_ascii_case("descending"),
            // A start index below 1 counts as 1, a negative count as 0 (RFC 7644, table 6).
            start_index: integer(body, "startIndex")?.unwrap_or(1).max(1),
            count: integer(body, "count")?.unwrap_or(DEFAULT_COUNT).clamp(0, MAX_RESULTS),
            attributes: names("attributes"),
            excluded_attributes: names("excludedAttributes"),
        })
    }

    /// Interprets filter and sort order for a resource type.
    ///
    /// # Errors
    /// `invalidFilter`; `invalidValue` for an unknown sort attribute.
    pub fn list_query(&self, resource_type: ResourceType) -> Result<ListQuery, Error> {
        let sort_by =
            self.sort_by.as_deref().map(|name| sort_path(resource_type, name.trim())).transpose()?;
        let filter = self.filter.as_deref().map(|text| Filter::parse(resource_type, text));
        Ok(ListQuery {
            filter: filter.transpose()?,
            sort_by,
            descending: self.descending,
            start_index: self.start_index,
            count: self.count,
            cache_key: format!(
                "{} {:?} {:?} {}",
                resource_type.name(),
                self.filter,
                self.sort_by,
                self.descending
            ),
        })
    }

    /// The attributes that the client requested.
    pub fn projection(&self, resource_type: ResourceType) -> Projection {
        let attributes = self.attributes.iter().map(String::as_str);
        Projection::new(resource_type, attributes, self.excluded_attributes.iter().map(String::as_str))
    }
}

fn sort_path(resource_type: ResourceType, name: &str) -> Result<AttributePath, Error> {
    AttributePath::parse(resource_type, name).ok_or_else(|| {
        Error::bad_request(ScimType::InvalidValue, format!("sortBy: unknown attribute “{name}”."))
    })
}

fn integer(body: &Document, name: &str) -> Result<Option<i64>, Error> {
    let number = match find_field(body, name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    number
        .map(Some)
        .ok_or_else(|| Error::bad_request(ScimType::InvalidValue, format!("{name}: expected an integer.")))
}

/// A `ListResponse`: one page of a list with `total` resources.
pub fn list_response(total: i64, start_index: i64, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}
