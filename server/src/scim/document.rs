//! Resources as they come: every attribute by the schema's own name and of the schema's kind; unknown and read-only ones
//! are left out (RFC 7644, sections 3.3 and 3.5.1).

use super::attribute_path::{self, Target};
use super::error::{Kind as Wrong, Said};
use domain::scim::Path;
use domain::scim::schema::{Attribute, Kind, Resource};
use serde_json::{Map, Value};

/// The longest text of one attribute, in characters.
pub const MAX_TEXT: usize = 1_000;

/// How many values one attribute may have.
pub const MAX_VALUES: usize = 100;

/// A resource with the attributes that may be written.
pub type Document = Map<String, Value>;

/// Reads a whole resource.
///
/// # Errors
/// A value that is not of its attribute's kind, or too long.
pub fn read(resource: Resource, raw: &Document) -> Result<Document, Said> {
    let mut document = Document::new();
    for (name, value) in raw {
        put(resource, &mut document, name, value)?;
    }
    Ok(document)
}

/// Puts one attribute into a document, by whatever of its names.
///
/// # Errors
/// As for [`read`].
pub fn put(resource: Resource, document: &mut Document, name: &str, value: &Value) -> Result<(), Said> {
    match attribute_path::target(resource, name) {
        // Nothing of ours.
        None => Ok(()),
        Some(Target::Extension(extension)) => {
            let fields = value.as_object().cloned().unwrap_or_default();
            for (inside, value) in &fields {
                put(resource, document, &format!("{}:{inside}", extension.name), value)?;
            }
            Ok(())
        }
        Some(Target::Attribute(path)) => put_at(resource, document, path, value),
    }
}

/// Puts a value where a path leads. What is null, empty or of no use is taken out.
///
/// # Errors
/// As for [`read`].
pub fn put_at(resource: Resource, document: &mut Document, path: Path, value: &Value) -> Result<(), Said> {
    if !path.attribute.writable || !path.end().writable {
        return Ok(());
    }
    let value = coerced(path.end(), value)?;
    within(resource, document, path.extension, |holder| {
        let Some(inside) = path.inside else { return set(holder, path.attribute, value) };
        if path.attribute.many {
            // A part of several values is that of all of them.
            if let Some(Value::Array(values)) = holder.get_mut(path.attribute.name) {
                for one in values.iter_mut().filter_map(Value::as_object_mut) {
                    set(one, inside, value.clone());
                }
            }
            return;
        }
        let mut parts = match holder.remove(path.attribute.name) {
            Some(Value::Object(parts)) => parts,
            _ => Document::new(),
        };
        set(&mut parts, inside, value);
        if !parts.is_empty() {
            holder.insert(path.attribute.name.to_owned(), Value::Object(parts));
        }
    });
    Ok(())
}

/// Does something where an attribute stands: in the document, or in its extension.
pub fn within<T>(
    resource: Resource,
    document: &mut Document,
    extension: bool,
    change: impl FnOnce(&mut Document) -> T,
) -> T {
    let Some(extension) = resource.extension().filter(|_| extension) else { return change(document) };
    let mut inside = match document.remove(extension.name) {
        Some(Value::Object(inside)) => inside,
        _ => Document::new(),
    };
    let changed = change(&mut inside);
    if !inside.is_empty() {
        document.insert(extension.name.to_owned(), Value::Object(inside));
    }
    changed
}

pub fn set(holder: &mut Document, attribute: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => drop(holder.insert(attribute.name.to_owned(), value)),
        None => drop(holder.remove(attribute.name)),
    }
}

/// A value as its attribute has it; nothing, where there is none.
///
/// # Errors
/// As for [`read`].
pub fn coerced(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Said> {
    if !attribute.many {
        return one(attribute, value);
    }
    let values = match value {
        Value::Null => return Ok(None),
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    };
    if values.len() > MAX_VALUES {
        return Err(wrong(attribute, &format!("these are too many values, {MAX_VALUES} at most")));
    }
    let mut read = Vec::new();
    for value in values {
        let value = one(attribute, value)?;
        read.extend(value.filter(|value| !read.contains(value)));
    }
    let first = |value: &Value| value.get("primary") == Some(&Value::Bool(true));
    if read.iter().filter(|value| first(value)).count() > 1 {
        return Err(wrong(attribute, "one value at most is the primary one"));
    }
    Ok(Some(Value::Array(read)).filter(|values| *values != Value::Array(Vec::new())))
}

/// One value of an attribute.
///
/// # Errors
/// As for [`read`].
pub fn one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Said> {
    let read = match (&attribute.kind, value) {
        (_, Value::Null) => None,
        (Kind::Complex(inside), Value::Object(fields)) => parts(inside, fields)?,
        // As Entra sends a manager: the part that counts alone.
        (Kind::Complex(inside), Value::String(_)) => match domain::scim::schema::find(inside, "value") {
            Some(part) => one(part, value)?
                .map(|value| Value::Object(Document::from_iter([(part.name.to_owned(), value)]))),
            None => return Err(wrong(attribute, "an object was expected")),
        },
        (Kind::Complex(_), _) => return Err(wrong(attribute, "an object was expected")),
        (Kind::Flag, Value::Bool(on)) => Some(Value::Bool(*on)),
        // As Entra sends it.
        (Kind::Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        (Kind::Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        (Kind::Flag, _) => return Err(wrong(attribute, "true or false was expected")),
        (_, Value::String(text)) => checked(attribute, text)?,
        (_, Value::Number(number)) => Some(Value::String(number.to_string())),
        _ => return Err(wrong(attribute, "a text was expected")),
    };
    Ok(read)
}

fn parts(inside: &'static [Attribute], fields: &Document) -> Result<Option<Value>, Said> {
    let mut read = Document::new();
    for (name, value) in fields {
        let attribute = domain::scim::schema::find(inside, name);
        if let Some(attribute) = attribute.filter(|one| one.writable) {
            set(&mut read, attribute, coerced(attribute, value)?);
        }
    }
    Ok((!read.is_empty()).then_some(Value::Object(read)))
}

fn checked(attribute: &Attribute, text: &str) -> Result<Option<Value>, Said> {
    if text.chars().count() > MAX_TEXT {
        return Err(wrong(attribute, &format!("this is too long, {MAX_TEXT} characters at most")));
    }
    if text.contains('\0') {
        return Err(wrong(attribute, "it has a character that can't be kept"));
    }
    Ok((!text.is_empty()).then(|| Value::String(text.to_owned())))
}

fn wrong(attribute: &Attribute, what: &str) -> Said {
    Said::bad(Wrong::InvalidValue, format!("{}: {what}.", attribute.name))
}
