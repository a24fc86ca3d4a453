//! The `User` resource (RFC 7643, section 4.1): how its attributes follow from a user, and what it means to change them.

use super::UserUpdate;
use crate::scim::{ScimUser, etag};
use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::{EmailAddress, field};
use scim::patch::{self, Operation};
use scim::{Document, ETag, Error, Resource, ResourceType, ScimType, document};
use serde_json::{Value, json};

impl Resource for ScimUser {
    const TYPE: ResourceType = ResourceType::User;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> ETag {
        etag::version(self)
    }

    fn created(&self) -> DateTime<Utc> {
        self.created_at
    }

    fn last_modified(&self) -> DateTime<Utc> {
        self.modified_at
    }

    fn attributes(&self, base_url: &str) -> Document {
        let group = |group: &GroupName| {
            json!({
                "value": group.id,
                "$ref": ResourceType::Group.location(base_url, &group.id.to_string()),
                "display": group.name,
                "type": "direct",
            })
        };
        let mut document = self.writable_attributes();
        document.insert("groups".to_owned(), self.groups.iter().map(group).collect());
        document
    }
}

impl ScimUser {
    /// The current values of the attributes that a client can write.
    fn writable_attributes(&self) -> Document {
        let mut document = self.attributes.clone();
        document.insert("userName".to_owned(), json!(self.email));
        document.insert("active".to_owned(), json!(self.active));
        if !self.name.is_empty() {
            document.insert("displayName".to_owned(), json!(self.name));
        }
        if let Some(id) = &self.external_id {
            document.insert("externalId".to_owned(), json!(id));
        }
        document.entry("emails").or_insert_with(|| default_emails(&self.email));
        document
    }
}

impl UserUpdate {
    /// Parses a `User` resource, for POST and PUT. `before` is the current user, or `None` for a new one.
    ///
    /// # Errors
    /// `invalidValue` for a value of the wrong type, a missing or invalid `userName`, or an invalid name.
    pub fn from_document(raw: &Document, before: Option<&ScimUser>) -> Result<Self, Error> {
        let mut document = document::parse(ResourceType::User, raw)?;
        let mut take_text = |name: &str| match document.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let user_name = take_text("userName").ok_or_else(|| invalid_value("userName is missing."))?;
        let email = EmailAddress::parse(&user_name).map_err(|why| {
            invalid_value(format!("userName must be the email address that the user signs in with. {why}"))
        })?;
        let (external_id, requested_name) = (take_text("externalId"), take_text("displayName"));
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
            name => field::parse_name(&name).map_err(|why| invalid_value(format!("displayName: {why}")))?,
        };
        Ok(Self { email, name, active, external_id, attributes: document })
    }

    /// Applies the operations of a PATCH.
    ///
    /// # Errors
    /// As for [`patch::apply`] and [`from_document`](Self::from_document).
    pub fn from_operations(operations: &[Operation], before: &ScimUser) -> Result<Self, Error> {
        let mut document = before.writable_attributes();
        patch::apply(ResourceType::User, &mut document, operations)?;
        Self::from_document(&document, Some(before))
    }
}

fn invalid_value(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidValue, detail)
}

/// The value of `emails` for a user whose client sent none.
fn default_emails(email: &str) -> Value {
    json!([{ "value": email, "type": "work", "primary": true }])
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
fn full_name(attributes: &Document) -> Option<String> {
    let name = attributes.get("name")?;
    let part = |part: &str| name.get(part).and_then(Value::as_str).map(str::to_owned);
    let joined = [part("givenName"), part("familyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(joined).filter(|joined| !joined.is_empty()).or_else(|| part("formatted"))
}
