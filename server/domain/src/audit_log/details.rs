//! Formats the details of an audit event for people.

use serde_json::Value;

/// The details in one line, such as `role: admin`.
pub fn format_line(details: &Value) -> String {
    let Value::Object(fields) = details else { return String::new() };
    let parts =
        fields.iter().map(|(name, value)| format!("{}: {}", name.replace('_', " "), format_value(value)));
    parts.collect::<Vec<_>>().join(" · ")
}

fn format_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(format_value).collect::<Vec<_>>().join(", "),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", format_value(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn details_are_formatted_in_one_line() {
        let details = json!({ "from": "member", "groups": ["a", "b"], "open": true });
        assert_eq!(format_line(&details), "from: member · groups: a, b · open: on");
        assert_eq!(format_line(&json!({})), "");
    }
}
