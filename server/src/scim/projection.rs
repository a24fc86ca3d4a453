//! Which attributes are told (RFC 7644, section 3.9).

use super::attribute_path::{self, Target};
use domain::scim::schema::Resource;
use serde_json::{Map, Value};

/// What the one who asks wants to see.
#[derive(Clone, Debug, Default)]
pub enum Projection {
    #[default]
    All,
    Only(Vec<Name>),
    Without(Vec<Name>),
}

/// An attribute's names from the resource on; all in one, where it is the extension's.
type Name = Vec<&'static str>;

impl Projection {
    /// Reads the two parameters; where both are there, the one that names what is wanted counts. Names that mean nothing
    /// are left out.
    pub fn new<'a>(
        resource: Resource,
        attributes: impl Iterator<Item = &'a str>,
        excluded: impl Iterator<Item = &'a str>,
    ) -> Self {
        let read = |words: &mut dyn Iterator<Item = &'a str>| -> Option<Vec<Name>> {
            let mut words = words.filter(|word| !word.trim().is_empty()).peekable();
            words.peek()?;
            Some(words.filter_map(|word| name(resource, word.trim())).collect())
        };
        let (mut attributes, mut excluded) = (attributes, excluded);
        match (read(&mut attributes), read(&mut excluded)) {
            (Some(only), _) => Self::Only(only),
            (None, Some(without)) => Self::Without(without),
            (None, None) => Self::All,
        }
    }

    /// Whether an attribute, or a part of it, is told.
    pub fn tells(&self, attribute: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|name| name.first() == Some(&attribute)),
            Self::Without(names) => !names.iter().any(|name| **name == [attribute]),
        }
    }

    /// Leaves out what is not told. The id and the schemas always are.
    pub fn apply(&self, resource: &mut Map<String, Value>) {
        match self {
            Self::All => {}
            Self::Only(names) => {
                let always = [vec!["schemas"], vec!["id"]];
                let names: Vec<Name> = names.iter().cloned().chain(always).collect();
                keep(resource, &names.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
            Self::Without(names) => {
                for name in names.iter().filter(|name| **name != ["id"]) {
                    remove(resource, name);
                }
            }
        }
    }
}

fn name(resource: Resource, word: &str) -> Option<Name> {
    Some(match attribute_path::target(resource, word)? {
        Target::Extension(extension) => vec![extension.name],
        Target::Attribute(path) => {
            let extension = resource.extension().filter(|_| path.extension).map(|extension| extension.name);
            let inside = path.inside.map(|inside| inside.name);
            extension.into_iter().chain([path.attribute.name]).chain(inside).collect()
        }
    })
}

fn keep(object: &mut Map<String, Value>, names: &[&[&'static str]]) {
    object.retain(|key, value| {
        let deeper: Vec<&[&'static str]> = names
            .iter()
            .filter_map(|name| name.split_first())
            .filter(|(first, _)| *first == key)
            .map(|(_, rest)| rest)
            .collect();
        if deeper.is_empty() {
            return false;
        }
        if !deeper.iter().any(|rest| rest.is_empty()) {
            each(value, |inside| keep(inside, &deeper));
        }
        true
    });
}

fn remove(object: &mut Map<String, Value>, name: &[&'static str]) {
    match name {
        [] => {}
        [last] => drop(object.remove(*last)),
        [first, rest @ ..] => {
            if let Some(value) = object.get_mut(*first) {
                each(value, |inside| remove(inside, rest));
            }
        }
    }
}

/// The object, or each of several.
fn each(value: &mut Value, mut change: impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => change(object),
        Value::Array(values) => values.iter_mut().filter_map(Value::as_object_mut).for_each(change),
        _ => {}
    }
}
