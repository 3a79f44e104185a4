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
    pub arguments: Arc<[Str]>,
    /// What `set` options were before `local -`: they come back when the function returns.
    pub options: Option<Options>,
}

#[derive(Clone, Debug, Default)]
pub struct Frames(Arc<Vec<Frame>>);

impl Frames {
    pub fn push(&mut self, frame: Frame) {
        Arc::make_mut(&mut self.0).push(frame);
    }

    pub fn pop(&mut self) -> Option<Frame> {
        if self.0.is_empty() { None } else { Arc::make_mut(&mut self.0).pop() }
    }

    pub fn last_mut(&mut self) -> Option<&mut Frame> {
        Arc::make_mut(&mut self.0).last_mut()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn last(&self) -> Option<&Frame> {
        self.0.last()
    }

    /// From the innermost outwards.
    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.0.iter().rev()
    }

    /// Whether a function runs.
    pub fn in_function(&self) -> bool {
        self.0.iter().any(|frame| frame.kind == FrameKind::Function)
    }

    /// Whether `return` has something to return from.
    pub fn can_return(&self) -> bool {
        self.0.iter().any(|frame| frame.kind != FrameKind::Script)
    }
}
