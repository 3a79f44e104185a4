//! One step into a filter.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::state::{
    Env, Kind, Next, Operands, PathAt, Slot, Steps, Task, Then, bind, outer, place, push,
};
use super::{Machine, State, Stepped};
use crate::data::jq::error::{Error, fail, fail_for};
use crate::data::jq::ir::{Node, Op};
use crate::data::jq::print::excerpt;
use crate::data::jq::value::{Array, Value};

impl<'p> Machine<'p, '_, '_> {
    pub(super) fn eval(
        &mut self,
        node: &'p Node,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        if node.simple && (self.path.is_none() || keeps_path(node)) {
            return Ok(State::Return(self.simple(node, &env, input)?, then));
        }
        match &node.op {
            Op::Identity => Ok(State::Return(input, then)),
            Op::Const(value) => Ok(State::Return(value.clone(), then)),
            Op::Variable(_) => Ok(State::Return(self.simple(node, &env, input)?, then)),
            Op::Descend => self.descend(input, then),
            Op::Apply(apply, list) => {
                self.gather(list, Vec::new(), Next::Apply(apply), env, input, then)
            }
            Op::Index(target, key) => {
                let list = std::slice::from_ref(&**key);
                self.gather(list, Vec::new(), Next::Index(target), env, input, then)
            }
            Op::Iterate(target) => match target.op {
                Op::Identity => self.iterate(input, then),
                _ => Ok(State::Eval(target, env, input, push(then, Task::Iterate))),
            },
            Op::Collect(of) => {
                let list = Rc::new(RefCell::new(Array::default()));
                self.fork(Kind::Collected(Rc::clone(&list), then));
                self.path = None;
                Ok(State::Eval(of, env, input, push(None, Task::Collect(list))))
            }
            Op::Pipe(stages) => match stages.split_first() {
                Some((first, rest)) => {
                    let then = push(then, Task::Pipe(rest, env.clone()));
                    Ok(State::Eval(first, env, input, then))
                }
                None => Ok(State::Return(input, then)),
            },
            Op::Comma(items) => self.comma(items, env, input, then),
            Op::And(one, two) => {
                let list = std::slice::from_ref(&**one);
                self.gather(list, Vec::new(), Next::And(two), env, input, then)
            }
            Op::Or(one, two) => {
                let list = std::slice::from_ref(&**one);
                self.gather(list, Vec::new(), Next::Or(two), env, input, then)
            }
            Op::Default(one, two) => {
                let found = Rc::new(Cell::new(false));
                let kind =
                    Kind::Default(Rc::clone(&found), two, env.clone(), input.clone(), then.clone());
                self.fork(kind);
                Ok(State::Eval(one, env, input, push(then, Task::Default(found))))
            }
            Op::If(arms, rest) => self.arms(arms, rest, env, input, then),
            Op::Try(body, handler) => {
                if body.simple && self.path.is_none() {
                    return match self.simple(body, &env, input) {
                        Ok(value) => Ok(State::Return(value, then)),
                        Err(Error::Value(error)) => Ok(match handler {
                            Some(handler) => State::Eval(handler, env, error, then),
                            None => State::Back,
                        }),
                        Err(error) => Err(error),
                    };
                }
                self.fork(Kind::Try(handler.as_deref(), env.clone(), then.clone()));
                let leave = Task::Leave(self.forks.len());
                Ok(State::Eval(body, env, input, push(then, leave)))
            }
            Op::Reduce(parts) => {
                let task = Task::StartReduce(parts, env.clone(), input.clone());
                Ok(State::Eval(&parts[1], env, input, push(then, task)))
            }
            Op::Foreach(parts) => {
                let task = Task::StartForeach(parts, env.clone(), input.clone());
                Ok(State::Eval(&parts[1], env, input, push(then, task)))
            }
            Op::Bind(source, body) => {
                let list = std::slice::from_ref(&**source);
                self.gather(list, Vec::new(), Next::Bind(body), env, input, then)
            }
            Op::Alternatives(list) => self.alternatives(list, env, input, then),
            Op::Label(body) => {
                self.labels += 1;
                self.fork(Kind::Label(self.labels));
                let env = bind(&env, Slot::Label(self.labels));
                Ok(State::Eval(body, env, input, then))
            }
            Op::Break(up) => match place(&env, *up).map(|place| &place.slot) {
                Some(Slot::Label(label)) => Err(Error::Break(*label)),
                _ => fail("break"),
            },
            Op::Call { func, skip, args } => {
                let Some(func) = self.program.funcs.get(*func) else { return fail("no function") };
                let mut inner = outer(&env, *skip);
                for arg in args {
                    inner = bind(&inner, closure(arg, &env));
                }
                Ok(State::Eval(&func.body, inner, input, then))
            }
            Op::Param(up) => match place(&env, *up).map(|place| &place.slot) {
                Some(Slot::Filter(node, inner)) => {
                    Ok(State::Eval(node, inner.clone(), input, then))
                }
                _ => fail("no filter"),
            },
            Op::Path(of) => {
                let before = self.path.take();
                self.path = Some(Rc::new(PathAt { steps: Steps::default(), value: input.clone() }));
                Ok(State::Eval(of, env, input, push(then, Task::PathEnd(before))))
            }
            Op::GetPath(path) => {
                let list = std::slice::from_ref(&**path);
                self.gather(list, Vec::new(), Next::GetPath, env, input, then)
            }
            Op::Limit(count, of) => {
                let list = std::slice::from_ref(&**count);
                self.gather(list, Vec::new(), Next::Limit(of), env, input, then)
            }
            Op::First(of) => {
                let first = Task::First(self.forks.len());
                Ok(State::Eval(of, env, input, push(then, first)))
            }
            Op::Range(bounds) => {
                self.gather(&bounds[..], Vec::new(), Next::Range, env, input, then)
            }
            Op::Assign(how, paths) => self.start_assign(*how, paths, env, input, then),
            Op::Update(paths, update) => self.start_update(paths, update, env, input, then),
            Op::Inputs => match self.runtime.input()? {
                Some(value) => {
                    self.fork(Kind::Inputs(then.clone()));
                    Ok(State::Return(value, then))
                }
                None => Ok(State::Back),
            },
        }
    }

    /// Evaluates operands one after the other, each for all values of those before it.
    pub(super) fn gather(
        &mut self,
        list: &'p [Node],
        mut done: Vec<Value>,
        next: Next<'p>,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        while let Some(node) = list.get(done.len()) {
            if node.simple {
                done.push(self.simple(node, &env, input.clone())?);
                continue;
            }
            let path = self.path.take();
            let operands =
                Operands { list, done, next, env: env.clone(), input: input.clone(), path };
            return Ok(State::Eval(node, env, input, push(then, Task::Operand(operands))));
        }
        self.proceed(next, done, env, input, then)
    }

    fn proceed(
        &mut self,
        next: Next<'p>,
        mut done: Vec<Value>,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        if let Next::Apply(apply) = next {
            return Ok(State::Return(self.apply(apply, input, done)?, then));
        }
        if matches!(next, Next::Range) {
            let by = done.pop().unwrap_or_default();
            let upto = done.pop().unwrap_or_default();
            let from = done.pop().unwrap_or_default();
            return self.range(&from, &upto, &by, then);
        }
        let value = done.pop().unwrap_or_default();
        match next {
            Next::Index(target) => match target.op {
                Op::Identity => Ok(State::Return(self.index(&input, &value)?, then)),
                _ => Ok(State::Eval(target, env, input, push(then, Task::Index(value)))),
            },
            Next::Bind(body) => Ok(State::Eval(body, bind(&env, Slot::Value(value)), input, then)),
            Next::If(yes, arms, rest) => {
                if value.truth() {
                    return Ok(State::Eval(yes, env, input, then));
                }
                self.arms(arms, rest, env, input, then)
            }
            Next::And(_) if !value.truth() => Ok(State::Return(Value::Bool(false), then)),
            Next::Or(_) if value.truth() => Ok(State::Return(Value::Bool(true), then)),
            Next::And(two) | Next::Or(two) => {
                let task = Task::Truth(self.path.take());
                Ok(State::Eval(two, env, input, push(then, task)))
            }
            Next::Limit(of) => {
                let Some(count) = value.number() else { return fail("Invalid arguments to limit") };
                if count == 0.0 {
                    return Ok(State::Back);
                }
                if count < 0.0 {
                    return Ok(State::Eval(of, env, input, then));
                }
                let limit = Task::Limit(Rc::new(Cell::new(count)), self.forks.len());
                Ok(State::Eval(of, env, input, push(then, limit)))
            }
            _ => self.get_path(&value, &input, then),
        }
    }

    fn get_path(&mut self, path: &Value, input: &Value, then: Then<'p>) -> Stepped<'p> {
        let Value::Array(keys) = path else { return fail("Path must be specified as an array") };
        let value = crate::data::jq::path::get_lenient(input, keys.as_slice())?;
        if self.path.is_some() {
            self.track(input, |of| {
                let (key, of) = (excerpt(path, 14), excerpt(of, 29));
                format!("Invalid path expression near attempt to access element {key} of {of}")
            })?;
            for key in keys.as_slice() {
                self.extend(key, &value);
            }
        }
        Ok(State::Return(value, then))
    }

    fn arms(
        &mut self,
        arms: &'p [(Node, Node)],
        rest: &'p Node,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        let mut arms = arms;
        while let Some(((condition, yes), others)) = arms.split_first() {
            if !condition.simple {
                let list = std::slice::from_ref(condition);
                let next = Next::If(yes, others, rest);
                return self.gather(list, Vec::new(), next, env, input, then);
            }
            if self.simple(condition, &env, input.clone())?.truth() {
                return Ok(State::Eval(yes, env, input, then));
            }
            arms = others;
        }
        Ok(State::Eval(rest, env, input, then))
    }

    pub(super) fn comma(
        &mut self,
        items: &'p [Node],
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        let Some((first, rest)) = items.split_first() else { return Ok(State::Back) };
        if !rest.is_empty() {
            self.fork(Kind::Comma(rest, env.clone(), input.clone(), then.clone()));
        }
        Ok(State::Eval(first, env, input, then))
    }

    pub(super) fn alternatives(
        &mut self,
        list: &'p [Node],
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        let Some((first, rest)) = list.split_first() else { return Ok(State::Back) };
        if rest.is_empty() {
            return Ok(State::Eval(first, env, input, then));
        }
        self.fork(Kind::Alternatives(rest, env.clone(), input.clone(), then.clone()));
        let leave = Task::Leave(self.forks.len());
        Ok(State::Eval(first, env, input, push(then, leave)))
    }

    pub(super) fn iterate(&mut self, input: Value, then: Then<'p>) -> Stepped<'p> {
        self.track(&input, |of| {
            format!("Invalid path expression near attempt to iterate through {}", excerpt(of, 29))
        })?;
        match &input {
            Value::Array(_) | Value::Object(_) => {
                self.fork(Kind::Each(input, 0, then));
                Ok(State::Back)
            }
            other => {
                let shown = excerpt(other, 14);
                fail(format!("Cannot iterate over {} ({shown})", other.kind()))
            }
        }
    }

    pub(super) fn descend(&mut self, input: Value, then: Then<'p>) -> Stepped<'p> {
        if matches!(input, Value::Array(_) | Value::Object(_)) {
            self.track(&input, |of| {
                format!(
                    "Invalid path expression near attempt to iterate through {}",
                    excerpt(of, 29)
                )
            })?;
            self.fork(Kind::Descend(input.clone(), 0, then.clone()));
        }
        Ok(State::Return(input, then))
    }

    fn range(&mut self, from: &Value, upto: &Value, by: &Value, then: Then<'p>) -> Stepped<'p> {
        let (Some(at), Some(end), Some(by)) = (from.number(), upto.number(), by.number()) else {
            return fail("Range bounds must be numeric");
        };
        self.fork(Kind::Range { at, end, by, then });
        Ok(State::Back)
    }
}

/// Whether a simple node leaves the path alone.
fn keeps_path(node: &Node) -> bool {
    matches!(
        node.op,
        Op::Identity
            | Op::Const(_)
            | Op::Variable(_)
            | Op::Apply(..)
            | Op::And(..)
            | Op::Or(..)
            | Op::Collect(_)
    )
}

/// What an argument is bound to: a filter that only passes on another is that other.
fn closure<'p>(arg: &'p Node, env: &Env<'p>) -> Slot<'p> {
    if let Op::Param(up) = arg.op
        && let Some(found) = place(env, up)
    {
        return found.slot.clone();
    }
    Slot::Filter(arg, env.clone())
}

impl Value {
    /// For arithmetic on values that must be numbers.
    pub(in crate::data::jq) fn need_number(&self) -> Result<f64, Error> {
        match self.number() {
            Some(number) => Ok(number),
            None => fail_for(self, "number required"),
        }
    }
}
