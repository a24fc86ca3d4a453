//! Names of attributes, in any letter case, with or without their schema (RFC 7644, section 3.10).

use domain::scim::Path;
use domain::scim::schema::{Attribute, Resource, find};

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Attribute(Path),
    /// All of the extension.
    Extension(&'static Attribute),
}

/// What a name means for this kind of resource.
pub fn target(resource: Resource, name: &str) -> Option<Target> {
    if let Some(extension) = resource.extension() {
        if name.eq_ignore_ascii_case(extension.name) {
            return Some(Target::Extension(extension));
        }
        if let Some(rest) = behind(name, extension.name) {
            return path(extension.inside(), rest, true);
        }
    }
    match behind(name, resource.schema()) {
        Some(rest) => path(resource.attributes(), rest, false),
        None => path(resource.attributes(), name, false).or_else(|| path(resource.common(), name, false)),
    }
}

/// What stands behind a schema's name and its colon.
fn behind<'a>(name: &'a str, schema: &str) -> Option<&'a str> {
    let (before, rest) = name.split_at_checked(schema.len())?;
    before.eq_ignore_ascii_case(schema).then(|| rest.strip_prefix(':')).flatten()
}

fn path(attributes: &'static [Attribute], name: &str, extension: bool) -> Option<Target> {
    let (name, inside) = match name.split_once('.') {
        Some((name, inside)) => (name, Some(inside)),
        None => (name, None),
    };
    let attribute = find(attributes, name)?;
    let inside = match inside {
        Some(inside) => Some(attribute.find_inside(inside)?),
        None => None,
    };
    Some(Target::Attribute(Path { extension, attribute, inside }))
}

/// Whether it could be the name of an attribute, ours or not.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:$".contains(&b))
}
