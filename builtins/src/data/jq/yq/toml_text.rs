//! TOML documents as values, and values as TOML documents.

use super::super::object::Object;
use super::super::print::compact;
use super::super::value::{Array, Value};

/// # Errors
/// What is wrong, and where.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = String::from_utf8_lossy(bytes);
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    Ok(vec![of_table(table)])
}

/// Depth is bounded by the parser of `toml`.
fn of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => {
            super::super::number::read(number.to_string().as_bytes()).unwrap_or_default()
        }
        toml::Value::Float(number) => Value::Number(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(of).collect::<Array>()),
        toml::Value::Table(table) => of_table(table),
    }
}

fn of_table(table: toml::Table) -> Value {
    table.into_iter().map(|(key, value)| (key, of(value))).collect::<Object>().into()
}

/// # Errors
/// If the value is no object: a TOML document is a table.
pub(super) fn write(value: &Value, out: &mut String) -> Result<(), String> {
    let Value::Object(object) = value else {
        return Err(format!("a TOML document is a table, not {}", value.kind()));
    };
    table(object, "", 0, out);
    Ok(())
}

/// How deep tables and arrays are written.
const DEPTH_MAX: usize = 128;

/// Plain values first: after a table's header they would be the table's.
fn table(object: &Object, path: &str, depth: usize, out: &mut String) {
    if depth > DEPTH_MAX {
        return;
    }
    for (name, value) in object.iter().filter(|(_, value)| !is_table(value)) {
        if !matches!(value, Value::Null) {
            out.push_str(&format!("{} = {}\n", key(name.as_str()), inline(value, depth)));
        }
    }
    for (name, value) in object.iter() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", key(name.as_str()));
        match value {
            Value::Object(inner) => {
                gap(out);
                out.push_str(&format!("[{path}]\n"));
                table(inner, &path, depth + 1, out);
            }
            Value::Array(items) if is_table(value) => {
                for item in items.as_slice() {
                    gap(out);
                    out.push_str(&format!("[[{path}]]\n"));
                    if let Value::Object(inner) = item {
                        table(inner, &path, depth + 1, out);
                    }
                }
            }
            _ => {}
        }
    }
}

fn gap(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

/// Whether a value is written under headers of its own.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => {
            items.len() > 0 && items.as_slice().iter().all(|item| matches!(item, Value::Object(_)))
        }
        _ => false,
    }
}

fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { compact(&name.into()) }
}

fn inline(value: &Value, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return "\"<skipped: too deep>\"".into();
    }
    match value {
        Value::Array(items) => {
            let items: Vec<String> =
                items.as_slice().iter().map(|item| inline(item, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(object) => {
            let entry = |(name, value): (&super::super::value::Text, &Value)| {
                format!("{} = {}", key(name.as_str()), inline(value, depth + 1))
            };
            let entries: Vec<String> = object.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Number(number) if number.is_nan() => "nan".into(),
        Value::Number(number) if number.is_infinite() => {
            if *number < 0.0 {
                "-inf".into()
            } else {
                "inf".into()
            }
        }
        Value::Null => "\"\"".into(),
        other => compact(other),
    }
}
