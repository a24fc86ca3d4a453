//! A user, as SCIM has one.

use super::document::{self, Document};
use super::error::{Kind, Said};
use super::etag;
use super::projection::Projection;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::scim::schema::{ENTERPRISE, Resource, USER};
use domain::scim::{MAX_EXTERNAL_ID, ScimUser, UserUpdate};
use model::EmailAddress;
use serde_json::{Map, Value, json};

/// The resource, as it is told.
pub fn told(person: &ScimUser, base: &str, projection: &Projection) -> Value {
    let mut resource = writable(person);
    let mut schemas = vec![USER];
    if person.attributes.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    resource.insert("schemas".to_owned(), json!(schemas));
    resource.insert("id".to_owned(), json!(person.id));
    let group = |group: &model::permission::GroupName| {
        json!({
            "value": group.id,
            "$ref": format!("{base}/Groups/{}", group.id),
            "display": group.name,
            "type": "direct",
        })
    };
    resource.insert("groups".to_owned(), person.groups.iter().map(group).collect());
    let meta = meta(
        Resource::User,
        &person.id.to_string(),
        person.created_at,
        person.modified_at,
        &person.version(),
        base,
    );
    resource.insert("meta".to_owned(), meta);
    projection.apply(&mut resource);
    Value::Object(resource)
}

/// What is known of a resource itself (RFC 7643, section 3.1).
pub fn meta(
    resource: Resource,
    id: &str,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
    version: &str,
    base: &str,
) -> Value {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "resourceType": resource.name(),
        "created": time(created),
        "lastModified": time(modified),
        "location": format!("{base}/{}s/{id}", resource.name()),
        "version": etag::tag(version),
    })
}

/// The attributes that may be written, as they are.
pub fn writable(person: &ScimUser) -> Document {
    let mut document = person.attributes.clone();
    document.insert("userName".to_owned(), json!(person.email));
    document.insert("active".to_owned(), json!(person.active));
    if !person.name.is_empty() {
        document.insert("displayName".to_owned(), json!(person.name));
    }
    if let Some(id) = &person.external_id {
        document.insert("externalId".to_owned(), json!(id));
    }
    // Whoever has no addresses of a directory's has the one that we write to.
    document.entry("emails").or_insert_with(|| own_address(&person.email));
    document
}

fn own_address(email: &str) -> Value {
    json!([{ "value": email, "type": "work", "primary": true }])
}

/// What a document makes of a user; `before`: who is there already.
///
/// # Errors
/// An address that is none; an id of the directory that is too long.
pub fn form(mut document: Document, before: Option<&ScimUser>) -> Result<UserUpdate, Said> {
    let mut text = |name: &str| match document.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let user_name = text("userName").ok_or_else(|| Said::bad(Kind::InvalidValue, "userName is missing."))?;
    let email = EmailAddress::parse(&user_name).map_err(|why| {
        let detail = format!("userName is the mail address that the user signs in with. {why}");
        Said::bad(Kind::InvalidValue, detail)
    })?;
    let external_id = text("externalId");
    if external_id.as_ref().is_some_and(|id| id.chars().count() > MAX_EXTERNAL_ID) {
        let detail = format!("externalId: this is too long, {MAX_EXTERNAL_ID} characters at most.");
        return Err(Said::bad(Kind::InvalidValue, detail));
    }
    let display = text("displayName");
    let active = match document.remove("active") {
        Some(Value::Bool(active)) => active,
        _ => before.is_none_or(|person| person.active),
    };
    let own = |email: &str| document.get("emails") == Some(&own_address(email));
    if own(email.as_str()) || before.is_some_and(|person| own(&person.email)) {
        document.remove("emails");
    }
    let name = match shown_name(&document, display, before) {
        name if name.is_empty() => name,
        name => model::field::parse_name(&name)
            .map_err(|why| Said::bad(Kind::InvalidValue, format!("displayName: {why}")))?,
    };
    Ok(UserUpdate { email, name, active, external_id, attributes: document })
}

/// The name that others see: the one that is given for that, or what the parts of the name come to. What somebody is
/// called already stays, where neither says anything new.
fn shown_name(document: &Document, display: Option<String>, before: Option<&ScimUser>) -> String {
    let now = put_together(document);
    let Some(before) = before else { return display.or(now).unwrap_or_default() };
    match display {
        Some(display) if display != before.name => display,
        // It is as it was: then it goes with the parts, if it came from them.
        Some(_) | None => {
            let was = put_together(&before.attributes);
            let follows = was.as_ref() == Some(&before.name) || before.name.is_empty();
            now.filter(|now| follows && Some(now) != was.as_ref()).unwrap_or_else(|| before.name.clone())
        }
    }
}

fn put_together(attributes: &Map<String, Value>) -> Option<String> {
    let name = attributes.get("name")?;
    let part = |part: &str| name.get(part).and_then(Value::as_str).map(str::to_owned);
    let both = [part("givenName"), part("familyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(both).filter(|both| !both.is_empty()).or_else(|| part("formatted"))
}

/// Reads a whole resource, as it is made or replaced.
///
/// # Errors
/// As for [`form`], and values that are not of their kind.
pub fn read(raw: &Document, before: Option<&ScimUser>) -> Result<UserUpdate, Said> {
    form(document::read(Resource::User, raw)?, before)
}
