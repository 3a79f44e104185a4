//! A value arrives at the task that waits for it.

use std::cell::RefCell;
use std::rc::Rc;

use super::state::{Frame, Kind, Operands, PathAt, Slot, Task, bind, push};
use super::{Machine, State, Stepped};
use crate::data::jq::error::Error;
use crate::data::jq::print::excerpt;
use crate::data::jq::value::Value;

impl<'p> Machine<'p, '_, '_> {
    pub(super) fn resume(&mut self, frame: &Rc<Frame<'p>>, value: Value) -> Stepped<'p> {
        let then = || frame.then.clone();
        match &frame.task {
            Task::Pipe(stages, env) => match stages.split_first() {
                Some((last, [])) => Ok(State::Eval(last, env.clone(), value, then())),
                Some((first, rest)) => {
                    let then = push(then(), Task::Pipe(rest, env.clone()));
                    Ok(State::Eval(first, env.clone(), value, then))
                }
                None => Ok(State::Return(value, then())),
            },
            Task::Operand(operands) => {
                let Operands { list, done, next, env, input, path } = operands;
                self.path.clone_from(path);
                let mut done = done.clone();
                done.push(value);
                self.gather(list, done, *next, env.clone(), input.clone(), then())
            }
            Task::Index(key) => Ok(State::Return(self.index(&value, key)?, then())),
            Task::Iterate => self.iterate(value, then()),
            Task::Collect(list) => {
                list.borrow_mut().push(value);
                Ok(State::Back)
            }
            Task::Truth(path) => {
                self.path.clone_from(path);
                Ok(State::Return(Value::Bool(value.truth()), then()))
            }
            Task::Default(found) => {
                if !value.truth() {
                    return Ok(State::Back);
                }
                found.set(true);
                Ok(State::Return(value, then()))
            }
            Task::Leave(height) => {
                if self.forks.len() == *height {
                    // Nothing in there has more to give.
                    self.forks.pop();
                } else {
                    self.fork(Kind::Left);
                }
                Ok(State::Return(value, then()))
            }
            Task::StartReduce(parts, env, input) => {
                let state = Rc::new(RefCell::new(value));
                self.fork(Kind::Reduced(Rc::clone(&state), then()));
                let task = Task::ReduceItem(&parts[2], env.clone(), state);
                Ok(State::Eval(&parts[0], env.clone(), input.clone(), push(None, task)))
            }
            Task::ReduceItem(update, env, state) => {
                let env = bind(env, Slot::Value(value));
                let before = state.take();
                if update.simple && self.path.is_none() {
                    let after = self.simple(update, &env, before)?;
                    state.replace(after);
                    return Ok(State::Back);
                }
                let store = push(None, Task::Store(Rc::clone(state)));
                Ok(State::Eval(update, env, before, store))
            }
            Task::Store(state) => {
                state.replace(value);
                Ok(State::Back)
            }
            Task::StartForeach(parts, env, input) => {
                let state = Rc::new(RefCell::new(value));
                let task = Task::ForeachItem(parts, env.clone(), state);
                Ok(State::Eval(&parts[0], env.clone(), input.clone(), push(then(), task)))
            }
            Task::ForeachItem(parts, env, state) => {
                let env = bind(env, Slot::Value(value));
                let before = state.take();
                let task = Task::ForeachUpdated(&parts[3], env.clone(), Rc::clone(state));
                Ok(State::Eval(&parts[2], env, before, push(then(), task)))
            }
            Task::ForeachUpdated(extract, env, state) => {
                state.replace(value.clone());
                Ok(State::Eval(extract, env.clone(), value, then()))
            }
            Task::PathEnd(before) => {
                let path = self.path_of(&value)?;
                self.path.clone_from(before);
                Ok(State::Return(path, then()))
            }
            Task::Limit(left, height) => {
                left.set(left.get() - 1.0);
                if left.get() <= 0.0 {
                    self.forks.truncate(*height);
                }
                Ok(State::Return(value, then()))
            }
            Task::First(height) => {
                self.forks.truncate(*height);
                Ok(State::Return(value, then()))
            }
            Task::GatherPath(list) => {
                let path = self.path_of(&value)?;
                list.borrow_mut().push(path);
                Ok(State::Back)
            }
            Task::Updated(updating, height) => {
                self.forks.truncate(*height);
                self.updated(updating, value)
            }
        }
    }

    /// The path of a value that it must lead to.
    fn path_of(&self, value: &Value) -> Result<Value, Error> {
        self.track(value, |value| {
            format!("Invalid path expression with result {}", excerpt(value, 29))
        })?;
        let steps = self.path.as_deref().map(|path: &PathAt| path.steps.to_array());
        Ok(Value::Array(steps.unwrap_or_default()))
    }
}
