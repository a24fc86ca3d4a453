//! The discovery documents (RFC 7644, section 4; RFC 7643, sections 5 to 7).

use crate::list::{MAX_RESULTS, list_response};
use crate::parser::MAX_LENGTH;
use crate::schema::{Attribute, DataType, ENTERPRISE, GROUP, Mutability, ResourceType, USER, Uniqueness};
use crate::{Document, Error};
use http::StatusCode;
use serde_json::{Value, json};

const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// `/ServiceProviderConfig`: what the service supports. `base_url` is that of the service, without a slash at the end.
pub fn service_provider_config(base_url: &str) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_RESULTS },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API key",
            "description": format!(
                "Authentication with an API key as a bearer token. Filters and paths are limited to {MAX_LENGTH} bytes."
            ),
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// `/ResourceTypes`.
pub fn resource_types(base_url: &str) -> Value {
    let resource_types = ResourceType::ALL.map(|resource_type| resource_type_json(resource_type, base_url));
    list_response(2, 1, resource_types.to_vec())
}

/// `/ResourceTypes/{name}`.
///
/// # Errors
/// 404.
pub fn resource_type(name: &str, base_url: &str) -> Result<Value, Error> {
    let resource_type = ResourceType::ALL.into_iter().find(|candidate| candidate.name() == name);
    resource_type
        .map(|resource_type| resource_type_json(resource_type, base_url))
        .ok_or_else(Error::not_found)
}

/// `/Schemas`.
pub fn schemas(base_url: &str) -> Value {
    let schemas = [USER, ENTERPRISE, GROUP].map(|urn| schema_json(urn, base_url));
    list_response(3, 1, schemas.into_iter().flatten().collect())
}

/// `/Schemas/{urn}`.
///
/// # Errors
/// 404.
pub fn schema(urn: &str, base_url: &str) -> Result<Value, Error> {
    schema_json(urn, base_url).ok_or_else(Error::not_found)
}

/// Rejects a query string with a filter: the lists of resource types and schemas can't be filtered.
///
/// # Errors
/// 403, as RFC 7644, section 4, requires.
pub fn reject_filter(query: &str) -> Result<(), Error> {
    let has_filter =
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case("filter"));
    if has_filter {
        return Err(Error::new(StatusCode::FORBIDDEN, None, "This list can't be filtered."));
    }
    Ok(())
}

fn resource_type_json(resource_type: ResourceType, base_url: &str) -> Value {
    let name = resource_type.name();
    let description = match resource_type {
        ResourceType::User => "A user of the organization.",
        ResourceType::Group => "A group of users.",
    };
    let mut json = json!({
        "schemas": [RESOURCE_TYPE],
        "id": name,
        "name": name,
        "description": description,
        "endpoint": format!("/{name}s"),
        "schema": resource_type.schema(),
        "meta": { "resourceType": "ResourceType", "location": format!("{base_url}/ResourceTypes/{name}") },
    });
    if let Some(extension) = resource_type.extension() {
        json["schemaExtensions"] = json!([{ "schema": extension.name, "required": false }]);
    }
    json
}

fn schema_json(urn: &str, base_url: &str) -> Option<Value> {
    let (id, name, description, attributes) = if urn.eq_ignore_ascii_case(ENTERPRISE) {
        let extension = ResourceType::User.extension()?;
        (ENTERPRISE, "EnterpriseUser", extension.description, extension.sub_attributes())
    } else {
        let resource_type =
            ResourceType::ALL.into_iter().find(|candidate| candidate.schema().eq_ignore_ascii_case(urn))?;
        let description = match resource_type {
            ResourceType::User => "User account.",
            ResourceType::Group => "Group.",
        };
        (resource_type.schema(), resource_type.name(), description, resource_type.attributes())
    };
    Some(json!({
        "schemas": [SCHEMA],
        "id": id,
        "name": name,
        "description": description,
        "attributes": attributes.iter().map(attribute_json).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base_url}/Schemas/{id}") },
    }))
}

/// The definition of an attribute (RFC 7643, section 7).
fn attribute_json(attribute: &'static Attribute) -> Value {
    let data_type = match attribute.data_type {
        DataType::String => "string",
        DataType::Boolean => "boolean",
        DataType::DateTime => "dateTime",
        DataType::Reference => "reference",
        DataType::Complex(_) => "complex",
    };
    let mut json = Document::new();
    let mut put = |name: &str, value: Value| drop(json.insert(name.to_owned(), value));
    put("name", json!(attribute.name));
    put("type", json!(data_type));
    put("multiValued", json!(attribute.multi_valued));
    put("description", json!(attribute.description));
    put("required", json!(attribute.required));
    let mutability = match attribute.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
    };
    put("mutability", json!(mutability));
    put("returned", json!("default"));
    if !matches!(attribute.data_type, DataType::Complex(_) | DataType::Boolean) {
        put("caseExact", json!(attribute.case_exact));
        let uniqueness = match attribute.uniqueness {
            Uniqueness::None => "none",
            Uniqueness::Server => "server",
        };
        put("uniqueness", json!(uniqueness));
    }
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", json!(attribute.canonical_values));
    }
    match attribute.data_type {
        DataType::Complex(sub_attributes) => {
            put("subAttributes", sub_attributes.iter().map(attribute_json).collect());
        }
        DataType::Reference => put("referenceTypes", json!(reference_types(attribute.name))),
        _ => {}
    }
    Value::Object(json)
}

fn reference_types(name: &str) -> &'static [&'static str] {
    if name == "$ref" { &["User", "Group"] } else { &["external"] }
}
