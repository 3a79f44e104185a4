//! Dates: seconds since 1970 and broken-down times, `[year, month from 0, day, hours, minutes,
//! seconds, day of the week, day of the year]`.

use jiff::tz::TimeZone;

use super::strptime::{Broken, parse};
use super::{Native, arg, native};
use crate::data::jq::error::{Error, fail};
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::{Array, Value};
use crate::time::{Moment, format};

pub(super) const TABLE: &[Native] = &[
    native("gmtime", 0, |_, input, _| match input.number() {
        Some(seconds) => broken_down(seconds, &TimeZone::UTC),
        None => fail("gmtime() requires numeric inputs"),
    }),
    native("localtime", 0, |runtime, input, _| match input.number() {
        Some(seconds) => broken_down(seconds, &runtime.host.time_zone()),
        None => fail("localtime() requires numeric inputs"),
    }),
    native("mktime", 0, |_, input, _| {
        let Value::Array(parts) = &input else { return fail("mktime requires array of 6 numbers") };
        match fields(parts) {
            Some(broken) => Ok(Value::Number(broken.seconds() as f64)),
            None => fail("mktime requires parsed datetime inputs"),
        }
    }),
    native("strftime", 1, |_, input, args| {
        formatted(&input, arg(args, 0), &TimeZone::UTC, "strftime/1")
    }),
    native("strflocaltime", 1, |runtime, input, args| {
        let zone = runtime.host.time_zone();
        formatted(&input, arg(args, 0), &zone, "strflocaltime/1")
    }),
    native("strptime", 1, strptime),
];

fn broken_down(seconds: f64, zone: &TimeZone) -> Result<Value, Error> {
    let Some(moment) = Moment::from_parts(seconds.floor() as i64, 0, zone) else {
        return fail("error converting number of seconds since epoch to datetime");
    };
    let civil = moment.civil;
    let date = civil.date();
    let number = |value: i64| Value::Number(value as f64);
    Ok(Value::from(vec![
        number(date.year().into()),
        number(i64::from(date.month()) - 1),
        number(date.day().into()),
        number(civil.hour().into()),
        number(civil.minute().into()),
        Value::Number(f64::from(civil.second()) + (seconds - seconds.floor())),
        number(date.weekday().to_sunday_zero_offset().into()),
        number(i64::from(date.day_of_year()) - 1),
    ]))
}

/// The first six numbers of a broken-down time.
fn fields(parts: &Array) -> Option<Broken> {
    let number = |at: usize| Some(parts.get(at)?.number()? as i64);
    Some(Broken {
        year: number(0)?,
        month: number(1)?,
        day: number(2)?,
        hour: number(3)?,
        minute: number(4)?,
        second: number(5)?,
        ..Broken::default()
    })
    .filter(|_| parts.len() >= 6)
}

fn formatted(input: &Value, pattern: &Value, zone: &TimeZone, name: &str) -> Result<Value, Error> {
    let seconds = match input {
        Value::Number(_) | Value::Literal(_) => input.number().unwrap_or(0.0).floor() as i64,
        Value::Array(parts) => match fields(parts) {
            // Broken-down times are taken as they are, whatever the zone.
            Some(broken) => broken.seconds() - offset_at(broken.seconds(), zone),
            None => return fail(format!("{name} requires parsed datetime inputs")),
        },
        _ => return fail(format!("{name} requires parsed datetime inputs")),
    };
    let Some(pattern) = pattern.text() else {
        return fail(format!("{name} requires a string format"));
    };
    let Some(moment) = Moment::from_parts(seconds, 0, zone) else {
        return fail(format!("{name}: unknown system failure"));
    };
    let mut out = Vec::new();
    format(pattern.as_bytes(), &moment, &mut out);
    Ok(Value::from(String::from_utf8_lossy(&out).into_owned()))
}

/// The offset of a zone at about a time, in seconds.
fn offset_at(seconds: i64, zone: &TimeZone) -> i64 {
    Moment::from_parts(seconds, 0, zone).map_or(0, |moment| i64::from(moment.offset_seconds))
}

fn strptime(_: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let (Some(text), Some(pattern)) = (input.text(), arg(args, 0).text()) else {
        return fail("strptime/1 requires string inputs and arguments");
    };
    let Some(broken) = parse(text, pattern) else {
        return fail(format!("date \"{text}\" does not match format \"{pattern}\""));
    };
    let numbers = [
        broken.year,
        broken.month,
        broken.day,
        broken.hour,
        broken.minute,
        broken.second,
        broken.weekday(),
        broken.day_of_year(),
    ];
    Ok(numbers.into_iter().map(|number| Value::Number(number as f64)).collect::<Array>().into())
}
