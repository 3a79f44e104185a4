//! The machine's lists: variables, what is still to be done with a value, and where to go on when
//! there are no more values. They may become as long as memory allows: none is dropped recursively.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::super::ir::{Apply, How, Node};
use super::super::meter;
use super::super::value::{Array, Value};

pub(super) type Env<'p> = Option<Rc<Place<'p>>>;

/// A place of the environment.
#[derive(Debug)]
pub(super) struct Place<'p> {
    pub slot: Slot<'p>,
    pub up: Env<'p>,
}

#[derive(Debug, Clone)]
pub(super) enum Slot<'p> {
    Value(Value),
    /// A filter with what it sees.
    Filter(&'p Node, Env<'p>),
    Label(u64),
    Taken,
}

const PLACE_BYTES: usize = 64;

pub(super) fn bind<'p>(env: &Env<'p>, slot: Slot<'p>) -> Env<'p> {
    meter::change(0, PLACE_BYTES);
    Some(Rc::new(Place { slot, up: env.clone() }))
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        meter::change(PLACE_BYTES, 0);
        let mut pending = Vec::new();
        release(self, &mut pending);
        while let Some(place) = pending.pop() {
            if let Some(mut place) = Rc::into_inner(place) {
                release(&mut place, &mut pending);
            }
        }
    }
}

fn release<'p>(place: &mut Place<'p>, pending: &mut Vec<Rc<Place<'p>>>) {
    pending.extend(place.up.take());
    if let Slot::Filter(_, env) = std::mem::replace(&mut place.slot, Slot::Taken) {
        pending.extend(env);
    }
}

/// The place `up` steps up.
pub(super) fn place<'e, 'p>(env: &'e Env<'p>, up: usize) -> Option<&'e Rc<Place<'p>>> {
    let mut place = env.as_ref()?;
    for _ in 0..up {
        place = place.up.as_ref()?;
    }
    Some(place)
}

/// The environment without its `count` innermost places.
pub(super) fn outer<'p>(env: &Env<'p>, count: usize) -> Env<'p> {
    match count.checked_sub(1) {
        None => env.clone(),
        Some(up) => place(env, up).and_then(|place| place.up.clone()),
    }
}

/// Where a value came from, while paths are asked for: it holds as long as the value is the very
/// one that the path led to.
#[derive(Debug)]
pub(super) struct PathAt {
    pub steps: Steps,
    pub value: Value,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Steps(Option<Rc<Step>>);

#[derive(Debug)]
struct Step {
    key: Value,
    before: Steps,
}

const STEP_BYTES: usize = 48;

impl Steps {
    pub fn then(&self, key: Value) -> Self {
        meter::change(0, STEP_BYTES);
        Self(Some(Rc::new(Step { key, before: self.clone() })))
    }

    pub fn to_array(&self) -> Array {
        let mut keys = Vec::new();
        let mut steps = self;
        while let Some(step) = &steps.0 {
            keys.push(step.key.clone());
            steps = &step.before;
        }
        keys.reverse();
        keys.into()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        meter::change(STEP_BYTES, 0);
        let mut next = self.before.0.take();
        while let Some(step) = next.and_then(Rc::into_inner) {
            let mut step = step;
            next = step.before.0.take();
        }
    }
}

pub(super) type Path = Option<Rc<PathAt>>;

/// What is to be done with the next value.
pub(super) type Then<'p> = Option<Rc<Frame<'p>>>;

#[derive(Debug)]
pub(super) struct Frame<'p> {
    pub task: Task<'p>,
    pub then: Then<'p>,
}

const FRAME_BYTES: usize = 128;

pub(super) fn push<'p>(then: Then<'p>, task: Task<'p>) -> Then<'p> {
    meter::change(0, FRAME_BYTES);
    Some(Rc::new(Frame { task, then }))
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        meter::change(FRAME_BYTES, 0);
        let mut next = self.then.take();
        while let Some(frame) = next.and_then(Rc::into_inner) {
            let mut frame = frame;
            next = frame.then.take();
        }
    }
}

/// A list shared by those who fill it.
pub(super) type Shared<T> = Rc<RefCell<T>>;

#[derive(Debug)]
pub(super) enum Task<'p> {
    Pipe(&'p [Node], Env<'p>),
    /// One more operand is there.
    Operand(Operands<'p>),
    Index(Value),
    Iterate,
    Collect(Shared<Array>),
    /// The value's truth is the result; the path goes on from here.
    Truth(Path),
    Default(Rc<Cell<bool>>),
    /// The end of something that catches errors; how many forks there were in it at first.
    Leave(usize),
    StartReduce(&'p [Node; 3], Env<'p>, Value),
    ReduceItem(&'p Node, Env<'p>, Shared<Value>),
    Store(Shared<Value>),
    StartForeach(&'p [Node; 4], Env<'p>, Value),
    ForeachItem(&'p [Node; 4], Env<'p>, Shared<Value>),
    ForeachUpdated(&'p Node, Env<'p>, Shared<Value>),
    PathEnd(Path),
    /// No more than so many values, then back to so many forks.
    Limit(Rc<Cell<f64>>, usize),
    First(usize),
    GatherPath(Shared<Vec<Value>>),
    Updated(Shared<Updating<'p>>, usize),
}

/// Operands being evaluated, and what to do once they are all there.
#[derive(Debug)]
pub(super) struct Operands<'p> {
    pub list: &'p [Node],
    pub done: Vec<Value>,
    pub next: Next<'p>,
    pub env: Env<'p>,
    pub input: Value,
    pub path: Path,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Next<'p> {
    Apply(&'p Apply),
    Index(&'p Node),
    Bind(&'p Node),
    /// What the condition leads to, the arms after it, and the rest.
    If(&'p Node, &'p [(Node, Node)], &'p Node),
    And(&'p Node),
    Or(&'p Node),
    Range,
    Limit(&'p Node),
    GetPath,
}

/// `|=` under way.
#[derive(Debug)]
pub(super) struct Updating<'p> {
    pub root: Value,
    pub paths: Vec<Value>,
    pub at: usize,
    pub deleted: Vec<Value>,
    pub update: &'p Node,
    pub env: Env<'p>,
    pub then: Then<'p>,
}

/// Where to go on, with the path as it was.
#[derive(Debug)]
pub(super) struct Fork<'p> {
    pub kind: Kind<'p>,
    pub path: Path,
}

#[derive(Debug)]
pub(super) enum Kind<'p> {
    Comma(&'p [Node], Env<'p>, Value, Then<'p>),
    Each(Value, usize, Then<'p>),
    Descend(Value, usize, Then<'p>),
    Range {
        at: f64,
        end: f64,
        by: f64,
        then: Then<'p>,
    },
    Collected(Shared<Array>, Then<'p>),
    Reduced(Shared<Value>, Then<'p>),
    Default(Rc<Cell<bool>>, &'p Node, Env<'p>, Value, Then<'p>),
    Try(Option<&'p Node>, Env<'p>, Then<'p>),
    Alternatives(&'p [Node], Env<'p>, Value, Then<'p>),
    /// A value has left what catches errors: later ones are not its own.
    Left,
    Label(u64),
    Assign {
        how: How,
        value: Value,
        list: Shared<Vec<Value>>,
        root: Value,
        then: Then<'p>,
    },
    Update {
        update: &'p Node,
        env: Env<'p>,
        list: Shared<Vec<Value>>,
        root: Value,
        then: Then<'p>,
    },
    /// The update gave nothing: its path is to be deleted.
    Nothing(Shared<Updating<'p>>),
    Inputs(Then<'p>),
}
