//! Resources as they are returned (RFC 7643, section 3).

use crate::{Document, ETag, Projection, ResourceType};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// A user or a group of the service.
pub trait Resource {
    /// The type of the resource.
    const TYPE: ResourceType;

    /// The id, unique among the resources of the type.
    fn id(&self) -> String;

    /// The version, which changes whenever an attribute does.
    fn version(&self) -> ETag;

    /// `meta.created`.
    fn created(&self) -> DateTime<Utc>;

    /// `meta.lastModified`.
    fn last_modified(&self) -> DateTime<Utc>;

    /// All attributes except `schemas`, `id` and `meta`. References are below `base_url`.
    fn attributes(&self, base_url: &str) -> Document;

    /// The URL of the resource. `base_url` is that of the service, without a slash at the end.
    fn location(&self, base_url: &str) -> String {
        Self::TYPE.location(base_url, &self.id())
    }

    /// The resource as JSON, with the attributes that the client requested.
    fn to_json(&self, base_url: &str, projection: &Projection) -> Value {
        let date_time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut resource = self.attributes(base_url);
        let extension = Self::TYPE.extension().map(|extension| extension.name);
        let extension = extension.filter(|urn| resource.contains_key(*urn));
        let schemas: Vec<&str> = [Self::TYPE.schema()].into_iter().chain(extension).collect();
        resource.insert("schemas".to_owned(), json!(schemas));
        resource.insert("id".to_owned(), json!(self.id()));
        let meta = json!({
            "resourceType": Self::TYPE.name(),
            "created": date_time(self.created()),
            "lastModified": date_time(self.last_modified()),
            "location": self.location(base_url),
            "version": self.version().to_string(),
        });
        resource.insert("meta".to_owned(), meta);
        projection.apply(&mut resource);
        Value::Object(resource)
    }
}
