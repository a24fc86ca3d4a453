//! What this service can do (RFC 7644, section 4), for whoever has any key of the organization.

use super::error::Said;
use super::parser::MAX_LENGTH;
use super::request::Calling;
use super::{answer, list_response};
use axum::http::StatusCode;
use axum::response::Response;
use domain::scim::MAX_COUNT;
use domain::scim::schema::{Attribute, ENTERPRISE, GROUP, Kind, Resource, USER};
use serde_json::{Map, Value, json};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

pub async fn service_provider_config(Calling { door, asked }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        let config = json!({
            "schemas": [CONFIG],
            "patch": { "supported": true },
            "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": MAX_COUNT },
            "changePassword": { "supported": false },
            "sort": { "supported": true },
            "etag": { "supported": true },
            "authenticationSchemes": [{
                "type": "oauthbearertoken",
                "name": "API key",
                "description": format!(
                    "An API key of the organization in the Authorization header, as a bearer token. Filters and \
                     paths have {MAX_LENGTH} bytes at most."
                ),
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": true,
            }],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": format!("{}/ServiceProviderConfig", asked.base),
            },
        });
        Ok(answer(StatusCode::OK, &config))
    };
    door.tell(done.await)
}

pub async fn resource_types(Calling { door, asked }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        refuse_filter(&asked.query)?;
        let types = [Resource::User, Resource::Group].map(|one| resource_type_of(one, &asked.base));
        Ok(list_response::told(2, 1, types.to_vec()))
    };
    door.tell(done.await)
}

pub async fn resource_type(Calling { door, asked }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        let found = [Resource::User, Resource::Group].into_iter().find(|one| one.name() == asked.id);
        let found = found.ok_or_else(Said::not_found)?;
        Ok(answer(StatusCode::OK, &resource_type_of(found, &asked.base)))
    };
    door.tell(done.await)
}

pub async fn schemas(Calling { door, asked }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        refuse_filter(&asked.query)?;
        let schemas = [USER, ENTERPRISE, GROUP].map(|name| schema_of(name, &asked.base));
        Ok(list_response::told(3, 1, schemas.into_iter().flatten().collect()))
    };
    door.tell(done.await)
}

pub async fn schema(Calling { door, asked }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        let schema = schema_of(&asked.id, &asked.base).ok_or_else(Said::not_found)?;
        Ok(answer(StatusCode::OK, &schema))
    };
    door.tell(done.await)
}

/// A key is nobody (RFC 7644, section 3.11).
pub async fn me(Calling { door, .. }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        Err(Said::new(StatusCode::NOT_IMPLEMENTED, None, "An API key stands for no user.").into())
    };
    door.tell(done.await)
}

pub async fn bulk(Calling { door, .. }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        Err(Said::new(StatusCode::NOT_IMPLEMENTED, None, "Bulk operations are not offered.").into())
    };
    door.tell(done.await)
}

pub async fn nothing(Calling { door, .. }: Calling) -> Response {
    let done = async {
        door.open(None).await?;
        Err(Said::not_found().into())
    };
    door.tell(done.await)
}

/// RFC 7644, section 4.
fn refuse_filter(query: &str) -> Result<(), Said> {
    let asks = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case("filter"));
    let refused = || Said::new(StatusCode::FORBIDDEN, None, "This list can't be filtered.");
    if asks { Err(refused()) } else { Ok(()) }
}

fn resource_type_of(resource: Resource, base: &str) -> Value {
    let name = resource.name();
    let mut told = json!({
        "schemas": [TYPE],
        "id": name,
        "name": name,
        "description": if resource == Resource::User { "People of the organization." } else { "People together." },
        "endpoint": format!("/{name}s"),
        "schema": resource.schema(),
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") },
    });
    if let Some(extension) = resource.extension() {
        told["schemaExtensions"] = json!([{ "schema": extension.name, "required": false }]);
    }
    told
}

fn schema_of(name: &str, base: &str) -> Option<Value> {
    let (id, title, about, attributes) = if name.eq_ignore_ascii_case(ENTERPRISE) {
        let extension = Resource::User.extension()?;
        (ENTERPRISE, "EnterpriseUser", extension.about, extension.inside())
    } else {
        let resource = [Resource::User, Resource::Group].into_iter();
        let resource = resource.clone().find(|one| one.schema().eq_ignore_ascii_case(name))?;
        let about = if resource == Resource::User { "A user." } else { "A group." };
        (resource.schema(), resource.name(), about, resource.attributes())
    };
    Some(json!({
        "schemas": [SCHEMA],
        "id": id,
        "name": title,
        "description": about,
        "attributes": attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
    }))
}

/// RFC 7643, section 7.
fn attribute(attribute: &'static Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Moment => "dateTime",
        Kind::Reference => "reference",
        Kind::Complex(_) => "complex",
    };
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    put("name", json!(attribute.name));
    put("type", json!(kind));
    put("multiValued", json!(attribute.many));
    put("description", json!(attribute.about));
    put("required", json!(attribute.required));
    put("mutability", json!(if attribute.writable { "readWrite" } else { "readOnly" }));
    put("returned", json!("default"));
    if !matches!(attribute.kind, Kind::Complex(_) | Kind::Flag) {
        put("caseExact", json!(attribute.case_exact));
        put("uniqueness", json!(if attribute.unique { "server" } else { "none" }));
    }
    if !attribute.usual.is_empty() {
        put("canonicalValues", json!(attribute.usual));
    }
    match attribute.kind {
        Kind::Complex(inside) => {
            put("subAttributes", inside.iter().map(self::attribute).collect());
        }
        Kind::Reference => put("referenceTypes", json!(references(attribute.name))),
        _ => {}
    }
    Value::Object(told)
}

fn references(name: &str) -> &'static [&'static str] {
    if name == "$ref" { &["User", "Group"] } else { &["external"] }
}
