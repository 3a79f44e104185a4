//! The call stack, as `FUNCNAME`, `BASH_SOURCE`, `BASH_LINENO` and `caller` show it.

use super::options::Options;
use super::text::Str;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    Function,
    /// `source` and `.`
    Source,
    /// The script itself, at the bottom. There is none for `-c` and the prompt.
    Script,
}

#[derive(Clone, Debug)]
pub struct Frame {
    pub kind: FrameKind,
    /// The function's name, `source` or `main`.
    pub name: Str,
    /// The file that the frame's code comes from.
    pub source: Str,
    /// The line from which it was called.
    pub called_from: u32,
    /// Its arguments, where `extdebug` keeps them.
    pub arguments: Option<Arc<[Str]>>,
    /// What `set` options were before `local -`: they come back when the function returns.
    pub options: Option<Options>,
}

#[derive(Clone, Debug, Default)]
pub struct Frames {
    list: Arc<Vec<Frame>>,
    /// Below all: `$@` where `extdebug` was first set.
    base: Option<Arc<[Str]>>,
}

impl Frames {
    pub fn push(&mut self, frame: Frame) {
        Arc::make_mut(&mut self.list).push(frame);
    }

    pub fn pop(&mut self) -> Option<Frame> {
        if self.list.is_empty() { None } else { Arc::make_mut(&mut self.list).pop() }
    }

    pub fn last_mut(&mut self) -> Option<&mut Frame> {
        Arc::make_mut(&mut self.list).last_mut()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn last(&self) -> Option<&Frame> {
        self.list.last()
    }

    /// What `BASH_ARGV` shows, frame by frame from the innermost outwards; `now` is `$@`.
    pub fn arguments<'s>(&'s self, now: &'s [Str]) -> impl Iterator<Item = &'s [Str]> {
        let kept = || self.iter().filter_map(|frame| frame.arguments.as_deref());
        let now = || (!self.in_function() && kept().next().is_none()).then_some(now);
        kept().chain(self.base.as_deref().or_else(now))
    }

    /// Keeps `now`, which is `$@`, for [`Self::arguments`], if nothing is kept yet.
    pub fn keep_arguments(&mut self, now: &[Str]) {
        self.base.get_or_insert_with(|| now.into());
    }

    /// From the innermost outwards.
    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.list.iter().rev()
    }

    /// Whether a function runs.
    pub fn in_function(&self) -> bool {
        self.list.iter().any(|frame| frame.kind == FrameKind::Function)
    }

    /// Whether `return` has something to return from.
    pub fn can_return(&self) -> bool {
        self.list.iter().any(|frame| frame.kind != FrameKind::Script)
    }
}
