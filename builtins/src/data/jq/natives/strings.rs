//! Strings and what they are made of.

use super::{Native, arg, native};
use crate::data::jq::error::{EXCERPT_BYTES, Error, fail, fail_for};
use crate::data::jq::print::excerpt;
use crate::data::jq::read::read_one;
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::{Array, Value};

pub(super) const TABLE: &[Native] = &[
    native("utf8bytelength", 0, |_, input, _| match input.text() {
        Some(text) => Ok(Value::from(text.len())),
        None => fail_for(&input, "only strings have UTF-8 byte length"),
    }),
    native("tonumber", 0, to_number),
    native("fromjson", 0, |_, input, _| match input.text() {
        Some(text) => read_one(text).map_or_else(fail, Ok),
        None => fail_for(&input, "only strings can be parsed"),
    }),
    native("ascii_downcase", 0, |_, input, _| cased(&input, str::to_ascii_lowercase)),
    native("ascii_upcase", 0, |_, input, _| cased(&input, str::to_ascii_uppercase)),
    native("explode", 0, explode),
    native("implode", 0, implode),
    native("startswith", 1, |_, input, args| match (input.text(), arg(args, 0).text()) {
        (Some(text), Some(start)) => Ok(Value::Bool(text.starts_with(start))),
        _ => fail("startswith() requires string inputs"),
    }),
    native("endswith", 1, |_, input, args| match (input.text(), arg(args, 0).text()) {
        (Some(text), Some(end)) => Ok(Value::Bool(text.ends_with(end))),
        _ => fail("endswith() requires string inputs"),
    }),
    native("ltrimstr", 1, |_, input, args| {
        let rest = input.text().zip(arg(args, 0).text());
        let rest = rest.and_then(|(text, start)| text.strip_prefix(start)).map(Value::from);
        Ok(rest.unwrap_or(input))
    }),
    native("rtrimstr", 1, |_, input, args| {
        let rest = input.text().zip(arg(args, 0).text());
        let rest = rest.and_then(|(text, end)| text.strip_suffix(end)).map(Value::from);
        Ok(rest.unwrap_or(input))
    }),
    native("trim", 0, |_, input, _| trimmed(&input, |text| text.trim_matches(blank))),
    native("ltrim", 0, |_, input, _| trimmed(&input, |text| text.trim_start_matches(blank))),
    native("rtrim", 0, |_, input, _| trimmed(&input, |text| text.trim_end_matches(blank))),
    native("split", 1, |_, input, args| match (input.text(), arg(args, 0).text()) {
        (Some(text), Some(separator)) => Ok(split(text, separator)),
        _ => fail("split input and separator must be strings"),
    }),
    native("_positions", 1, positions),
];

fn blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{b}')
}

fn trimmed(input: &Value, trim: fn(&str) -> &str) -> Result<Value, Error> {
    match input.text() {
        Some(text) => Ok(Value::from(trim(text))),
        None => fail_for(input, "cannot be trimmed"),
    }
}

fn cased(input: &Value, change: fn(&str) -> String) -> Result<Value, Error> {
    match input.text() {
        Some(text) => Ok(Value::from(change(text))),
        None => fail("explode input must be a string"),
    }
}

fn to_number(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    match &input {
        Value::Number(_) | Value::Literal(_) => Ok(input),
        Value::String(text) => {
            let value = read_one(text.as_str()).map_or_else(fail, Ok)?;
            if value.number().is_some() {
                return Ok(value);
            }
            fail_for(&input, "cannot be parsed as a number")
        }
        _ => fail_for(&input, "cannot be parsed as a number"),
    }
}

fn explode(runtime: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let Some(text) = input.text() else { return fail("explode input must be a string") };
    runtime.meter.room((text.len() * size_of::<Value>()) as u64)?;
    Ok(text.chars().map(|letter| Value::from(letter as usize)).collect::<Array>().into())
}

fn implode(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let Value::Array(codes) = &input else { return fail("implode input must be an array") };
    let mut text = String::with_capacity(codes.len());
    for code in codes.as_slice() {
        let Some(number) = code.number() else {
            let shown = excerpt(code, EXCERPT_BYTES);
            return fail(format!(
                "{} ({shown}) can't be imploded, unicode codepoint needs to be numeric",
                code.kind()
            ));
        };
        text.push(char::from_u32(number as u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(Value::from(text))
}

/// The parts of a text between separators; all characters for an empty one.
pub(in crate::data::jq) fn split(text: &str, separator: &str) -> Value {
    if text.is_empty() {
        return Value::from(Vec::new());
    }
    if separator.is_empty() {
        let letters = text.chars().map(|letter| Value::from(&*letter.encode_utf8(&mut [0; 4])));
        return letters.collect::<Array>().into();
    }
    text.split(separator).map(Value::from).collect::<Array>().into()
}

/// Where a string stands in another, overlapping itself too, counted in characters.
fn positions(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let wanted = arg(args, 0);
    let (Some(text), Some(part)) = (input.text(), wanted.text()) else {
        return match wanted.text() {
            Some(key) => fail(format!("Cannot index {} with string \"{key}\"", input.kind())),
            None => fail(format!("Cannot index {} with {}", input.kind(), wanted.kind())),
        };
    };
    let mut found = Vec::new();
    let (mut at, mut letters) = (0, 0);
    let finder = memchr::memmem::Finder::new(part.as_bytes());
    while !part.is_empty()
        && let Some(next) = finder.find(text.as_bytes().get(at..).unwrap_or_default())
    {
        letters += text.get(at..at + next).unwrap_or_default().chars().count();
        found.push(Value::from(letters));
        // One character on: the next may overlap this one.
        let first = text.get(at + next..).and_then(|rest| rest.chars().next());
        at += next + first.map_or(1, char::len_utf8);
        letters += 1;
    }
    Ok(Value::from(found))
}
