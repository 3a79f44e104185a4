//! Filters with exactly one output, computed directly. Recursion is bounded by the tree's height.

use super::Machine;
use super::state::{Env, Slot, bind, place};
use crate::data::jq::arith::{negate, operate};
use crate::data::jq::error::{EXCERPT_BYTES, Error, fail};
use crate::data::jq::ir::{Apply, Joined, Node, Op};
use crate::data::jq::object::Object;
use crate::data::jq::path;
use crate::data::jq::print::excerpt;
use crate::data::jq::value::{Array, Value};

/// The innermost variable.
pub(super) fn innermost(env: &Env<'_>) -> Value {
    match place(env, 0).map(|place| &place.slot) {
        Some(Slot::Value(value)) => value.clone(),
        _ => Value::Null,
    }
}

impl<'p> Machine<'p, '_, '_> {
    pub(super) fn simple(
        &mut self,
        node: &'p Node,
        env: &Env<'p>,
        input: Value,
    ) -> Result<Value, Error> {
        match &node.op {
            Op::Identity => Ok(input),
            Op::Const(value) => Ok(value.clone()),
            Op::Variable(up) => match place(env, *up).map(|place| &place.slot) {
                Some(Slot::Value(value)) => Ok(value.clone()),
                _ => fail("no variable"),
            },
            Op::Index(target, key) => {
                if let Op::Const(key) = &key.op {
                    return path::index(&self.simple(target, env, input)?, key);
                }
                let key = self.simple(key, env, input.clone())?;
                path::index(&self.simple(target, env, input)?, &key)
            }
            Op::Apply(apply, operands) => self.simple_apply(apply, operands, env, input),
            Op::Pipe(stages) => {
                stages.iter().try_fold(input, |input, stage| self.simple(stage, env, input))
            }
            Op::And(one, two) => {
                let truth = self.simple(one, env, input.clone())?.truth()
                    && self.simple(two, env, input)?.truth();
                Ok(Value::Bool(truth))
            }
            Op::Or(one, two) => {
                let truth = self.simple(one, env, input.clone())?.truth()
                    || self.simple(two, env, input)?.truth();
                Ok(Value::Bool(truth))
            }
            Op::Default(one, two) => {
                let value = self.simple(one, env, input.clone())?;
                if value.truth() { Ok(value) } else { self.simple(two, env, input) }
            }
            Op::If(arms, rest) => {
                for (condition, yes) in arms {
                    if self.simple(condition, env, input.clone())?.truth() {
                        return self.simple(yes, env, input);
                    }
                }
                self.simple(rest, env, input)
            }
            Op::Bind(source, body) => {
                let value = self.simple(source, env, input.clone())?;
                self.simple(body, &bind(env, Slot::Value(value)), input)
            }
            Op::Collect(of) => match &of.op {
                Op::Comma(items) => {
                    let items = items.iter().map(|item| self.simple(item, env, input.clone()));
                    Ok(Value::Array(items.collect::<Result<Array, _>>()?))
                }
                _ => Ok(Value::from(vec![self.simple(of, env, input)?])),
            },
            Op::Assign(how, paths) => {
                let value = innermost(env);
                let mut keys = Vec::new();
                self.keys(paths, env, &input, &mut keys)?;
                let mut root = input;
                self.assign(*how, &keys, &value, &mut root)?;
                Ok(root)
            }
            Op::Update(paths, update) => {
                let mut keys = Vec::new();
                self.keys(paths, env, &input, &mut keys)?;
                let mut root = input;
                self.update_one(update, env, &keys, &mut root)?;
                Ok(root)
            }
            _ => fail("not a simple filter"),
        }
    }

    /// The path that a chain of indices is.
    fn keys(
        &mut self,
        node: &'p Node,
        env: &Env<'p>,
        input: &Value,
        keys: &mut Vec<Value>,
    ) -> Result<(), Error> {
        match &node.op {
            Op::Index(target, key) => {
                let key = self.simple(key, env, input.clone())?;
                self.keys(target, env, input, keys)?;
                keys.push(key);
            }
            Op::Pipe(stages) => {
                for stage in stages {
                    self.keys(stage, env, input, keys)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn simple_apply(
        &mut self,
        apply: &'p Apply,
        operands: &'p [Node],
        env: &Env<'p>,
        input: Value,
    ) -> Result<Value, Error> {
        match (apply, operands) {
            // The left side is last and may take the input along, so that it can grow in place.
            (Apply::Operator(operator), [two, one]) => {
                let two = match &two.op {
                    Op::Const(value) => value.clone(),
                    _ => self.simple(two, env, input.clone())?,
                };
                let one = self.simple(one, env, input)?;
                operate(*operator, one, two, &mut self.runtime.meter)
            }
            (Apply::Native(native), []) => (native.run)(self.runtime, input, &[]),
            _ => {
                let values: Result<Vec<_>, _> =
                    operands.iter().map(|node| self.simple(node, env, input.clone())).collect();
                self.apply(apply, input, values?)
            }
        }
    }

    /// Does what is to be done with operands, in the order that they were evaluated.
    pub(super) fn apply(
        &mut self,
        apply: &'p Apply,
        input: Value,
        mut values: Vec<Value>,
    ) -> Result<Value, Error> {
        match apply {
            Apply::Operator(operator) => {
                let one = values.pop().unwrap_or_default();
                let two = values.pop().unwrap_or_default();
                operate(*operator, one, two, &mut self.runtime.meter)
            }
            Apply::Negate => negate(&values.pop().unwrap_or_default()),
            Apply::Native(native) => {
                values.reverse();
                (native.run)(self.runtime, input, &values)
            }
            Apply::Object => {
                let mut object = Object::new();
                let mut values = values.into_iter();
                while let (Some(key), Some(value)) = (values.next(), values.next()) {
                    let Value::String(key) = key else {
                        let shown = excerpt(&key, EXCERPT_BYTES);
                        return fail(format!("Cannot use {} ({shown}) as object key", key.kind()));
                    };
                    object.insert(key, value);
                }
                Ok(Value::Object(object))
            }
            Apply::SliceKey => {
                let end = values.pop().unwrap_or_default();
                let start = values.pop().unwrap_or_default();
                Ok(path::slice_key(start, end))
            }
            Apply::Join { format, pieces } => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Joined::Text(plain) => text.push_str(plain),
                        Joined::Operand => {
                            let value = values.pop().unwrap_or_default();
                            text.push_str(&format.apply(&value, self.runtime)?);
                        }
                    }
                    self.runtime.meter.room(text.len() as u64)?;
                }
                Ok(Value::from(text))
            }
        }
    }
}
