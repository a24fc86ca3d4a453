//! Resources as clients send them, normalized: attributes by their names in the schema, values of the schema's types.
//! Unknown and read-only attributes are ignored (RFC 7644, sections 3.3 and 3.5.1).

use crate::schema::{Attribute, DataType, ResourceType, find_attribute};
use crate::{AttributePath, Error, ScimType, Target};
use serde_json::{Map, Value};

/// How many values a multi-valued attribute can have.
pub const MAX_VALUES: usize = 100;

/// The attributes of a resource as JSON.
pub type Document = Map<String, Value>;

/// Normalizes a resource.
///
/// # Errors
/// `invalidValue` for a value of the wrong type or one that is too long.
pub fn parse(resource_type: ResourceType, raw: &Document) -> Result<Document, Error> {
    let mut document = Document::new();
    for (name, value) in raw {
        insert(resource_type, &mut document, name, value)?;
    }
    Ok(document)
}

/// Inserts an attribute by name or path.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn insert(
    resource_type: ResourceType,
    document: &mut Document,
    name: &str,
    value: &Value,
) -> Result<(), Error> {
    match Target::parse(resource_type, name) {
        // Unknown attributes are ignored.
        None => Ok(()),
        Some(Target::Extension(extension)) => {
            let attributes = value.as_object().cloned().unwrap_or_default();
            for (name, value) in &attributes {
                insert(resource_type, document, &format!("{}:{name}", extension.name), value)?;
            }
            Ok(())
        }
        Some(Target::Attribute(path)) => insert_at(document, path, value),
    }
}

/// Inserts a value at a path. A null or empty value removes the attribute.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn insert_at(document: &mut Document, path: AttributePath, value: &Value) -> Result<(), Error> {
    if path.attribute.is_read_only() || path.leaf().is_read_only() {
        return Ok(());
    }
    let value = normalize(path.leaf(), value)?;
    with_container(document, path.extension, |container| {
        let Some(sub_attribute) = path.sub_attribute else {
            return set_or_remove(container, path.attribute, value);
        };
        if path.attribute.multi_valued {
            // `emails.type` without a value filter means the sub-attribute of every value.
            if let Some(Value::Array(values)) = container.get_mut(path.attribute.name) {
                for object in values.iter_mut().filter_map(Value::as_object_mut) {
                    set_or_remove(object, sub_attribute, value.clone());
                }
            }
            return;
        }
        let mut object = match container.remove(path.attribute.name) {
            Some(Value::Object(object)) => object,
            _ => Document::new(),
        };
        set_or_remove(&mut object, sub_attribute, value);
        if !object.is_empty() {
            container.insert(path.attribute.name.to_owned(), Value::Object(object));
        }
    });
    Ok(())
}

/// Calls `change` with the object that holds an attribute: the document, or its extension.
pub(crate) fn with_container<T>(
    document: &mut Document,
    extension: Option<&'static Attribute>,
    change: impl FnOnce(&mut Document) -> T,
) -> T {
    let Some(extension) = extension else { return change(document) };
    let mut container = match document.remove(extension.name) {
        Some(Value::Object(container)) => container,
        _ => Document::new(),
    };
    let result = change(&mut container);
    if !container.is_empty() {
        document.insert(extension.name.to_owned(), Value::Object(container));
    }
    result
}

/// Sets an attribute, or removes it if the value is `None`.
pub(crate) fn set_or_remove(container: &mut Document, attribute: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => drop(container.insert(attribute.name.to_owned(), value)),
        None => drop(container.remove(attribute.name)),
    }
}

/// Converts a value to the attribute's type; `None` if it is null or empty.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn normalize(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Error> {
    if !attribute.multi_valued {
        return normalize_single(attribute, value);
    }
    let values = match value {
        Value::Null => return Ok(None),
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    };
    if values.len() > MAX_VALUES {
        return Err(invalid_value(attribute, &format!("too many values, at most {MAX_VALUES}")));
    }
    let mut normalized = Vec::new();
    for value in values {
        let value = normalize_single(attribute, value)?;
        normalized.extend(value.filter(|value| !normalized.contains(value)));
    }
    let is_primary = |value: &&Value| value.get("primary") == Some(&Value::Bool(true));
    if normalized.iter().filter(is_primary).count() > 1 {
        return Err(invalid_value(attribute, "at most one value can be primary"));
    }
    Ok(Some(Value::Array(normalized)).filter(|values| *values != Value::Array(Vec::new())))
}

/// Converts one value of an attribute.
///
/// # Errors
/// As for [`parse`].
pub(crate) fn normalize_single(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Error> {
    let normalized = match (&attribute.data_type, value) {
        (_, Value::Null) => None,
        (DataType::Complex(sub_attributes), Value::Object(object)) => {
            normalize_object(sub_attributes, object)?
        }
        // Entra ID sends a manager as a string: only the sub-attribute "value".
        (DataType::Complex(sub_attributes), Value::String(_)) => {
            match find_attribute(sub_attributes, "value") {
                Some(sub_attribute) => normalize_single(sub_attribute, value)?.map(|value| {
                    Value::Object(Document::from_iter([(sub_attribute.name.to_owned(), value)]))
                }),
                None => return Err(invalid_value(attribute, "expected an object")),
            }
        }
        (DataType::Complex(_), _) => return Err(invalid_value(attribute, "expected an object")),
        (DataType::Boolean, Value::Bool(value)) => Some(Value::Bool(*value)),
        // Entra ID sends booleans as strings.
        (DataType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Some(Value::Bool(true))
        }
        (DataType::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Some(Value::Bool(false))
        }
        (DataType::Boolean, _) => return Err(invalid_value(attribute, "expected true or false")),
        (_, Value::String(text)) => validate(attribute, text)?,
        (_, Value::Number(number)) => Some(Value::String(number.to_string())),
        _ => return Err(invalid_value(attribute, "expected a string")),
    };
    Ok(normalized)
}

fn normalize_object(sub_attributes: &'static [Attribute], object: &Document) -> Result<Option<Value>, Error> {
    let mut normalized = Document::new();
    for (name, value) in object {
        let attribute = find_attribute(sub_attributes, name);
        if let Some(attribute) = attribute.filter(|attribute| !attribute.is_read_only()) {
            set_or_remove(&mut normalized, attribute, normalize(attribute, value)?);
        }
    }
    Ok((!normalized.is_empty()).then_some(Value::Object(normalized)))
}

fn validate(attribute: &Attribute, text: &str) -> Result<Option<Value>, Error> {
    let max_length = attribute.max_length;
    if text.chars().count() > max_length {
        return Err(invalid_value(attribute, &format!("too long, at most {max_length} characters")));
    }
    // Storage such as Postgres can't hold it.
    if text.contains('\0') {
        return Err(invalid_value(attribute, "contains a NUL character"));
    }
    Ok((!text.is_empty()).then(|| Value::String(text.to_owned())))
}

pub(crate) fn invalid_value(attribute: &Attribute, message: &str) -> Error {
    Error::bad_request(ScimType::InvalidValue, format!("{}: {message}.", attribute.name))
}

/// Finds a field of a message by name, in any letter case.
pub(crate) fn find_field<'a>(object: &'a Document, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
