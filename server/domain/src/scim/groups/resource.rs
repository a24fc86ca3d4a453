//! The `Group` resource (RFC 7643, section 4.2).

use crate::scim::{GroupMember, ScimGroup, etag};
use chrono::{DateTime, Utc};
use scim::{Document, ETag, Resource, ResourceType};
use serde_json::json;

impl Resource for ScimGroup {
    const TYPE: ResourceType = ResourceType::Group;

    fn id(&self) -> String {
        self.id.to_string()
    }

    /// It also changes with the members.
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
        let mut document = Document::new();
        if let Some(id) = &self.external_id {
            document.insert("externalId".to_owned(), json!(id));
        }
        document.insert("displayName".to_owned(), json!(self.name));
        if let Some(members) = &self.members {
            let member = |member: &GroupMember| {
                json!({
                    "value": member.id,
                    "$ref": ResourceType::User.location(base_url, &member.id.to_string()),
                    "type": "User",
                    "display": member.display,
                })
            };
            document.insert("members".to_owned(), members.iter().map(member).collect());
        }
        document
    }
}
