//! The `User` resource as JSON (RFC 7643, section 4.1).

use super::document::{self, Document};
use super::error::{ScimError, ScimType};
use super::etag;
use super::projection::Projection;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::scim::schema::{ENTERPRISE, ResourceType, USER};
use domain::scim::{MAX_EXTERNAL_ID, ScimUser, UserUpdate};
use model::EmailAddress;
use model::permission::GroupName;
use serde_json::{Map, Value, json};

/// Converts a user to JSON.
pub fn to_json(user: &ScimUser, base_url: &str, projection: &Projection) -> Value {
    let mut resource = writable_attributes(user);
    let mut schemas = vec![USER];
    if user.attributes.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    resource.insert("schemas".to_owned(), json!(schemas));
    resource.insert("id".to_owned(), json!(user.id));
    let group = |group: &GroupName| {
        json!({
            "value": group.id,
            "$ref": format!("{base_url}/Groups/{}", group.id),
            "display": group.name,
            "type": "direct",
        })
    };
    resource.insert("groups".to_owned(), user.groups.iter().map(group).collect());
    let meta = meta(
        ResourceType::User,
        &user.id.to_string(),
        user.created_at,
        user.modified_at,
        &user.version(),
        base_url,
    );
    resource.insert("meta".to_owned(), meta);
    projection.apply(&mut resource);
    Value::Object(resource)
}

/// The attribute `meta` (RFC 7643, section 3.1).
pub fn meta(
    resource_type: ResourceType,
    id: &str,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
    version: &str,
    base_url: &str,
) -> Value {
    let date_time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "resourceType": resource_type.name(),
        "created": date_time(created),
        "lastModified": date_time(modified),
        "location": format!("{base_url}/{}s/{id}", resource_type.name()),
        "version": etag::format_etag(version),
    })
}

/// The current values of the attributes that a client can write.
pub fn writable_attributes(user: &ScimUser) -> Document {
    let mut document = user.attributes.clone();
    document.insert("userName".to_owned(), json!(user.email));
    document.insert("active".to_owned(), json!(user.active));
    if !user.name.is_empty() {
        document.insert("displayName".to_owned(), json!(user.name));
    }
    if let Some(id) = &user.external_id {
        document.insert("externalId".to_owned(), json!(id));
    }
    document.entry("emails").or_insert_with(|| default_emails(&user.email));
    document
}

/// The value of `emails` for a user whose client sent none.
fn default_emails(email: &str) -> Value {
    json!([{ "value": email, "type": "work", "primary": true }])
}

/// Converts normalized attributes to an update. `before` is the current user, or `None` for a new one.
///
/// # Errors
/// `invalidValue` for a missing or invalid `userName`, an invalid name, or an `externalId` that is too long.
pub fn to_update(mut document: Document, before: Option<&ScimUser>) -> Result<UserUpdate, ScimError> {
    let invalid_value = |detail: String| ScimError::bad_request(ScimType::InvalidValue, detail);
    let mut take_text = |name: &str| match document.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let user_name = take_text("userName").ok_or_else(|| invalid_value("userName is missing.".to_owned()))?;
    let email = EmailAddress::parse(&user_name).map_err(|why| {
        invalid_value(format!("userName must be the email address that the user signs in with. {why}"))
    })?;
    let external_id = take_text("externalId");
    if external_id.as_ref().is_some_and(|id| id.chars().count() > MAX_EXTERNAL_ID) {
        return Err(invalid_value(format!("externalId: too long, at most {MAX_EXTERNAL_ID} characters.")));
    }
    let requested_name = take_text("displayName");
    let active = match document.remove("active") {
        Some(Value::Bool(active)) => active,
        _ => before.is_none_or(|user| user.active),
    };
    // Clients send back what they read. The default isn't stored, so that it follows a changed userName.
    let is_default = |email: &str| document.get("emails") == Some(&default_emails(email));
    if is_default(email.as_str()) || before.is_some_and(|user| is_default(&user.email)) {
        document.remove("emails");
    }
    let name = match display_name(&document, requested_name, before) {
        // Stored names may predate a rule; they don't prevent other changes, such as deactivation.
        name if name.is_empty() || before.is_some_and(|user| user.name == name) => name,
        name => {
            model::field::parse_name(&name).map_err(|why| invalid_value(format!("displayName: {why}")))?
        }
    };
    Ok(UserUpdate { email, name, active, external_id, attributes: document })
}

/// The user's name: `displayName` if the client changed it, else `name` if that changed. Otherwise it stays, also if
/// the user has changed it here.
fn display_name(document: &Document, requested: Option<String>, before: Option<&ScimUser>) -> String {
    let full_name_after = full_name(document);
    let Some(before) = before else { return requested.or(full_name_after).unwrap_or_default() };
    match requested {
        Some(requested) if requested != before.name => requested,
        // `displayName` is unchanged. It follows `name` if it was derived from it.
        Some(_) | None => {
            let full_name_before = full_name(&before.attributes);
            let is_derived = full_name_before.as_ref() == Some(&before.name) || before.name.is_empty();
            full_name_after
                .filter(|name| is_derived && Some(name) != full_name_before.as_ref())
                .unwrap_or_else(|| before.name.clone())
        }
    }
}

/// The name that the attribute `name` amounts to.
fn full_name(attributes: &Map<String, Value>) -> Option<String> {
    let name = attributes.get("name")?;
    let part = |part: &str| name.get(part).and_then(Value::as_str).map(str::to_owned);
    let joined = [part("givenName"), part("familyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(joined).filter(|joined| !joined.is_empty()).or_else(|| part("formatted"))
}

/// Parses a `User` resource, for POST and PUT.
///
/// # Errors
/// As for [`to_update`], and `invalidValue` for a value of the wrong type.
pub fn from_json(raw: &Document, before: Option<&ScimUser>) -> Result<UserUpdate, ScimError> {
    to_update(document::parse(ResourceType::User, raw)?, before)
}
