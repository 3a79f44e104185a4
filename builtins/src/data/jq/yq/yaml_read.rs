//! YAML documents as values: scalars by the core schema, aliases shared, `<<` merged.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::super::number;
use super::super::object::Object;
use super::super::print::compact;
use super::super::read::DEPTH_MAX;
use super::super::value::{Array, Text, Value};

/// A collection being read.
enum Open {
    Array(Array, usize),
    /// The pairs so far, the key that waits for its value, the anchor, and what is merged in.
    Object(Object, Option<Text>, usize, Vec<Value>),
}

/// All documents of a text.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut documents = Vec::new();
    let mut stack: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Value> = HashMap::new();
    for event in Parser::new_from_str(&text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let (value, anchor) = match event {
            Event::DocumentStart(_) => {
                anchors.clear();
                continue;
            }
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::Alias(anchor) => {
                let value = anchors.get(&anchor).cloned();
                (value.ok_or("an alias of something that is not complete")?, 0)
            }
            Event::SequenceStart(anchor, _) => {
                open(&mut stack, Open::Array(Array::default(), anchor))?;
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open(&mut stack, Open::Object(Object::new(), None, anchor, Vec::new()))?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(Open::Array(array, anchor)) => (Value::Array(array), anchor),
                Some(Open::Object(object, _, anchor, merged)) => (merge(object, merged), anchor),
                None => continue,
            },
            _ => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, value.clone());
        }
        match stack.last_mut() {
            None => documents.push(value),
            Some(Open::Array(array, _)) => array.push(value),
            Some(Open::Object(object, key, _, merged)) => match key.take() {
                None => *key = Some(key_of(value)?),
                Some(key) if key.as_str() == "<<" => merged.push(value),
                Some(key) => object.insert(key, value),
            },
        }
    }
    Ok(documents)
}

fn open(stack: &mut Vec<Open>, open: Open) -> Result<(), String> {
    if stack.len() >= DEPTH_MAX {
        return Err("Exceeds depth limit for parsing".into());
    }
    stack.push(open);
    Ok(())
}

fn key_of(key: Value) -> Result<Text, String> {
    match key {
        Value::String(key) => Ok(key),
        Value::Array(_) | Value::Object(_) => Err("keys must be scalars".into()),
        scalar => Ok(compact(&scalar).into()),
    }
}

/// Own keys win over merged ones, earlier merged ones over later.
fn merge(object: Object, merged: Vec<Value>) -> Value {
    if merged.is_empty() {
        return Value::Object(object);
    }
    let mut whole = Object::new();
    let sources = merged.into_iter().flat_map(|value| match value {
        Value::Array(array) => array.into_vec(),
        one => vec![one],
    });
    for source in sources {
        if let Value::Object(source) = source {
            for (key, value) in source.iter() {
                if whole.get(key.as_str()).is_none() {
                    whole.insert(key.clone(), value.clone());
                }
            }
        }
    }
    for (key, value) in object.iter() {
        whole.insert(key.clone(), value.clone());
    }
    Value::Object(whole)
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let core = tag.filter(|tag| tag.handle == "tag:yaml.org,2002:");
    match core.map(|tag| tag.suffix.as_str()) {
        Some("int" | "float" | "bool" | "null") => resolve(text),
        Some(_) => Value::from(text),
        None if style == ScalarStyle::Plain && tag.is_none() => resolve(text),
        None => Value::from(text),
    }
}

/// What a plain scalar stands for.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Value::Number(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Value::Number(f64::NEG_INFINITY),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    if text.len() - digits.len() > 1
        || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return Value::from(text);
    }
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0", 8)] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && !rest.is_empty()
            && rest.chars().all(|digit| digit.is_digit(base))
            && let Ok(number) = u64::from_str_radix(rest, base)
        {
            let number = number as f64;
            return Value::Number(if text.starts_with('-') { -number } else { number });
        }
    }
    number::read(text.as_bytes()).unwrap_or_else(|| Value::from(text))
}
