//! PATCH (RFC 7644, section 3.5.2), with the deviations that Okta and Entra ID send: operations in any letter case, an
//! object of dotted or fully qualified names instead of a path, booleans as strings, members to remove as a value.

use crate::document::{self, Document, MAX_VALUES, find_field};
use crate::schema::{Attribute, ResourceType};
use crate::{AttributePath, Error, Filter, PatchPath, ScimType, Target};
use serde_json::Value;

/// How many operations a request can have.
pub const MAX_OPERATIONS: usize = 20_000;

/// The most comparisons that the operations of a request can cost. An operation on a multi-valued attribute looks at
/// all of its values, with every term of its value filter; without a limit, a body of 4 MiB would take minutes. Real
/// clients stay far below: an operation on three addresses costs eight.
const MAX_COMPARISONS: usize = 50_000;

/// Values are also compared with each other. Number of equality checks that cost as much as one filter comparison.
const EQUALITY_CHECKS_PER_COMPARISON: usize = 16;

/// A PATCH operation.
#[derive(Debug)]
pub struct Operation {
    /// What to do.
    pub op: Op,
    /// The attribute to change, not yet parsed. `None` means the resource itself.
    pub path: Option<String>,
    /// `null` if it is missing.
    pub value: Value,
}

/// What an [`Operation`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds values, or replaces a single value.
    Add,
    /// Replaces values.
    Replace,
    /// Removes values.
    Remove,
}

/// Parses the body of a PATCH request.
///
/// # Errors
/// `invalidSyntax`, and for single operations `invalidPath`, `noTarget` and `invalidValue`.
pub fn parse(body: &Document) -> Result<Vec<Operation>, Error> {
    let operations = find_field(body, "Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| invalid_syntax("“Operations” is missing"))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(invalid_syntax(&format!("too many operations, at most {MAX_OPERATIONS}")));
    }
    operations.iter().map(parse_operation).collect()
}

fn parse_operation(raw: &Value) -> Result<Operation, Error> {
    let raw = raw.as_object().ok_or_else(|| invalid_syntax("an operation must be an object"))?;
    let op = find_field(raw, "op").and_then(Value::as_str).unwrap_or_default();
    let op = match op.to_ascii_lowercase().as_str() {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        _ => return Err(invalid_syntax(&format!("unknown op “{op}”, expected add, replace or remove"))),
    };
    let path = match find_field(raw, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.trim().is_empty() => None,
        Some(Value::String(path)) => Some(path.clone()),
        Some(_) => return Err(Error::bad_request(ScimType::InvalidPath, "path: expected a string.")),
    };
    let value = find_field(raw, "value").cloned().unwrap_or(Value::Null);
    match (op, &path) {
        (Op::Remove, None) => Err(Error::bad_request(ScimType::NoTarget, "A remove operation needs a path.")),
        (Op::Add | Op::Replace, None) if !value.is_object() => Err(Error::bad_request(
            ScimType::InvalidValue,
            "Without a path, the value must be an object of attributes.",
        )),
        _ => Ok(Operation { op, path, value }),
    }
}

fn invalid_syntax(message: &str) -> Error {
    Error::bad_request(ScimType::InvalidSyntax, format!("{message}."))
}

/// Applies all operations to a resource, in order.
///
/// # Errors
/// An invalid path or value, a read-only attribute, a value filter without a match, or changes that cost too much
/// (`invalidSyntax`). The document is then left half changed.
pub fn apply(
    resource_type: ResourceType,
    document: &mut Document,
    operations: &[Operation],
) -> Result<(), Error> {
    let mut patch = Patch { resource_type, document, cost: 0 };
    operations.iter().try_for_each(|operation| patch.apply(operation))
}

/// A resource while operations are applied to it.
struct Patch<'a> {
    resource_type: ResourceType,
    document: &'a mut Document,
    /// In comparisons.
    cost: usize,
}

impl Patch<'_> {
    fn apply(&mut self, operation: &Operation) -> Result<(), Error> {
        if let Some(path) = &operation.path {
            let path = PatchPath::parse(self.resource_type, path)?;
            return self.apply_at(operation.op, &path, &operation.value);
        }
        for (name, value) in operation.value.as_object().into_iter().flatten() {
            self.apply_named(operation.op, name, value)?;
        }
        Ok(())
    }

    /// Applies one attribute of an operation without a path. Unknown and read-only ones are ignored, as in a PUT.
    fn apply_named(&mut self, op: Op, name: &str, value: &Value) -> Result<(), Error> {
        // Entra ID uses paths with value filters as names.
        let path = if name.contains('[') {
            PatchPath::parse(self.resource_type, name)?
        } else {
            match Target::parse(self.resource_type, name) {
                Some(target) => target.into(),
                None => return Ok(()),
            }
        };
        match path.target {
            Target::Attribute(path) if path.attribute.is_read_only() || path.leaf().is_read_only() => Ok(()),
            _ => self.apply_at(op, &path, value),
        }
    }

    fn apply_at(&mut self, op: Op, path: &PatchPath, value: &Value) -> Result<(), Error> {
        let target = match path.target {
            Target::Extension(extension) if op == Op::Remove => {
                self.document.remove(extension.name);
                return Ok(());
            }
            Target::Extension(extension) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    self.apply_named(op, &format!("{}:{name}", extension.name), value)?;
                }
                return Ok(());
            }
            Target::Attribute(target) => target,
        };
        check_mutability(op, target, path.sub_attribute)?;
        if !target.attribute.multi_valued {
            return self.patch_single(target, op, value);
        }
        self.charge(target, path, value)?;
        if target.sub_attribute.is_some() {
            return self.patch_single(target, op, value);
        }
        document::with_container(self.document, target.extension, |container| {
            patch_multi_valued(container, target.attribute, op, path, value)
        })
    }

    /// Adds the cost of an operation on a multi-valued attribute.
    fn charge(&mut self, target: AttributePath, path: &PatchPath, value: &Value) -> Result<(), Error> {
        // Longer arrays are rejected before their values are compared.
        let count = |value: Option<&Value>| {
            value.and_then(Value::as_array).map_or(1, |values| values.len().min(MAX_VALUES))
        };
        let existing = document::with_container(self.document, target.extension, |container| {
            count(container.get(target.attribute.name))
        });
        let values = existing + count(Some(value));
        self.cost += values * (1 + path.filter_terms + values / EQUALITY_CHECKS_PER_COMPARISON);
        if self.cost > MAX_COMPARISONS {
            return Err(invalid_syntax(
                "too many changes for one request; split the operations across several requests",
            ));
        }
        Ok(())
    }

    /// Patches an attribute with a single value, or a sub-attribute.
    fn patch_single(&mut self, path: AttributePath, op: Op, value: &Value) -> Result<(), Error> {
        match (op, value) {
            (Op::Remove, _) => document::insert_at(self.document, path, &Value::Null),
            // Sub-attributes that the object doesn't name stay as they are.
            (_, Value::Object(object))
                if path.sub_attribute.is_none() && !path.attribute.sub_attributes().is_empty() =>
            {
                for (name, value) in object {
                    if let Some(sub_attribute) = path.attribute.find_sub_attribute(name) {
                        let path = AttributePath { sub_attribute: Some(sub_attribute), ..path };
                        document::insert_at(self.document, path, value)?;
                    }
                }
                Ok(())
            }
            (_, value) => document::insert_at(self.document, path, value),
        }
    }
}

fn check_mutability(
    op: Op,
    target: AttributePath,
    sub_attribute: Option<&'static Attribute>,
) -> Result<(), Error> {
    let leaf = target.leaf();
    let detail = if target.attribute.is_read_only()
        || leaf.is_read_only()
        || sub_attribute.is_some_and(Attribute::is_read_only)
    {
        format!("{} is read-only.", leaf.name)
    } else if op == Op::Remove && leaf.required {
        format!("{} is required and can't be removed.", leaf.name)
    } else {
        return Ok(());
    };
    Err(Error::bad_request(ScimType::Mutability, detail))
}

fn patch_multi_valued(
    container: &mut Document,
    attribute: &'static Attribute,
    op: Op,
    path: &PatchPath,
    value: &Value,
) -> Result<(), Error> {
    let mut values = match container.remove(attribute.name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let was_primary: Vec<bool> = values.iter().map(is_primary).collect();
    match &path.value_filter {
        Some(filter) => patch_matching(&mut values, attribute, op, filter, path.sub_attribute, value)?,
        None => patch_all(&mut values, attribute, op, value)?,
    }
    keep_new_primary(&mut values, &was_primary);
    let values = document::normalize(attribute, &Value::Array(values))?;
    document::set_or_remove(container, attribute, values);
    Ok(())
}

/// Patches a multi-valued attribute as a whole.
fn patch_all(
    values: &mut Vec<Value>,
    attribute: &'static Attribute,
    op: Op,
    value: &Value,
) -> Result<(), Error> {
    let operands = match document::normalize(attribute, value)? {
        Some(Value::Array(operands)) => operands,
        _ => Vec::new(),
    };
    match op {
        Op::Add => {
            // Adding an existing value again has no effect; the order of its sub-attributes doesn't matter.
            for value in operands {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        Op::Replace => *values = operands,
        Op::Remove if value.is_null() => values.clear(),
        // Entra ID sends the values to remove in the value.
        Op::Remove => {
            values.retain(|value| !operands.iter().any(|operand| operand.get("value") == value.get("value")));
        }
    }
    Ok(())
}

/// Patches the values that match a value filter.
fn patch_matching(
    values: &mut Vec<Value>,
    attribute: &'static Attribute,
    op: Op,
    filter: &Filter,
    sub_attribute: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), Error> {
    let is_match = |value: &Value| value.as_object().is_some_and(|value| filter.matches(value));
    let matches: Vec<bool> = values.iter().map(is_match).collect();
    if !matches.contains(&true) {
        return match (op, filter.required_values()) {
            (Op::Remove, _) => Ok(()),
            // Entra ID adds the first value of a type through a filter: emails[type eq "work"].value
            (Op::Add, Some(mut new)) => {
                assign(&mut new, attribute, sub_attribute, value)?;
                values.push(Value::Object(new));
                Ok(())
            }
            _ => {
                let detail = format!("{}: no value matches the filter.", attribute.name);
                Err(Error::bad_request(ScimType::NoTarget, detail))
            }
        };
    }
    if op == Op::Remove && sub_attribute.is_none() {
        let mut matches = matches.into_iter();
        values.retain(|_| matches.next() == Some(false));
        return Ok(());
    }
    for (existing, _) in values.iter_mut().zip(matches).filter(|(_, is_match)| *is_match) {
        let Some(object) = existing.as_object_mut() else { continue };
        match (op, sub_attribute) {
            (Op::Remove, Some(sub_attribute)) => drop(object.remove(sub_attribute.name)),
            _ => assign(object, attribute, sub_attribute, value)?,
        }
    }
    Ok(())
}

/// Assigns one sub-attribute of a value, or all that an object names.
fn assign(
    object: &mut Document,
    attribute: &'static Attribute,
    sub_attribute: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), Error> {
    if let Some(sub_attribute) = sub_attribute {
        document::set_or_remove(object, sub_attribute, document::normalize(sub_attribute, value)?);
        return Ok(());
    }
    if let Some(Value::Object(normalized)) = document::normalize_single(attribute, value)? {
        object.extend(normalized);
    }
    Ok(())
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// If a value became primary, the others no longer are (RFC 7644, section 3.5.2).
fn keep_new_primary(values: &mut [Value], was_primary: &[bool]) {
    let became_primary = |index: usize| !was_primary.get(index).copied().unwrap_or_default();
    let new =
        values.iter().enumerate().rposition(|(index, value)| is_primary(value) && became_primary(index));
    let Some(new) = new else { return };
    for (index, value) in values.iter_mut().enumerate() {
        if let (Some(object), true) = (value.as_object_mut(), index != new) {
            object.remove("primary");
        }
    }
}
