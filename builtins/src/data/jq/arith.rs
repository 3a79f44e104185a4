//! Operators on values.

use std::cmp::Ordering;

use super::ast::Operator;
use super::error::{EXCERPT_BYTES, Error, fail};
use super::meter::Meter;
use super::object::Object;
use super::order::{compare_strictly, equal};
use super::print::excerpt;
use super::value::Value;

pub(super) fn operate(
    operator: Operator,
    one: Value,
    two: Value,
    meter: &mut Meter,
) -> Result<Value, Error> {
    use Operator::{
        Add, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, Modulo, Multiply, NotEqual,
        Subtract,
    };
    let order =
        |wanted: &dyn Fn(Ordering) -> bool| Ok(Value::Bool(wanted(compare_strictly(&one, &two))));
    match operator {
        Add => add(one, two, meter),
        Subtract => subtract(one, two),
        Multiply => multiply(one, two, meter),
        Divide => divide(one, two),
        Modulo => modulo(&one, &two),
        Equal => Ok(Value::Bool(equal(&one, &two))),
        NotEqual => Ok(Value::Bool(!equal(&one, &two))),
        Less => order(&Ordering::is_lt),
        LessEqual => order(&Ordering::is_le),
        Greater => order(&Ordering::is_gt),
        GreaterEqual => order(&Ordering::is_ge),
    }
}

fn cannot<T>(one: &Value, two: &Value, what: &str) -> Result<T, Error> {
    let shown = |value: &Value| format!("{} ({})", value.kind(), excerpt(value, EXCERPT_BYTES));
    fail(format!("{} and {} cannot be {what}", shown(one), shown(two)))
}

/// Sums of at least so many bytes are made only if there is room: repeated doubling would be past
/// every limit before the machine looks at its account.
const LARGE_BYTES: usize = 64 * 1024;

fn room_for(bytes: usize, meter: &mut Meter) -> Result<(), Error> {
    if bytes >= LARGE_BYTES {
        meter.room(bytes as u64 * 2)?;
    }
    Ok(())
}

pub(super) fn add(one: Value, two: Value, meter: &mut Meter) -> Result<Value, Error> {
    match (one, two) {
        (Value::Null, other) | (other, Value::Null) => Ok(other),
        (Value::Number(one), Value::Number(two)) => Ok(Value::Number(one + two)),
        (Value::String(mut one), Value::String(two)) => {
            room_for(two.as_str().len(), meter)?;
            one.push_str(two.as_str());
            Ok(Value::String(one))
        }
        (Value::Array(mut one), Value::Array(two)) => {
            if one.len() == 0 {
                return Ok(Value::Array(two));
            }
            room_for(two.len() * size_of::<Value>(), meter)?;
            match two.as_slice() {
                [only] => one.push(only.clone()),
                items => one.edit(|all| all.extend_from_slice(items)),
            }
            Ok(Value::Array(one))
        }
        (Value::Object(mut one), Value::Object(two)) => {
            for (key, value) in two.iter() {
                one.insert(key.clone(), value.clone());
            }
            Ok(Value::Object(one))
        }
        (one, two) => match (one.number(), two.number()) {
            (Some(one), Some(two)) => Ok(Value::Number(one + two)),
            _ => cannot(&one, &two, "added"),
        },
    }
}

fn subtract(one: Value, two: Value) -> Result<Value, Error> {
    match (one, two) {
        (Value::Array(mut one), Value::Array(two)) => {
            one.edit(|items| {
                items.retain(|item| !two.as_slice().iter().any(|other| equal(item, other)));
            });
            Ok(Value::Array(one))
        }
        (one, two) => match (one.number(), two.number()) {
            (Some(one), Some(two)) => Ok(Value::Number(one - two)),
            _ => cannot(&one, &two, "subtracted"),
        },
    }
}

fn multiply(one: Value, two: Value, meter: &mut Meter) -> Result<Value, Error> {
    match (one, two) {
        (Value::String(text), count @ (Value::Number(_) | Value::Literal(_)))
        | (count @ (Value::Number(_) | Value::Literal(_)), Value::String(text)) => {
            repeat(text.as_str(), count.number().unwrap_or(0.0), meter)
        }
        (Value::Object(one), Value::Object(two)) => Ok(Value::Object(merge(one, two, 0)?)),
        (one, two) => match (one.number(), two.number()) {
            (Some(one), Some(two)) => Ok(Value::Number(one * two)),
            _ => cannot(&one, &two, "multiplied"),
        },
    }
}

/// A count of 0.5 repeats once; of zero or less gives `null`.
fn repeat(text: &str, count: f64, meter: &mut Meter) -> Result<Value, Error> {
    if count.is_nan() || count <= 0.0 {
        return Ok(Value::Null);
    }
    let count = if count < 1.0 { 1.0 } else { count };
    let bytes = text.len() as f64 * count.floor();
    if bytes > f64::from(i32::MAX) {
        return fail("Repeat string result too long");
    }
    meter.room(bytes as u64)?;
    Ok(Value::from(text.repeat(count as usize)))
}

/// How deep objects are merged into each other.
const MERGE_MAX: usize = 1000;

fn merge(mut one: Object, two: Object, depth: usize) -> Result<Object, Error> {
    if depth > MERGE_MAX {
        return fail("Objects are nested too deeply to be merged");
    }
    for (key, value) in two.iter() {
        let merged = match (one.get(key.as_str()), value) {
            (Some(Value::Object(_)), Value::Object(right)) => match one.take(key.as_str()) {
                Some(Value::Object(left)) => Value::Object(merge(left, right.clone(), depth + 1)?),
                _ => value.clone(),
            },
            _ => value.clone(),
        };
        one.insert(key.clone(), merged);
    }
    Ok(one)
}

fn divide(one: Value, two: Value) -> Result<Value, Error> {
    match (&one, &two) {
        (Value::String(text), Value::String(separator)) => {
            Ok(super::natives::split(text.as_str(), separator.as_str()))
        }
        _ => match (one.number(), two.number()) {
            (Some(_), Some(0.0)) => cannot(&one, &two, "divided because the divisor is zero"),
            (Some(one), Some(two)) => Ok(Value::Number(one / two)),
            _ => cannot(&one, &two, "divided"),
        },
    }
}

/// Of whole numbers, with the sign of the first.
fn modulo(one: &Value, two: &Value) -> Result<Value, Error> {
    let (Some(left), Some(right)) = (one.number(), two.number()) else {
        return cannot(one, two, "divided (remainder)");
    };
    if left.is_nan() || right.is_nan() {
        return Ok(Value::Number(f64::NAN));
    }
    // Casting saturates, as jq's does.
    let (left, right) = (left as i64, (right as i64).unsigned_abs());
    if right == 0 {
        return cannot(one, two, "divided (remainder) because the divisor is zero");
    }
    let rest = (left.unsigned_abs() % right) as f64;
    Ok(Value::Number(if left < 0 { -rest } else { rest }))
}

pub(super) fn negate(value: &Value) -> Result<Value, Error> {
    match value.number() {
        Some(number) => Ok(Value::Number(-number)),
        None => super::error::fail_for(value, "cannot be negated"),
    }
}
