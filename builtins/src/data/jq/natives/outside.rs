//! What reaches out of the program: inputs, messages, the environment, the end.

use super::{Native, arg, native};
use crate::data::jq::error::{Error, fail};
use crate::data::jq::print::json;
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::Value;

pub(super) const TABLE: &[Native] = &[
    native("input", 0, |runtime, _, _| match runtime.input()? {
        Some(value) => Ok(value),
        None => fail("break"),
    }),
    native("debug", 0, debug),
    native("stderr", 0, |runtime, input, _| {
        let text = json(&input, runtime)?;
        runtime.host.say(text.as_bytes())?;
        Ok(input)
    }),
    native("input_filename", 0, |runtime, _, _| {
        Ok(runtime.host.input_filename().map_or(Value::Null, Value::from))
    }),
    native("input_line_number", 0, |runtime, _, _| {
        Ok(Value::from(runtime.host.input_line_number()))
    }),
    native("env", 0, |runtime, _, _| {
        if runtime.environment.is_none() {
            runtime.environment = Some(runtime.host.environment());
        }
        Ok(runtime.environment.clone().unwrap_or_default())
    }),
    native("halt", 0, |_, _, _| Err(Error::Halt(0, None))),
    native("halt_error", 1, |_, input, args| match arg(args, 0).number() {
        // As exit(3) takes it.
        Some(status) => Err(Error::Halt((status as i64 & 0xff) as u8, Some(input))),
        None => fail("halt_error/1: number required"),
    }),
    native("now", 0, |runtime, _, _| Ok(Value::Number(runtime.host.now_ns() as f64 / 1e9))),
    native("modulemeta", 0, |runtime, input, _| match input.text() {
        Some(name) => runtime.host.module_meta(name),
        None => fail("modulemeta input module name must be a string"),
    }),
];

fn debug(runtime: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let line = format!("[\"DEBUG:\",{}]\n", json(&input, runtime)?);
    runtime.host.say(line.as_bytes())?;
    Ok(input)
}
