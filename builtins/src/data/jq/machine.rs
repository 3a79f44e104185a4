//! Runs a program: a machine with lists of its own instead of Rust's stack.
//!
//! A filter's output goes to the tasks that wait for it ([`state::Then`]); when an output is done
//! with, the machine goes back to the last fork, where something has more to give. A call at the
//! end of a definition leaves nothing behind, so loops by recursion run in constant space, and deep
//! recursion ends at the memory limit. Every few steps the machine looks at its cancel.
//!
//! What has exactly one output and calls nothing is computed directly (`simple.rs`).
//!
//! Paths: while `path(…)` and assignments ask for them, `path` tells where the last value looked
//! at came from. Conditions and operands are evaluated with it put aside.

mod assign;
mod back;
mod eval;
mod resume;
mod simple;
mod state;

use std::rc::Rc;

use super::error::{EXCERPT_BYTES, Error, fail};
use super::ir::{Node, Program};
use super::meter;
use super::print::excerpt;
use super::runtime::Runtime;
use super::value::Value;
use state::{Env, Fork, Kind, Path, PathAt, Then};

/// How many steps pass between looks at the cancel.
const STEPS: u32 = 256;

pub(super) struct Machine<'p, 'r, 'h> {
    program: &'p Program,
    pub runtime: &'r mut Runtime<'h>,
    forks: Vec<Fork<'p>>,
    path: Path,
    labels: u64,
    steps: u32,
    start: Option<Value>,
    /// What the account holds for the forks.
    charged: usize,
}

impl Drop for Machine<'_, '_, '_> {
    fn drop(&mut self) {
        meter::change(self.charged, 0);
    }
}

enum State<'p> {
    Eval(&'p Node, Env<'p>, Value, Then<'p>),
    Return(Value, Then<'p>),
    Back,
}

type Stepped<'p> = Result<State<'p>, Error>;

impl<'p, 'r, 'h> Machine<'p, 'r, 'h> {
    pub fn new(program: &'p Program, runtime: &'r mut Runtime<'h>, input: Value) -> Self {
        Self {
            program,
            runtime,
            forks: Vec::new(),
            path: None,
            labels: 0,
            steps: 0,
            start: Some(input),
            charged: 0,
        }
    }

    /// The next output; `None` after the last.
    ///
    /// # Errors
    /// What nothing caught.
    pub fn next(&mut self) -> Result<Option<Value>, Error> {
        let mut state = match self.start.take() {
            Some(input) => State::Eval(&self.program.main, None, input, None),
            None => State::Back,
        };
        loop {
            self.steps += 1;
            if self.steps >= STEPS {
                self.steps = 0;
                let held = self.forks.capacity() * size_of::<Fork<'p>>();
                meter::change(self.charged, held);
                self.charged = held;
                self.runtime.check()?;
            }
            let stepped = match state {
                State::Return(value, None) => return Ok(Some(value)),
                State::Return(value, Some(frame)) => self.resume(&frame, value),
                State::Eval(node, env, input, then) => self.eval(node, env, input, then),
                State::Back => match self.forks.last_mut() {
                    None => return Ok(None),
                    Some(_) => self.back(),
                },
            };
            state = match stepped {
                Ok(state) => state,
                Err(error) => self.unwind(error)?,
            };
        }
    }

    fn fork(&mut self, kind: Kind<'p>) {
        self.forks.push(Fork { kind, path: self.path.clone() });
    }

    /// Checks, where paths are asked for, that `value` is what the path leads to.
    fn track(&self, value: &Value, what: impl FnOnce(&Value) -> String) -> Result<(), Error> {
        match &self.path {
            Some(path) if !path.value.identical(value) => fail(what(value)),
            _ => Ok(()),
        }
    }

    /// The path goes one key further.
    fn extend(&mut self, key: &Value, value: &Value) {
        if let Some(path) = &self.path {
            let steps = path.steps.then(key.clone());
            self.path = Some(Rc::new(PathAt { steps, value: value.clone() }));
        }
    }

    fn index(&mut self, of: &Value, key: &Value) -> Result<Value, Error> {
        self.track(of, |of| {
            let (key, of) = (excerpt(key, EXCERPT_BYTES), excerpt(of, 29));
            format!("Invalid path expression near attempt to access element {key} of {of}")
        })?;
        let value = super::path::index(of, key)?;
        self.extend(key, &value);
        Ok(value)
    }
}
