//! The part of JSON Schema that the schemas in `docs` use.

use serde_json::Value;

/// Sees that a value is what a schema says, every field there, none more.
pub fn fits(at: &str, value: &Value, schema: &Value, root: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        return fits(at, value, &root["$defs"][name], root);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let schema = any.iter().find(|schema| (schema["type"] == "null") == value.is_null());
        return fits(at, value, schema.unwrap(), root);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let known = kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.contains(&kind.into()));
    assert!(known, "{at} is a {kind}: {value}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at} is {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        fits(&format!("{at}[]"), item, &schema["items"], root);
    }
    if let (Some(fields), Some(wanted)) = (value.as_object(), schema["properties"].as_object()) {
        let names =
            |object: &serde_json::Map<String, Value>| -> std::collections::BTreeSet<String> {
                object.keys().cloned().collect()
            };
        let required = schema["required"].as_array();
        let required: std::collections::BTreeSet<String> = match required {
            Some(list) => list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            None => names(wanted),
        };
        let found = names(fields);
        assert!(required.is_subset(&found), "{at} lacks one of {required:?}: {value}");
        assert!(found.is_subset(&names(wanted)), "{at} has more: {value}");
        for (name, field) in fields {
            fits(&format!("{at}.{name}"), field, &wanted[name], root);
        }
    }
}
