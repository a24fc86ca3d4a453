//! Attribute paths (RFC 7644, section 3.10): in any letter case, with or without their schema's URN.

use crate::schema::{Attribute, ResourceType, find_attribute};
use std::fmt;

/// An attribute path: an attribute, or one of its sub-attributes.
///
/// ```
/// use scim::{AttributePath, ResourceType};
///
/// let path = AttributePath::parse(ResourceType::User, "NAME.givenname").unwrap();
/// assert_eq!(path.leaf().name, "givenName");
/// assert_eq!(path.to_string(), "name.givenName");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AttributePath {
    /// The schema extension that the attribute belongs to; `None` for the core schema and the common attributes.
    pub extension: Option<&'static Attribute>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The attribute within a complex attribute.
    pub sub_attribute: Option<&'static Attribute>,
}

/// What the text of a path refers to.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// An attribute or a sub-attribute.
    Attribute(AttributePath),
    /// The schema extension as a whole.
    Extension(&'static Attribute),
}

impl AttributePath {
    /// Parses a path. Returns `None` for an attribute that the resource type doesn't have, and for a whole schema.
    pub fn parse(resource_type: ResourceType, text: &str) -> Option<Self> {
        match Target::parse(resource_type, text)? {
            Target::Attribute(path) => Some(path),
            Target::Extension(_) => None,
        }
    }

    /// The last attribute of the path.
    pub const fn leaf(self) -> &'static Attribute {
        match self.sub_attribute {
            Some(sub_attribute) => sub_attribute,
            None => self.attribute,
        }
    }

    /// The keys that lead to the value in a resource's JSON.
    pub fn segments(self) -> impl Iterator<Item = &'static str> {
        let attributes = [self.extension, Some(self.attribute), self.sub_attribute];
        attributes.into_iter().flatten().map(|attribute| attribute.name)
    }
}

/// The path in the letter case of the schema. An attribute of the extension has the schema's URN.
impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(extension) = self.extension {
            write!(f, "{}:", extension.name)?;
        }
        f.write_str(self.attribute.name)?;
        self.sub_attribute.map_or(Ok(()), |sub_attribute| write!(f, ".{}", sub_attribute.name))
    }
}

impl Target {
    /// Parses a path. Returns `None` for an attribute that the resource type doesn't have.
    pub fn parse(resource_type: ResourceType, text: &str) -> Option<Self> {
        if let Some(extension) = resource_type.extension() {
            if text.eq_ignore_ascii_case(extension.name) {
                return Some(Self::Extension(extension));
            }
            if let Some(text) = strip_schema(text, extension.name) {
                return find(extension.sub_attributes(), text, Some(extension)).map(Self::Attribute);
            }
        }
        let path = match strip_schema(text, resource_type.schema()) {
            Some(text) => find(resource_type.attributes(), text, None),
            None => find(resource_type.attributes(), text, None)
                .or_else(|| find(resource_type.common_attributes(), text, None)),
        };
        path.map(Self::Attribute)
    }
}

/// Removes a schema's URN and the colon after it.
fn strip_schema<'a>(text: &'a str, schema: &str) -> Option<&'a str> {
    let (urn, rest) = text.split_at_checked(schema.len())?;
    urn.eq_ignore_ascii_case(schema).then(|| rest.strip_prefix(':')).flatten()
}

fn find(
    attributes: &'static [Attribute],
    text: &str,
    extension: Option<&'static Attribute>,
) -> Option<AttributePath> {
    let (name, sub_attribute) = match text.split_once('.') {
        Some((name, sub_attribute)) => (name, Some(sub_attribute)),
        None => (text, None),
    };
    let attribute = find_attribute(attributes, name)?;
    let sub_attribute = match sub_attribute {
        Some(name) => Some(attribute.find_sub_attribute(name)?),
        None => None,
    };
    Some(AttributePath { extension, attribute, sub_attribute })
}

/// Whether the text is a well-formed attribute path, known or not.
pub(crate) fn is_attribute_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:$".contains(&b))
}
