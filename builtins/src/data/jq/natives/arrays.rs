//! Sorting, grouping, and what else needs a whole array.

use std::cmp::Ordering;

use super::{Native, arg, native};
use crate::data::jq::arith::add;
use crate::data::jq::error::{EXCERPT_BYTES, Error, fail, fail_for};
use crate::data::jq::order::{compare, equal};
use crate::data::jq::print::excerpt;
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::{Array, Value};

pub(super) const TABLE: &[Native] = &[
    native("add", 0, sum),
    native("sort", 0, sort),
    native("_sort_by", 1, |_, input, args| Ok(values(sorted_by(input, arg(args, 0))?))),
    native("_group_by", 1, group_by),
    native("_unique_by", 1, unique_by),
    native("unique", 0, unique),
    native("min", 0, |_, input, _| extreme(&input, &input, Ordering::is_lt)),
    native("max", 0, |_, input, _| extreme(&input, &input, Ordering::is_ge)),
    native("_min_by", 1, |_, input, args| extreme(&input, arg(args, 0), Ordering::is_lt)),
    native("_max_by", 1, |_, input, args| extreme(&input, arg(args, 0), Ordering::is_ge)),
    native("reverse", 0, reverse),
    native("flatten", 0, |runtime, input, _| flatten(runtime, &input, f64::INFINITY)),
    native("flatten", 1, |runtime, input, args| match arg(args, 0).number() {
        Some(depth) if depth < 0.0 => fail("flatten depth must not be negative"),
        Some(depth) => flatten(runtime, &input, depth),
        None => fail_for(arg(args, 0), "number required"),
    }),
    native("transpose", 0, transpose),
    native("bsearch", 1, bsearch),
    native("join", 1, join),
];

fn sum(runtime: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let mut total = Value::Null;
    let items: Vec<Value> = match input {
        Value::Array(array) => array.into_vec(),
        Value::Object(object) => object.iter().map(|(_, value)| value.clone()).collect(),
        other => {
            return fail(format!(
                "Cannot iterate over {} ({})",
                other.kind(),
                excerpt(&other, EXCERPT_BYTES)
            ));
        }
    };
    for (at, item) in items.into_iter().enumerate() {
        if at % 1024 == 1023 {
            runtime.check()?;
        }
        total = add(total, item, &mut runtime.meter)?;
    }
    Ok(total)
}

fn values(pairs: Vec<(Value, Value)>) -> Value {
    pairs.into_iter().map(|(_, value)| value).collect::<Array>().into()
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

fn sort(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let Value::Array(mut array) = input else {
        return fail_for(&input, "cannot be sorted, as it is not an array");
    };
    array.edit(|items| items.sort_by(compare));
    Ok(Value::Array(array))
}

fn unique(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let Value::Array(mut array) = input else {
        return fail(format!(
            "Cannot iterate over {} ({})",
            input.kind(),
            excerpt(&input, EXCERPT_BYTES)
        ));
    };
    array.edit(|items| {
        items.sort_by(compare);
        items.dedup_by(|later, first| compare(later, first).is_eq());
    });
    Ok(Value::Array(array))
}

/// Keys with values, sorted by key.
fn sorted_by(input: Value, keys: &Value) -> Result<Vec<(Value, Value)>, Error> {
    let (Value::Array(items), Value::Array(keys)) = (&input, keys) else {
        let shown = |value: &Value| format!("{} ({})", value.kind(), excerpt(value, EXCERPT_BYTES));
        return fail(format!(
            "{} and {} cannot be sorted, as they are not both arrays",
            shown(&input),
            shown(keys)
        ));
    };
    let pairs = keys.as_slice().iter().cloned().zip(items.as_slice().iter().cloned());
    let mut pairs: Vec<(Value, Value)> = pairs.collect();
    pairs.sort_by(|one, two| compare(&one.0, &two.0));
    Ok(pairs)
}

fn group_by(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (key, value) in sorted_by(input, arg(args, 0))? {
        match groups.last_mut() {
            Some((known, group)) if compare(known, &key).is_eq() => group.push(value),
            _ => groups.push((key, vec![value])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| Value::from(group)).collect::<Array>().into())
}

fn unique_by(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let mut pairs = sorted_by(input, arg(args, 0))?;
    pairs.dedup_by(|later, first| compare(&later.0, &first.0).is_eq());
    Ok(values(pairs))
}

fn extreme(input: &Value, keys: &Value, better: fn(Ordering) -> bool) -> Result<Value, Error> {
    let (Value::Array(items), Value::Array(keys)) = (input, keys) else {
        let shown = |value: &Value| format!("{} ({})", value.kind(), excerpt(value, EXCERPT_BYTES));
        return fail(format!("{} and {} cannot be iterated over", shown(input), shown(keys)));
    };
    let mut best: Option<(&Value, &Value)> = None;
    for (key, item) in keys.as_slice().iter().zip(items.as_slice()) {
        if best.is_none_or(|(known, _)| better(compare(key, known))) {
            best = Some((key, item));
        }
    }
    Ok(best.map_or(Value::Null, |(_, item)| item.clone()))
}

fn reverse(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    match input {
        Value::Array(mut array) => {
            array.edit(|items| items.reverse());
            Ok(Value::Array(array))
        }
        Value::Null => Ok(Value::from(Vec::new())),
        Value::String(text) if text.as_str().is_empty() => Ok(Value::from(Vec::new())),
        Value::Object(object) if object.len() == 0 => Ok(Value::from(Vec::new())),
        other => fail(format!("Cannot index {} with number", other.kind())),
    }
}

/// An array's or an object's items one level down, level by level, without recursion.
fn flatten(runtime: &mut Runtime<'_>, input: &Value, depth: f64) -> Result<Value, Error> {
    let items: Vec<Value> = match input {
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
    let mut out = Array::default();
    let mut pending: Vec<(Value, f64)> =
        items.into_iter().rev().map(|item| (item, depth)).collect();
    let mut steps = 0u32;
    while let Some((item, depth)) = pending.pop() {
        steps += 1;
        if steps.is_multiple_of(1024) {
            runtime.check()?;
        }
        match item {
            Value::Array(array) if depth > 0.0 => {
                pending.extend(array.into_vec().into_iter().rev().map(|item| (item, depth - 1.0)));
            }
            item => out.push(item),
        }
    }
    Ok(Value::Array(out))
}

fn transpose(runtime: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let Value::Array(rows) = &input else {
        return fail(format!(
            "Cannot iterate over {} ({})",
            input.kind(),
            excerpt(&input, EXCERPT_BYTES)
        ));
    };
    let mut width = 0;
    for row in rows.as_slice() {
        match row {
            Value::Array(row) => width = width.max(row.len()),
            other => return fail(format!("Cannot index {} with number", other.kind())),
        }
    }
    runtime.meter.room((width * rows.len() * size_of::<Value>()) as u64)?;
    let column = |at: usize| -> Value {
        let cell = |row: &Value| match row {
            Value::Array(row) => row.get(at).cloned().unwrap_or_default(),
            _ => Value::Null,
        };
        rows.as_slice().iter().map(cell).collect::<Array>().into()
    };
    Ok((0..width).map(column).collect::<Array>().into())
}

/// Where a value is in a sorted array, or -1 less the place where it should be.
fn bsearch(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let Value::Array(array) = &input else {
        return fail_for(&input, "cannot be searched from");
    };
    let wanted = arg(args, 0);
    let found = array.as_slice().binary_search_by(|item| compare(item, wanted));
    Ok(Value::Number(match found {
        Ok(at) => {
            // The first of equal ones would be as good as any; jq takes what halving finds.
            debug_assert!(array.get(at).is_some_and(|item| compare(item, wanted).is_eq()));
            at as f64
        }
        Err(at) => -1.0 - at as f64,
    }))
}

fn join(runtime: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let separator = arg(args, 0);
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
    let mut total: Option<Value> = None;
    for (at, item) in items.into_iter().enumerate() {
        if at % 1024 == 1023 {
            runtime.check()?;
        }
        let item = match item {
            Value::Null => Value::from(""),
            item @ (Value::Bool(_) | Value::Number(_) | Value::Literal(_)) => {
                Value::from(crate::data::jq::format::text(&item))
            }
            item => item,
        };
        let so_far = match total {
            None => Value::from(""),
            Some(text) => add(text, separator.clone(), &mut runtime.meter)?,
        };
        total = Some(add(so_far, item, &mut runtime.meter)?);
    }
    debug_assert!(total.as_ref().is_none_or(|total| !equal(total, &Value::Null)));
    Ok(total.unwrap_or_else(|| Value::from("")))
}
