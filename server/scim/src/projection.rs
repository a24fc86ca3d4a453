//! Which attributes a response contains: the `attributes` and `excludedAttributes` parameters (RFC 7644, section 3.9).

use crate::schema::ResourceType;
use crate::{Document, Target};
use serde_json::Value;

/// The attributes that the client requested.
#[derive(Clone, Debug, Default)]
pub enum Projection {
    /// All of them.
    #[default]
    All,
    /// These, and those that are always returned.
    Only(Vec<Segments>),
    /// All but these.
    Except(Vec<Segments>),
}

/// The keys that lead to an attribute in the resource's JSON; the schema's URN for the whole extension.
type Segments = Vec<&'static str>;

impl Projection {
    /// Parses the two parameters. `attributes` wins if both are given; unknown attributes are ignored.
    pub fn new<'a>(
        resource_type: ResourceType,
        attributes: impl Iterator<Item = &'a str>,
        excluded: impl Iterator<Item = &'a str>,
    ) -> Self {
        let parse = |paths: &mut dyn Iterator<Item = &'a str>| -> Option<Vec<Segments>> {
            let mut paths = paths.map(str::trim).filter(|path| !path.is_empty()).peekable();
            paths.peek()?;
            Some(paths.filter_map(|path| segments(resource_type, path)).collect())
        };
        let (mut attributes, mut excluded) = (attributes, excluded);
        match (parse(&mut attributes), parse(&mut excluded)) {
            (Some(attributes), _) => Self::Only(attributes),
            (None, Some(excluded)) => Self::Except(excluded),
            (None, None) => Self::All,
        }
    }

    /// Whether an attribute, or one of its sub-attributes, is returned.
    pub fn includes(&self, attribute: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(paths) => paths.iter().any(|path| path.first() == Some(&attribute)),
            Self::Except(paths) => !paths.iter().any(|path| **path == [attribute]),
        }
    }

    /// Removes what isn't returned. `id` and `schemas` always are.
    pub fn apply(&self, resource: &mut Document) {
        match self {
            Self::All => {}
            Self::Only(paths) => {
                let always = [vec!["schemas"], vec!["id"]];
                let paths: Vec<Segments> = paths.iter().cloned().chain(always).collect();
                retain(resource, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
            Self::Except(paths) => {
                for path in paths.iter().filter(|path| **path != ["id"]) {
                    remove(resource, path);
                }
            }
        }
    }
}

fn segments(resource_type: ResourceType, path: &str) -> Option<Segments> {
    Some(match Target::parse(resource_type, path)? {
        Target::Extension(extension) => vec![extension.name],
        Target::Attribute(path) => path.segments().collect(),
    })
}

fn retain(object: &mut Document, paths: &[&[&'static str]]) {
    object.retain(|key, value| {
        let inner: Vec<&[&'static str]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| *first == key)
            .map(|(_, rest)| rest)
            .collect();
        if inner.is_empty() {
            return false;
        }
        if !inner.iter().any(|rest| rest.is_empty()) {
            for_each_object(value, |object| retain(object, &inner));
        }
        true
    });
}

fn remove(object: &mut Document, path: &[&'static str]) {
    match path {
        [] => {}
        [last] => drop(object.remove(*last)),
        [first, rest @ ..] => {
            if let Some(value) = object.get_mut(*first) {
                for_each_object(value, |object| remove(object, rest));
            }
        }
    }
}

/// Calls `change` with the value of a complex attribute, or with each value of a multi-valued one.
fn for_each_object(value: &mut Value, mut change: impl FnMut(&mut Document)) {
    match value {
        Value::Object(object) => change(object),
        Value::Array(values) => values.iter_mut().filter_map(Value::as_object_mut).for_each(change),
        _ => {}
    }
}
