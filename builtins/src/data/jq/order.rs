//! The order of values: null, false, true, numbers, strings, arrays, objects.
//!
//! Objects compare by their sorted keys first, then value by value. Nothing recurses.

use std::cmp::Ordering;

use super::number::compare_literals;
use super::value::Value;

/// For sorting: a NaN is before every other number and equal to another.
pub(super) fn compare(one: &Value, two: &Value) -> Ordering {
    walk(one, two, |one, two| match (one.is_nan(), two.is_nan()) {
        (false, false) => one.partial_cmp(&two).unwrap_or(Ordering::Equal),
        (one, two) => two.cmp(&one),
    })
}

/// For operators: a NaN is less than anything, another NaN too, and so equals nothing.
pub(super) fn compare_strictly(one: &Value, two: &Value) -> Ordering {
    walk(one, two, |one, two| {
        one.partial_cmp(&two).unwrap_or(if one.is_nan() {
            Ordering::Less
        } else {
            Ordering::Greater
        })
    })
}

pub(super) fn equal(one: &Value, two: &Value) -> bool {
    compare_strictly(one, two) == Ordering::Equal
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) | Value::Literal(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

enum Todo<'a> {
    Pair(&'a Value, &'a Value),
    /// What decides once all before it was equal: the lengths of two lists.
    Then(Ordering),
}

/// Compares pair by pair; what is nested is put off on a list, in order.
fn walk(one: &Value, two: &Value, numbers: impl Fn(f64, f64) -> Ordering) -> Ordering {
    // Most comparisons are of scalars: no list is made for them.
    let mut pending: Vec<Todo<'_>> = Vec::new();
    let mut next = Todo::Pair(one, two);
    loop {
        let order = match next {
            Todo::Then(order) => order,
            Todo::Pair(one, two) => pair(one, two, &mut pending, &numbers),
        };
        if order != Ordering::Equal {
            return order;
        }
        match pending.pop() {
            Some(todo) => next = todo,
            None => return Ordering::Equal,
        }
    }
}

fn pair<'a>(
    one: &'a Value,
    two: &'a Value,
    pending: &mut Vec<Todo<'a>>,
    numbers: &impl Fn(f64, f64) -> Ordering,
) -> Ordering {
    match (one, two) {
        (Value::Literal(one), Value::Literal(two)) => compare_literals(one, two),
        (Value::String(one), Value::String(two)) => one.as_str().cmp(two.as_str()),
        (Value::Array(one), Value::Array(two)) => {
            let (one, two) = (one.as_slice(), two.as_slice());
            pending.push(Todo::Then(one.len().cmp(&two.len())));
            let common = one.len().min(two.len());
            let pairs = one.iter().take(common).zip(two.iter().take(common));
            pending.extend(pairs.map(|(one, two)| Todo::Pair(one, two)).rev());
            Ordering::Equal
        }
        (Value::Object(one), Value::Object(two)) => {
            let (one, two) = (one.sorted(), two.sorted());
            let keys = one.iter().map(|(key, _)| key.as_str());
            let order = keys.cmp(two.iter().map(|(key, _)| key.as_str()));
            if order == Ordering::Equal {
                let pairs = one.into_iter().zip(two);
                pending.extend(pairs.map(|(one, two)| Todo::Pair(one.1, two.1)).rev());
            }
            order
        }
        (one, two) => match (one.number(), two.number()) {
            (Some(one), Some(two)) => numbers(one, two),
            _ => rank(one).cmp(&rank(two)),
        },
    }
}
