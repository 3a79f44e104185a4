//! Numbers.

use super::{Native, arg, native};
use crate::data::jq::error::Error;
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::Value;

macro_rules! unary {
    ($name:literal, $function:expr) => {
        native($name, 0, |_, input, _| {
            let function: fn(f64) -> f64 = $function;
            Ok(Value::Number(function(input.need_number()?)))
        })
    };
}

macro_rules! binary {
    ($name:literal, $function:expr) => {
        native($name, 2, |_, _, args| {
            let function: fn(f64, f64) -> f64 = $function;
            Ok(Value::Number(function(arg(args, 0).need_number()?, arg(args, 1).need_number()?)))
        })
    };
}

pub(super) const TABLE: &[Native] = &[
    unary!("floor", f64::floor),
    unary!("ceil", f64::ceil),
    unary!("round", f64::round),
    unary!("trunc", f64::trunc),
    unary!("rint", f64::round_ties_even),
    unary!("nearbyint", f64::round_ties_even),
    unary!("fabs", f64::abs),
    unary!("sqrt", f64::sqrt),
    unary!("cbrt", f64::cbrt),
    unary!("exp", f64::exp),
    unary!("exp2", f64::exp2),
    unary!("exp10", libm::exp10),
    unary!("pow10", libm::exp10),
    unary!("expm1", f64::exp_m1),
    unary!("log", f64::ln),
    unary!("log2", f64::log2),
    unary!("log10", f64::log10),
    unary!("log1p", f64::ln_1p),
    unary!("logb", logb),
    unary!("sin", f64::sin),
    unary!("cos", f64::cos),
    unary!("tan", f64::tan),
    unary!("asin", f64::asin),
    unary!("acos", f64::acos),
    unary!("atan", f64::atan),
    unary!("sinh", f64::sinh),
    unary!("cosh", f64::cosh),
    unary!("tanh", f64::tanh),
    unary!("asinh", libm::asinh),
    unary!("acosh", libm::acosh),
    unary!("atanh", libm::atanh),
    unary!("gamma", libm::lgamma),
    unary!("lgamma", libm::lgamma),
    unary!("tgamma", libm::tgamma),
    unary!("j0", libm::j0),
    unary!("j1", libm::j1),
    unary!("y0", libm::y0),
    unary!("y1", libm::y1),
    unary!("significand", significand),
    binary!("pow", f64::powf),
    binary!("atan2", f64::atan2),
    binary!("fmod", |one, two| one % two),
    binary!("fmin", f64::min),
    binary!("fmax", f64::max),
    binary!("fdim", libm::fdim),
    binary!("hypot", f64::hypot),
    binary!("copysign", f64::copysign),
    binary!("nextafter", libm::nextafter),
    binary!("nexttoward", libm::nextafter),
    binary!("drem", libm::remainder),
    binary!("ldexp", |one, two| libm::ldexp(one, clamped(two))),
    binary!("scalb", |one, two| one * two.exp2()),
    binary!("scalbln", |one, two| libm::ldexp(one, clamped(two))),
    binary!("jn", |order, of| libm::jn(clamped(order), of)),
    binary!("yn", |order, of| libm::yn(clamped(order), of)),
    native("fma", 3, |_, _, args| {
        let number = |at| arg(args, at).need_number();
        Ok(Value::Number(number(0)?.mul_add(number(1)?, number(2)?)))
    }),
    native("frexp", 0, |_, input, _| {
        let (fraction, exponent) = libm::frexp(input.need_number()?);
        Ok(Value::from(vec![Value::Number(fraction), Value::Number(f64::from(exponent))]))
    }),
    native("modf", 0, |_, input, _| {
        let number = input.need_number()?;
        let whole = number.trunc();
        let fraction = if number.is_infinite() { 0.0 } else { number - whole };
        let fraction = Value::Number(fraction.copysign(number));
        Ok(Value::from(vec![fraction, Value::Number(whole)]))
    }),
    native("lgamma_r", 0, |_, input, _| {
        let (value, sign) = libm::lgamma_r(input.need_number()?);
        Ok(Value::from(vec![Value::Number(value), Value::Number(f64::from(sign))]))
    }),
    native("abs", 0, abs),
    native("infinite", 0, |_, _, _| Ok(Value::Number(f64::INFINITY))),
    native("nan", 0, |_, _, _| Ok(Value::Number(f64::NAN))),
    native("isinfinite", 0, |_, input, _| Ok(Value::Bool(input.need_number()?.is_infinite()))),
    native("isnan", 0, |_, input, _| Ok(Value::Bool(input.need_number()?.is_nan()))),
    native("isnormal", 0, |_, input, _| Ok(Value::Bool(input.need_number()?.is_normal()))),
];

fn abs(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    match input.number() {
        Some(number) if number < 0.0 => Ok(Value::Number(-number)),
        Some(_) => Ok(input),
        None => crate::data::jq::error::fail_for(&input, "has no absolute value"),
    }
}

/// The exponent of a number as an integer.
fn clamped(number: f64) -> i32 {
    number.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32
}

fn logb(number: f64) -> f64 {
    if number == 0.0 {
        return f64::NEG_INFINITY;
    }
    if !number.is_finite() {
        return number.abs();
    }
    f64::from(libm::frexp(number).1 - 1)
}

fn significand(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    libm::frexp(number).0 * 2.0
}
