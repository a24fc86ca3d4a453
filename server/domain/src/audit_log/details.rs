//! The details of an event in words.

use serde_json::Value;

/// The details in one line, such as `role: admin`.
pub fn line(details: &Value) -> String {
    let Value::Object(fields) = details else { return String::new() };
    let shown = fields.iter().map(|(name, value)| format!("{}: {}", name.replace('_', " "), plain(value)));
    shown.collect::<Vec<_>>().join(" · ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
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
    fn details_read_as_one_line() {
        let details = json!({ "from": "member", "groups": ["a", "b"], "open": true });
        assert_eq!(line(&details), "from: member · groups: a, b · open: on");
        assert_eq!(line(&json!({})), "");
    }
}
