//! Attribute paths as text: in any letter case, with or without their schema's URN (RFC 7644, section 3.10).

use domain::scim::AttributePath;
use domain::scim::schema::{Attribute, ResourceType, find_attribute};

/// What a path refers to.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Attribute(AttributePath),
    /// The schema extension as a whole.
    Extension(&'static Attribute),
}

/// Resolves an attribute path. Returns `None` for an attribute that the resource type doesn't have.
pub fn resolve(resource_type: ResourceType, path: &str) -> Option<Target> {
    if let Some(extension) = resource_type.extension() {
        if path.eq_ignore_ascii_case(extension.name) {
            return Some(Target::Extension(extension));
        }
        if let Some(path) = strip_schema(path, extension.name) {
            return resolve_in(extension.sub_attributes(), path, true);
        }
    }
    match strip_schema(path, resource_type.schema()) {
        Some(path) => resolve_in(resource_type.attributes(), path, false),
        None => resolve_in(resource_type.attributes(), path, false)
            .or_else(|| resolve_in(resource_type.common_attributes(), path, false)),
    }
}

/// Removes a schema's URN and the colon after it.
fn strip_schema<'a>(path: &'a str, schema: &str) -> Option<&'a str> {
    let (urn, rest) = path.split_at_checked(schema.len())?;
    urn.eq_ignore_ascii_case(schema).then(|| rest.strip_prefix(':')).flatten()
}

fn resolve_in(attributes: &'static [Attribute], path: &str, in_extension: bool) -> Option<Target> {
    let (name, sub_attribute) = match path.split_once('.') {
        Some((name, sub_attribute)) => (name, Some(sub_attribute)),
        None => (path, None),
    };
    let attribute = find_attribute(attributes, name)?;
    let sub_attribute = match sub_attribute {
        Some(name) => Some(attribute.find_sub_attribute(name)?),
        None => None,
    };
    Some(Target::Attribute(AttributePath { in_extension, attribute, sub_attribute }))
}

/// Whether the text is a well-formed attribute path, known or not.
pub fn is_attribute_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:$".contains(&b))
}
