//! Getting, setting and deleting by paths. Paths are walked, never recursed into.

use super::error::{Error, fail};
use super::meter::Meter;
use super::object::Object;
use super::order::compare;
use super::value::{Array, Text, Value};

/// How long an array may become by setting an element past its end.
const INDEX_MAX: f64 = 536_870_911.0;

/// `.[key]`
pub(super) fn index(of: &Value, key: &Value) -> Result<Value, Error> {
    match (of, key) {
        (Value::Object(object), Value::String(key)) => {
            Ok(object.get(key.as_str()).cloned().unwrap_or_default())
        }
        (Value::Array(array), Value::Number(_) | Value::Literal(_)) => {
            let at = key.number().unwrap_or(f64::NAN);
            Ok(position(at, array.len()).and_then(|at| array.get(at)).cloned().unwrap_or_default())
        }
        (Value::Array(array), Value::Object(bounds)) => {
            let (start, end) = slice_bounds(bounds, array.len())?;
            Ok(Value::from(array.as_slice().get(start..end).unwrap_or_default().to_vec()))
        }
        (Value::String(text), Value::Object(bounds)) => {
            let text = text.as_str();
            let (start, end) = slice_bounds(bounds, text.chars().count())?;
            Ok(Value::from(substring(text, start, end)))
        }
        (Value::Array(one), Value::Array(two)) => Ok(super::natives::positions(one, two)),
        (
            Value::Null,
            Value::String(_) | Value::Number(_) | Value::Literal(_) | Value::Object(_),
        ) => Ok(Value::Null),
        _ => cannot_index(of, key),
    }
}

/// The characters from `start` to `end`, by count.
pub(super) fn substring(text: &str, start: usize, end: usize) -> &str {
    if text.is_ascii() {
        return text.get(start..end).unwrap_or_default();
    }
    let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let from = places.nth(start).unwrap_or(text.len());
    let to = match end.checked_sub(start + 1) {
        Some(more) => places.nth(more).unwrap_or(text.len()),
        None => from,
    };
    text.get(from..to).unwrap_or_default()
}

fn cannot_index<T>(of: &Value, key: &Value) -> Result<T, Error> {
    match key.text() {
        Some(key) => fail(format!("Cannot index {} with string \"{key}\"", of.kind())),
        None => fail(format!("Cannot index {} with {}", of.kind(), key.kind())),
    }
}

/// An index as a place; negative ones count from the end. `None` if it is before the start.
fn position(at: f64, length: usize) -> Option<usize> {
    let at = at.trunc();
    let at = if at < 0.0 { at + length as f64 } else { at };
    (at >= 0.0).then_some(at as usize)
}

fn slice_bounds(bounds: &Object, length: usize) -> Result<(usize, usize), Error> {
    let bound = |name: &str, absent: f64| match bounds.get(name) {
        Some(Value::Null) => Ok(absent),
        Some(value) if value.number().is_some() => Ok(value.number().unwrap_or(absent)),
        _ => fail("Start and end indices of an array slice must be numbers"),
    };
    let long = length as f64;
    let place = |at: f64| (if at < 0.0 { at + long } else { at }).clamp(0.0, long);
    let start = place(bound("start", 0.0)?).floor();
    let end = place(bound("end", long)?).ceil().max(start);
    Ok((start as usize, end as usize))
}

/// Sets `.[key]`.
pub(super) fn set(
    of: &mut Value,
    key: &Value,
    value: Value,
    meter: &mut Meter,
) -> Result<(), Error> {
    match (&mut *of, key) {
        (Value::Object(object), Value::String(key)) => object.insert(key.clone(), value),
        (Value::Null, Value::String(key)) => {
            let mut object = Object::new();
            object.insert(key.clone(), value);
            *of = Value::Object(object);
        }
        (Value::Array(_) | Value::Null, Value::Number(_) | Value::Literal(_)) => {
            let at = key.number().unwrap_or(f64::NAN);
            let at =
                if at.is_nan() { return fail("Cannot set array element at NaN index") } else { at };
            let array = as_array(of);
            let length = array.len();
            let Some(place) = position(at, length) else {
                return fail("Out of bounds negative array index");
            };
            if at > INDEX_MAX {
                return fail("Array index too large");
            }
            if place >= length {
                meter.room(((place - length) * size_of::<Value>()) as u64)?;
            }
            array.edit(|items| {
                if place >= items.len() {
                    items.resize(place + 1, Value::Null);
                }
                if let Some(item) = items.get_mut(place) {
                    *item = value;
                }
            });
        }
        (Value::Array(_) | Value::Null, Value::Object(bounds)) => {
            let Value::Array(value) = value else {
                return fail("A slice of an array can only be assigned another array");
            };
            let array = as_array(of);
            let (start, end) = slice_bounds(bounds, array.len())?;
            array.edit(|items| drop(items.splice(start..end, value.into_vec())));
        }
        (Value::String(_), Value::Object(_)) => {
            return fail("Cannot update field at object index of string");
        }
        (Value::Array(_), Value::Array(_)) => {
            return fail("Cannot update field at array index of array");
        }
        _ => return cannot_index(of, key),
    }
    Ok(())
}

fn as_array(value: &mut Value) -> &mut Array {
    if !matches!(value, Value::Array(_)) {
        *value = Value::Array(Array::default());
    }
    match value {
        Value::Array(array) => array,
        _ => unreachable!("it was just made one"),
    }
}

/// What stands at a path; `null` where it leads nowhere.
pub(super) fn get(root: &Value, path: &[Value]) -> Result<Value, Error> {
    let mut value = root.clone();
    for key in path {
        value = index(&value, key)?;
    }
    Ok(value)
}

/// As `getpath`: below `null` everything is `null`, whatever the key.
pub(super) fn get_lenient(root: &Value, path: &[Value]) -> Result<Value, Error> {
    let mut value = root.clone();
    for key in path {
        if matches!(value, Value::Null) {
            return Ok(Value::Null);
        }
        value = index(&value, key)?;
    }
    Ok(value)
}

/// Takes out what stands at a path, so that it has no other owner, if it can be left empty a while.
pub(super) fn take_out(
    root: &mut Value,
    path: &[Value],
    meter: &mut Meter,
) -> Result<Value, Error> {
    if path.iter().any(|key| matches!(key, Value::Object(_))) {
        return get(root, path);
    }
    let mut old = Value::Null;
    update(root, path, meter, |value| {
        old = value;
        Ok(Value::Null)
    })?;
    Ok(old)
}

/// Replaces what stands at a path by what `change` makes of it. The values on the way are taken
/// out and put back, so that what has no other owner is changed in place.
pub(super) fn update(
    root: &mut Value,
    path: &[Value],
    meter: &mut Meter,
    change: impl FnOnce(Value) -> Result<Value, Error>,
) -> Result<(), Error> {
    let mut above: Vec<(Value, &Value)> = Vec::with_capacity(path.len());
    let mut current = std::mem::take(root);
    for key in path {
        let inner = take(&mut current, key)?;
        above.push((current, key));
        current = inner;
    }
    current = change(current)?;
    while let Some((mut outer, key)) = above.pop() {
        set(&mut outer, key, current, meter)?;
        current = outer;
    }
    *root = current;
    Ok(())
}

/// The value at `key`, taken out if that needs no look at the others.
fn take(of: &mut Value, key: &Value) -> Result<Value, Error> {
    match (&mut *of, key) {
        (Value::Object(object), Value::String(key)) => {
            Ok(object.take(key.as_str()).unwrap_or_default())
        }
        (Value::Array(array), Value::Number(_) | Value::Literal(_)) => {
            let at = key.number().and_then(|at| position(at, array.len()));
            match at.filter(|at| *at < array.len()) {
                Some(at) => Ok(array
                    .edit(|items| items.get_mut(at).map(std::mem::take))
                    .unwrap_or_default()),
                None => Ok(Value::Null),
            }
        }
        _ => index(of, key),
    }
}

pub(super) fn set_path(
    root: &mut Value,
    path: &[Value],
    value: Value,
    meter: &mut Meter,
) -> Result<(), Error> {
    update(root, path, meter, |_| Ok(value))
}

/// Removes what the paths lead to, the last ones first, so that none moves another.
pub(super) fn delete(
    root: &mut Value,
    mut paths: Vec<Value>,
    meter: &mut Meter,
) -> Result<(), Error> {
    paths.sort_by(|one, two| compare(two, one));
    for path in &paths {
        let Value::Array(path) = path else {
            return fail(format!("Path must be specified as array, not {}", path.kind()));
        };
        let Some((last, parents)) = path.as_slice().split_last() else {
            *root = Value::Null;
            return Ok(());
        };
        if matches!(get_lenient(root, parents)?, Value::Null) {
            continue;
        }
        update(root, parents, meter, |mut of| {
            delete_key(&mut of, last)?;
            Ok(of)
        })?;
    }
    Ok(())
}

fn delete_key(of: &mut Value, key: &Value) -> Result<(), Error> {
    match (&mut *of, key) {
        (Value::Null, _) => {}
        (Value::Object(object), Value::String(key)) => drop(object.remove(key.as_str())),
        (Value::Array(array), Value::Number(_) | Value::Literal(_)) => {
            let at = key.number().and_then(|at| position(at, array.len()));
            if let Some(at) = at.filter(|at| *at < array.len()) {
                drop(array.edit(|items| items.remove(at)));
            }
        }
        (Value::Array(array), Value::Object(bounds)) => {
            let (start, end) = slice_bounds(bounds, array.len())?;
            array.edit(|items| drop(items.drain(start..end)));
        }
        (Value::Array(_), Value::String(_)) => {
            return fail("Cannot delete field at object index of array");
        }
        (Value::Object(_), Value::Number(_) | Value::Literal(_)) => {
            return fail("Cannot delete field at array index of object");
        }
        (Value::Array(_), _) => {
            return fail(format!("Cannot delete {} element of array", key.kind()));
        }
        (Value::Object(_), _) => {
            return fail(format!("Cannot delete {} field of object", key.kind()));
        }
        _ => return fail(format!("Cannot delete fields from {}", of.kind())),
    }
    Ok(())
}

/// The key of a slice.
pub(super) fn slice_key(start: Value, end: Value) -> Value {
    let entries: [(Text, Value); 2] = [("start".into(), start), ("end".into(), end)];
    Value::Object(entries.into_iter().collect())
}
