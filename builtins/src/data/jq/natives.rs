//! Builtins in Rust: functions of the input and of arguments that are there already.

mod arrays;
mod date;
mod math;
mod outside;
mod regex;
mod strings;
mod strptime;
mod structure;

use super::error::Error;
use super::runtime::Runtime;
use super::value::Value;

pub(super) use regex::Pattern;
pub(super) use strings::split;
pub(super) use structure::positions;

pub(super) type Run = fn(&mut Runtime<'_>, Value, &[Value]) -> Result<Value, Error>;

/// A function that a program calls by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Native {
    pub name: &'static str,
    pub arity: usize,
    pub run: Run,
}

const fn native(name: &'static str, arity: usize, run: Run) -> Native {
    Native { name, arity, run }
}

const TABLES: [&[Native]; 7] = [
    arrays::TABLE,
    date::TABLE,
    math::TABLE,
    outside::TABLE,
    regex::TABLE,
    strings::TABLE,
    structure::TABLE,
];

pub(super) fn find(name: &str, arity: usize) -> Option<Native> {
    let mut all = TABLES.iter().flat_map(|table| table.iter());
    all.find(|native| native.name == name && native.arity == arity).copied()
}

/// The argument at `at`.
fn arg(args: &[Value], at: usize) -> &Value {
    const NULL: &Value = &Value::Null;
    args.get(at).unwrap_or(NULL)
}

/// What `builtins` lists: all but the prelude's own helpers.
fn names() -> Vec<Value> {
    const FORMS: [(&str, usize); 11] = [
        ("empty", 0),
        ("not", 0),
        ("map", 1),
        ("select", 1),
        ("recurse", 0),
        ("path", 1),
        ("getpath", 1),
        ("first", 1),
        ("limit", 2),
        ("inputs", 0),
        ("get_search_list", 0),
    ];
    const RANGES: [(&str, usize); 3] = [("range", 1), ("range", 2), ("range", 3)];
    let natives = TABLES.iter().flat_map(|table| table.iter());
    let natives = natives.map(|native| (native.name, native.arity));
    let all = natives.chain(super::prelude::names()).chain(FORMS).chain(RANGES);
    let public = all.filter(|(name, _)| !name.starts_with('_'));
    public.map(|(name, arity)| Value::from(format!("{name}/{arity}"))).collect()
}
