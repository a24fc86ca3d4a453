//! Lists (RFC 7644, section 3.4.2): their parameters, in the query string or in the body of a search request, and the
//! `ListResponse`.

use super::attribute_path::{self, Target};
use super::document::Document;
use super::error::{ScimError, ScimType};
use super::projection::Projection;
use super::{json_response, parser, patch};
use axum::http::StatusCode;
use axum::response::Response;
use domain::scim::schema::ResourceType;
use domain::scim::{AttributePath, ListQuery, MAX_RESULTS};
use serde_json::{Value, json};

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

const DEFAULT_COUNT: i64 = 100;

/// The parameters of a list, before they are interpreted for a resource type.
#[derive(Clone, Debug, Default)]
pub struct ListParameters {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    /// 1-based.
    pub start_index: i64,
    count: i64,
    attributes: Vec<String>,
    excluded_attributes: Vec<String>,
}

impl ListParameters {
    /// Parses the query string of a GET request.
    ///
    /// # Errors
    /// `invalidValue` for an invalid number.
    pub fn from_query(query: &str) -> Result<Self, ScimError> {
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
    pub fn from_body(body: &Document) -> Result<Self, ScimError> {
        let text = |name: &str| match patch::find_field(body, name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        };
        let names = |name: &str| match patch::find_field(body, name) {
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
    pub fn list_query(&self, resource_type: ResourceType) -> Result<ListQuery, ScimError> {
        let sort_by =
            self.sort_by.as_deref().map(|name| sort_path(resource_type, name.trim())).transpose()?;
        let filter = self.filter.as_deref().map(|text| parser::parse_filter(resource_type, text));
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

    pub fn projection(&self, resource_type: ResourceType) -> Projection {
        let attributes = self.attributes.iter().map(String::as_str);
        Projection::new(resource_type, attributes, self.excluded_attributes.iter().map(String::as_str))
    }
}

fn sort_path(resource_type: ResourceType, name: &str) -> Result<AttributePath, ScimError> {
    match attribute_path::resolve(resource_type, name) {
        Some(Target::Attribute(path)) => Ok(path),
        Some(Target::Extension(_)) | None => {
            let detail = format!("sortBy: unknown attribute “{name}”.");
            Err(ScimError::bad_request(ScimType::InvalidValue, detail))
        }
    }
}

fn integer(body: &Document, name: &str) -> Result<Option<i64>, ScimError> {
    let number = match patch::find_field(body, name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    number.map(Some).ok_or_else(|| {
        ScimError::bad_request(ScimType::InvalidValue, format!("{name}: expected an integer."))
    })
}

/// A `ListResponse`.
pub fn list_response(total: i64, start_index: i64, resources: Vec<Value>) -> Response {
    let body = json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    json_response(StatusCode::OK, &body)
}
