//! Types, keys, paths and containment.

use super::{Native, arg, native};
use crate::data::jq::error::{EXCERPT_BYTES, Error, fail, fail_for};
use crate::data::jq::object::Object;
use crate::data::jq::order::equal;
use crate::data::jq::path;
use crate::data::jq::print::{excerpt, json};
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::{Array, Value};

pub(super) const TABLE: &[Native] = &[
    native("type", 0, |_, input, _| Ok(Value::from(input.kind()))),
    native("length", 0, length),
    native("keys", 0, |_, input, _| keys(&input, true)),
    native("keys_unsorted", 0, |_, input, _| keys(&input, false)),
    native("has", 1, has),
    native("contains", 1, |_, input, args| contains(&input, arg(args, 0), 0).map(Value::Bool)),
    native("setpath", 2, |runtime, mut input, args| match arg(args, 0) {
        Value::Array(keys) => {
            path::set_path(&mut input, keys.as_slice(), arg(args, 1).clone(), &mut runtime.meter)?;
            Ok(input)
        }
        _ => fail("Path must be specified as an array"),
    }),
    native("delpaths", 1, |runtime, mut input, args| match arg(args, 0) {
        Value::Array(paths) => {
            path::delete(&mut input, paths.as_slice().to_vec(), &mut runtime.meter)?;
            Ok(input)
        }
        _ => fail("Paths must be specified as an array"),
    }),
    native("from_entries", 0, from_entries),
    native("tojson", 0, |runtime, input, _| Ok(Value::from(json(&input, runtime)?))),
    native("tostring", 0, |runtime, input, _| match input {
        Value::String(_) => Ok(input),
        other => Ok(Value::from(json(&other, runtime)?)),
    }),
    native("builtins", 0, |_, _, _| Ok(Value::from(super::names()))),
    native("error", 1, |_, _, args| Err(Error::Value(arg(args, 0).clone()))),
];

fn length(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    Ok(match &input {
        Value::Null => Value::from(0usize),
        Value::Bool(_) => return fail_for(&input, "has no length"),
        Value::Number(number) => Value::Number(number.abs()),
        Value::Literal(literal) => Value::Number(literal.number.abs()),
        Value::String(text) => Value::from(text.as_str().chars().count()),
        Value::Array(array) => Value::from(array.len()),
        Value::Object(object) => Value::from(object.len()),
    })
}

fn keys(input: &Value, sorted: bool) -> Result<Value, Error> {
    Ok(match input {
        Value::Object(object) if sorted => {
            let keys = object.sorted().into_iter().map(|(key, _)| Value::String(key.clone()));
            keys.collect::<Array>().into()
        }
        Value::Object(object) => {
            object.iter().map(|(key, _)| Value::String(key.clone())).collect::<Array>().into()
        }
        Value::Array(array) => (0..array.len()).map(Value::from).collect::<Array>().into(),
        other => return fail_for(other, "has no keys"),
    })
}

fn has(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    match (&input, arg(args, 0)) {
        (Value::Object(object), Value::String(key)) => {
            Ok(Value::Bool(object.get(key.as_str()).is_some()))
        }
        (Value::Array(array), key @ (Value::Number(_) | Value::Literal(_))) => {
            let at = key.number().unwrap_or(f64::NAN);
            Ok(Value::Bool(at >= 0.0 && at < array.len() as f64))
        }
        (of, key) => fail(format!("Cannot check whether {} has a {} key", of.kind(), key.kind())),
    }
}

/// How deep containment is looked for.
const CONTAINS_MAX: usize = 2000;

fn contains(one: &Value, two: &Value, depth: usize) -> Result<bool, Error> {
    if depth > CONTAINS_MAX {
        return fail("Values are nested too deeply to be compared");
    }
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            for (key, value) in two.iter() {
                match one.get(key.as_str()) {
                    Some(found) if within(found, value, depth)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Value::Array(one), Value::Array(two)) => {
            for wanted in two.as_slice() {
                let mut found = false;
                for item in one.as_slice() {
                    if within(item, wanted, depth)? {
                        found = true;
                        break;
                    }
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::String(one), Value::String(two)) => Ok(one.as_str().contains(two.as_str())),
        (one, two) if one.kind() == two.kind() => Ok(equal(one, two)),
        (one, two) => {
            let shown =
                |value: &Value| format!("{} ({})", value.kind(), excerpt(value, EXCERPT_BYTES));
            fail(format!("{} and {} cannot have their containment checked", shown(one), shown(two)))
        }
    }
}

/// Inside containers, values of different kinds just don't contain each other.
fn within(one: &Value, two: &Value, depth: usize) -> Result<bool, Error> {
    if one.kind() == two.kind() { contains(one, two, depth + 1) } else { Ok(equal(one, two)) }
}

/// `key`, `k`, `name`, `Name`, `Key` or `K` with `value`, `v`, `Value` or `V`.
fn from_entries(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let items: Vec<Value> = match &input {
        Value::Array(array) => array.as_slice().to_vec(),
        Value::Object(object) => object.iter().map(|(_, value)| value.clone()).collect(),
        other => {
            return fail(format!(
                "Cannot iterate over {} ({})",
                other.kind(),
                excerpt(other, EXCERPT_BYTES)
            ));
        }
    };
    let mut object = Object::new();
    for item in &items {
        let entry = match item {
            Value::Object(entry) => entry,
            other => return fail(format!("Cannot index {} with string \"key\"", other.kind())),
        };
        let names = ["key", "k", "name", "Name", "Key", "K"];
        let key = names.into_iter().filter_map(|name| entry.get(name)).find(|key| key.truth());
        let key = match key.unwrap_or(&Value::Null) {
            Value::String(key) => key.clone(),
            other => {
                let shown = excerpt(other, EXCERPT_BYTES);
                return fail(format!("Cannot use {} ({shown}) as object key", other.kind()));
            }
        };
        let value = ["value", "v", "Value", "V"].into_iter().find_map(|name| entry.get(name));
        object.insert(key, value.cloned().unwrap_or_default());
    }
    Ok(Value::Object(object))
}

/// Where one array stands in another.
pub(in crate::data::jq) fn positions(one: &Array, two: &Array) -> Value {
    let wanted = two.as_slice();
    if wanted.is_empty() {
        return Value::from(Vec::new());
    }
    let windows = one.as_slice().windows(wanted.len()).enumerate();
    let same = |window: &[Value]| window.iter().zip(wanted).all(|(one, two)| equal(one, two));
    windows
        .filter(|(_, window)| same(window))
        .map(|(at, _)| Value::from(at))
        .collect::<Array>()
        .into()
}
