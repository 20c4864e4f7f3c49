//! `reports/summary.schema.json` against real output: a key that is new, renamed or of another type
//! fails here, so that programs that read summaries learn of it.

use std::path::Path;

use serde_json::Value;

/// What of `value` the schema does not allow. The part of JSON Schema that our schema uses.
fn violations(schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(|of| of == kind),
        only => only == kind,
    };
    if !allowed {
        found.push(format!("{place} is {kind}; the schema allows {}", schema["type"]));
    }
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        violations(&schema["items"], item, &format!("{place}[{at}]"), found);
    }
    let Some(object) = value.as_object() else { return };
    for (key, member) in object {
        match member_schema(schema, key) {
            Some(of) => violations(of, member, &format!("{place}.{key}"), found),
            None if schema["type"].is_null() => {}
            None => found.push(format!("{place}.{key} is not in the schema")),
        }
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for key in required.filter_map(Value::as_str).filter(|key| !object.contains_key(*key)) {
        found.push(format!("{place}.{key} is missing"));
    }
}

fn member_schema<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let named = schema["properties"].get(key);
    let patterned = || {
        let patterns = schema["patternProperties"].as_object()?;
        patterns.iter().find(|(pattern, _)| fits(pattern, key)).map(|(_, of)| of)
    };
    let other = || Some(&schema["additionalProperties"]).filter(|of| of.is_object());
    named.or_else(patterned).or_else(other)
}

/// Patterns of the shape `^head(a|b)tail$`.
fn fits(pattern: &str, key: &str) -> bool {
    let inside = pattern.trim_start_matches('^').trim_end_matches('$');
    let Some((head, rest)) = inside.split_once('(') else { return inside == key };
    let Some((choices, tail)) = rest.split_once(')') else { return false };
    choices.split('|').any(|choice| key == format!("{head}{choice}{tail}"))
}

/// Asserts that a summary is what the committed schema says.
pub(super) fn assert_allowed(summary: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let schema = std::fs::read_to_string(root.join("reports/summary.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut found = Vec::new();
    violations(&schema, &serde_json::from_str(summary).unwrap(), "summary", &mut found);
    found.truncate(20);
    assert!(found.is_empty(), "reports/summary.schema.json: {found:#?}");
}

#[test]
fn a_key_that_is_not_in_the_schema_is_found() {
    let schema: Value = serde_json::from_str(
        r#"{"type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": ["number", "null"]}},
            "patternProperties": {"^b_(ns|bytes)$": {"type": "string"}}}"#,
    )
    .unwrap();
    let of = |text: &str| {
        let mut found = Vec::new();
        violations(&schema, &serde_json::from_str(text).unwrap(), "s", &mut found);
        found.len()
    };
    assert_eq!(of(r#"{"a": null, "b_ns": "x"}"#), 0);
    assert_eq!(of(r#"{"a": "1"}"#), 1, "another type");
    assert_eq!(of(r#"{"b_ns": "x"}"#), 1, "missing");
    assert_eq!(of(r#"{"a": 1, "b_s": "x"}"#), 1, "unknown");
}
