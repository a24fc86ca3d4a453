//! PATCH (RFC 7644, section 3.5.2), as the RFC has it and as Okta and Entra send it: operations in any letter case, no
//! path and an object of names with dots or schemas, values chosen by a filter, flags as text, members to be removed as
//! a value.

use super::attribute_path::{self, Target};
use super::document::{self, Document, MAX_VALUES};
use super::error::{Kind, Said};
use super::parser::{self, PatchPath};
use domain::scim::schema::{Attribute, Resource};
use domain::scim::{Filter, Path};
use serde_json::Value;

/// How many operations one request may have.
pub const MAX_OPERATIONS: usize = 20_000;

/// How often the operations of one request may look at a single value. Each looks at all of its attribute's, with every
/// test that chooses among them; without an end, 4 MiB would keep us busy for very long. What directories send stays far
/// below: an operation on three addresses takes eight.
const MAX_LOCK_ATTEMPTS: usize = 50_000;

/// How many values are compared with each other in the time of one look.
const COMPARED: usize = 16;

/// One change.
#[derive(Debug)]
pub struct Operation {
    pub kind: Change,
    /// Nothing: the resource itself.
    pub path: Option<String>,
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add,
    Replace,
    Remove,
}

/// Reads the operations of a request.
///
/// # Errors
/// What is no list of operations.
pub fn operations(body: &Document) -> Result<Vec<Operation>, Said> {
    let list = field(body, "Operations").and_then(Value::as_array);
    let list = list.ok_or_else(|| syntax("“Operations” is missing"))?;
    if list.len() > MAX_OPERATIONS {
        return Err(syntax(&format!("these are too many operations, {MAX_OPERATIONS} at most")));
    }
    list.iter().map(operation).collect()
}

fn operation(raw: &Value) -> Result<Operation, Said> {
    let raw = raw.as_object().ok_or_else(|| syntax("an operation is an object"))?;
    let word = field(raw, "op").and_then(Value::as_str).unwrap_or_default();
    let kind = match word.to_ascii_lowercase().as_str() {
        "add" => Change::Add,
        "replace" => Change::Replace,
        "remove" => Change::Remove,
        _ => return Err(syntax(&format!("“{word}” is no operation: add, replace or remove"))),
    };
    let path = match field(raw, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.trim().is_empty() => None,
        Some(Value::String(path)) => Some(path.clone()),
        Some(_) => return Err(Said::bad(Kind::InvalidPath, "path: a text was expected.")),
    };
    let value = field(raw, "value").cloned().unwrap_or(Value::Null);
    match (kind, &path) {
        (Change::Remove, None) => Err(Said::bad(Kind::NoTarget, "An operation that removes needs a path.")),
        (Change::Add | Change::Replace, None) if !value.is_object() => {
            Err(Said::bad(Kind::InvalidValue, "Without a path, the value is an object of attributes."))
        }
        _ => Ok(Operation { kind, path, value }),
    }
}

fn syntax(what: &str) -> Said {
    Said::bad(Kind::InvalidSyntax, format!("{what}."))
}

/// A field in any letter case.
pub fn field<'a>(object: &'a Document, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Changes a document as all of the operations say, one after the other.
///
/// # Errors
/// A path that leads nowhere, an attribute that may not be written, a value that is not of its kind; too much at once.
pub fn apply(resource: Resource, document: &mut Document, operations: &[Operation]) -> Result<(), Said> {
    let looks = &mut 0;
    for operation in operations {
        let Some(path) = &operation.path else {
            let values = operation.value.as_object().cloned().unwrap_or_default();
            for (name, value) in &values {
                without_path(resource, document, operation.kind, name, value, looks)?;
            }
            continue;
        };
        let path = parser::path(resource, path)?;
        to(resource, document, operation.kind, &path, &operation.value, looks)?;
    }
    Ok(())
}

/// One attribute of an operation without a path. What is unknown or read-only is left out, as in a whole resource.
fn without_path(
    resource: Resource,
    document: &mut Document,
    kind: Change,
    name: &str,
    value: &Value,
    looks: &mut usize,
) -> Result<(), Said> {
    // Some write whole paths as names.
    let path = if name.contains('[') {
        parser::path(resource, name)?
    } else {
        match attribute_path::target(resource, name) {
            Some(target) => PatchPath { target, which: None, tests: 0, part: None },
            None => return Ok(()),
        }
    };
    match path.target {
        Target::Attribute(path) if !path.attribute.writable || !path.end().writable => Ok(()),
        _ => to(resource, document, kind, &path, value, looks),
    }
}

fn to(
    resource: Resource,
    document: &mut Document,
    kind: Change,
    path: &PatchPath,
    value: &Value,
    looks: &mut usize,
) -> Result<(), Said> {
    let target = match path.target {
        Target::Extension(extension) if kind == Change::Remove => {
            document.remove(extension.name);
            return Ok(());
        }
        Target::Extension(_) => {
            let fields = value.as_object().cloned().unwrap_or_default();
            for (name, value) in &fields {
                without_path(
                    resource,
                    document,
                    kind,
                    &format!("{}:{name}", extension_name(resource)),
                    value,
                    looks,
                )?;
            }
            return Ok(());
        }
        Target::Attribute(target) => target,
    };
    if !target.attribute.writable || !target.end().writable || path.part.is_some_and(|part| !part.writable) {
        return Err(Said::bad(Kind::Mutability, format!("{} can't be written.", target.end().name)));
    }
    if kind == Change::Remove && target.end().required {
        return Err(Said::bad(Kind::Mutability, format!("{} can't be removed.", target.end().name)));
    }
    if target.attribute.many {
        // More than there may be are refused before anybody looks at them.
        let count = |value: Option<&Value>| {
            value.and_then(Value::as_array).map_or(1, |values| values.len().min(MAX_VALUES))
        };
        let there = document::within(resource, document, target.extension, |holder| {
            count(holder.get(target.attribute.name))
        });
        let values = there + count(Some(value));
        *looks += values * (1 + path.tests + values / COMPARED);
        if *looks > MAX_LOCK_ATTEMPTS {
            return Err(syntax("this is too much for one request: send the operations in several"));
        }
    }
    if target.attribute.many && target.inside.is_none() {
        return document::within(resource, document, target.extension, |holder| {
            several(holder, target.attribute, kind, path, value)
        });
    }
    single(resource, document, target, kind, value)
}

fn extension_name(resource: Resource) -> &'static str {
    resource.extension().map_or("", |extension| extension.name)
}

/// An attribute with one value, or a part of one.
fn single(
    resource: Resource,
    document: &mut Document,
    path: Path,
    kind: Change,
    value: &Value,
) -> Result<(), Said> {
    match (kind, value) {
        (Change::Remove, _) => document::put_at(resource, document, path, &Value::Null),
        // The parts that are not named stay as they are.
        (_, Value::Object(parts)) if path.inside.is_none() && !path.attribute.inside().is_empty() => {
            for (name, value) in parts {
                if let Some(inside) = path.attribute.find_inside(name) {
                    document::put_at(resource, document, Path { inside: Some(inside), ..path }, value)?;
                }
            }
            Ok(())
        }
        (_, value) => document::put_at(resource, document, path, value),
    }
}

/// An attribute with several values.
fn several(
    holder: &mut Document,
    attribute: &'static Attribute,
    kind: Change,
    path: &PatchPath,
    value: &Value,
) -> Result<(), Said> {
    let mut values = match holder.remove(attribute.name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let before: Vec<bool> = values.iter().map(is_primary).collect();
    match &path.which {
        Some(which) => chosen(&mut values, attribute, kind, which, path.part, value)?,
        None => whole(&mut values, attribute, kind, value)?,
    }
    one_primary(&mut values, &before);
    let values = document::coerced(attribute, &Value::Array(values))?;
    document::set(holder, attribute, values);
    Ok(())
}

/// All of the values.
fn whole(
    values: &mut Vec<Value>,
    attribute: &'static Attribute,
    kind: Change,
    value: &Value,
) -> Result<(), Said> {
    let read = match document::coerced(attribute, value)? {
        Some(Value::Array(read)) => read,
        _ => Vec::new(),
    };
    match kind {
        Change::Add => {
            // What is there already, in whatever order its parts come, is not added again.
            for value in read {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        Change::Replace => *values = read,
        Change::Remove if value.is_null() => values.clear(),
        // As Entra removes: the values that are named.
        Change::Remove => values.retain(|one| !read.iter().any(|gone| gone.get("value") == one.get("value"))),
    }
    Ok(())
}

/// Those of the values for which a filter holds.
fn chosen(
    values: &mut Vec<Value>,
    attribute: &'static Attribute,
    kind: Change,
    which: &Filter,
    part: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), Said> {
    let holds = |value: &Value| value.as_object().is_some_and(|value| which.holds(value));
    let hold: Vec<bool> = values.iter().map(holds).collect();
    if !hold.contains(&true) {
        return match (kind, which.wants()) {
            // There is nothing to remove.
            (Change::Remove, _) => Ok(()),
            // As Entra adds the first of its kind: emails[type eq "work"].value
            (Change::Add, Some(mut new)) => {
                fill(&mut new, attribute, part, value)?;
                values.push(Value::Object(new));
                Ok(())
            }
            _ => Err(Said::bad(Kind::NoTarget, format!("{} has no such value.", attribute.name))),
        };
    }
    if kind == Change::Remove && part.is_none() {
        let mut hold = hold.into_iter();
        values.retain(|_| hold.next() == Some(false));
        return Ok(());
    }
    for (one, _) in values.iter_mut().zip(hold).filter(|(_, holds)| *holds) {
        let Some(fields) = one.as_object_mut() else { continue };
        match (kind, part) {
            (Change::Remove, Some(part)) => drop(fields.remove(part.name)),
            _ => fill(fields, attribute, part, value)?,
        }
    }
    Ok(())
}

/// Writes one part of a value, or those that are named.
fn fill(
    fields: &mut Document,
    attribute: &'static Attribute,
    part: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), Said> {
    if let Some(part) = part {
        document::set(fields, part, document::coerced(part, value)?);
        return Ok(());
    }
    if let Some(Value::Object(read)) = document::one(attribute, value)? {
        fields.extend(read);
    }
    Ok(())
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// A value that became the primary one takes that from the others.
fn one_primary(values: &mut [Value], before: &[bool]) {
    let became = |at: usize| !before.get(at).copied().unwrap_or_default();
    let new = values.iter().enumerate().rposition(|(at, value)| is_primary(value) && became(at));
    let Some(new) = new else { return };
    for (at, value) in values.iter_mut().enumerate() {
        if let (Some(fields), true) = (value.as_object_mut(), at != new) {
            fields.remove("primary");
        }
    }
}
