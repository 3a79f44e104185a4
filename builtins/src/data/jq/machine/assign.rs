//! Assignments: first all paths are gathered, then they are set one after the other.

use std::cell::RefCell;
use std::rc::Rc;

use super::state::{Env, Kind, PathAt, Shared, Steps, Task, Then, Updating, push};
use super::{Machine, State, Stepped};
use crate::data::jq::arith::operate;
use crate::data::jq::error::Error;
use crate::data::jq::ir::{How, Node, Op};
use crate::data::jq::path;
use crate::data::jq::value::Value;

impl<'p> Machine<'p, '_, '_> {
    pub(super) fn start_assign(
        &mut self,
        how: How,
        paths: &'p Node,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        let value = super::simple::innermost(&env);
        let list = Rc::default();
        let root = input.clone();
        self.fork(Kind::Assign { how, value, list: Rc::clone(&list), root, then });
        self.gather_paths(paths, env, input, list)
    }

    pub(super) fn start_update(
        &mut self,
        paths: &'p Node,
        update: &'p Node,
        env: Env<'p>,
        input: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        let list = Rc::default();
        let root = input.clone();
        let kind = Kind::Update { update, env: env.clone(), list: Rc::clone(&list), root, then };
        self.fork(kind);
        self.gather_paths(paths, env, input, list)
    }

    fn gather_paths(
        &mut self,
        paths: &'p Node,
        env: Env<'p>,
        input: Value,
        list: Shared<Vec<Value>>,
    ) -> Stepped<'p> {
        self.path = Some(Rc::new(PathAt { steps: Steps::default(), value: input.clone() }));
        Ok(State::Eval(paths, env, input, push(None, Task::GatherPath(list))))
    }

    pub(super) fn assign_all(
        &mut self,
        how: How,
        value: &Value,
        paths: Vec<Value>,
        mut root: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        for (at, keys) in paths.iter().enumerate() {
            if at % 256 == 255 {
                self.runtime.check()?;
            }
            self.assign(how, keys_of(keys), value, &mut root)?;
        }
        Ok(State::Return(root, then))
    }

    /// Sets one path.
    pub(super) fn assign(
        &mut self,
        how: How,
        keys: &[Value],
        value: &Value,
        root: &mut Value,
    ) -> Result<(), Error> {
        let meter = &mut self.runtime.meter;
        match how {
            How::Set => path::set_path(root, keys, value.clone(), meter),
            How::Alternative => path::update(root, keys, meter, |old| {
                Ok(if old.truth() { old } else { value.clone() })
            }),
            How::Arithmetic(operator) => {
                let old = path::take_out(root, keys, meter)?;
                let new = operate(operator, old, value.clone(), meter)?;
                path::set_path(root, keys, new, meter)
            }
        }
    }

    pub(super) fn update_all(
        &mut self,
        update: &'p Node,
        env: Env<'p>,
        paths: Vec<Value>,
        mut root: Value,
        then: Then<'p>,
    ) -> Stepped<'p> {
        if !update.simple {
            let deleted = Vec::new();
            let updating = Updating { root, paths, at: 0, deleted, update, env, then };
            return self.update_next(&Rc::new(RefCell::new(updating)));
        }
        for (at, keys) in paths.iter().enumerate() {
            if at % 256 == 255 {
                self.runtime.check()?;
            }
            self.update_one(update, &env, keys_of(keys), &mut root)?;
        }
        Ok(State::Return(root, then))
    }

    pub(super) fn update_one(
        &mut self,
        update: &'p Node,
        env: &Env<'p>,
        keys: &[Value],
        root: &mut Value,
    ) -> Result<(), Error> {
        if matches!(update.op, Op::Identity) {
            return Ok(());
        }
        let old = path::take_out(root, keys, &mut self.runtime.meter)?;
        let new = self.simple(update, env, old)?;
        path::set_path(root, keys, new, &mut self.runtime.meter)
    }

    /// Evaluates the update for the next path.
    fn update_next(&mut self, shared: &Shared<Updating<'p>>) -> Stepped<'p> {
        let mut updating = shared.borrow_mut();
        let at = updating.at;
        let Some(keys) = updating.paths.get(at).cloned() else {
            let mut root = std::mem::take(&mut updating.root);
            let deleted = std::mem::take(&mut updating.deleted);
            path::delete(&mut root, deleted, &mut self.runtime.meter)?;
            return Ok(State::Return(root, updating.then.clone()));
        };
        updating.at += 1;
        let old = path::take_out(&mut updating.root, keys_of(&keys), &mut self.runtime.meter)?;
        let (update, env) = (updating.update, updating.env.clone());
        drop(updating);
        let task = Task::Updated(Rc::clone(shared), self.forks.len());
        self.fork(Kind::Nothing(Rc::clone(shared)));
        Ok(State::Eval(update, env, old, push(None, task)))
    }

    pub(super) fn updated(&mut self, shared: &Shared<Updating<'p>>, value: Value) -> Stepped<'p> {
        let mut updating = shared.borrow_mut();
        let at = updating.at.saturating_sub(1);
        let keys = updating.paths.get(at).cloned().unwrap_or_default();
        path::set_path(&mut updating.root, keys_of(&keys), value, &mut self.runtime.meter)?;
        drop(updating);
        self.update_next(shared)
    }

    /// The update gave nothing for the last path.
    pub(super) fn skipped(&mut self, shared: &Shared<Updating<'p>>) -> Stepped<'p> {
        let mut updating = shared.borrow_mut();
        let at = updating.at.saturating_sub(1);
        let keys = updating.paths.get(at).cloned().unwrap_or_default();
        updating.deleted.push(keys);
        drop(updating);
        self.update_next(shared)
    }
}

fn keys_of(path: &Value) -> &[Value] {
    match path {
        Value::Array(keys) => keys.as_slice(),
        _ => &[],
    }
}
