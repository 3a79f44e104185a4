//! One variable: its value and attributes.

use super::array::IndexedArray;
use super::assoc::AssocArray;
use super::ledger::Ledger;
use super::text::Str;
use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;

/// A variable as it is bound in one scope.
#[derive(Clone, Debug, Default)]
pub struct Variable {
    pub value: Value,
    pub attrs: Attrs,
    /// The scope that owns it: 0 is the global one, `n` the `n`th that was pushed.
    pub scope: u32,
    pub ledger: Ledger,
}

#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Declared, but without a value.
    #[default]
    Unset,
    Scalar(Str),
    Indexed(Arc<IndexedArray>),
    Assoc(Arc<AssocArray>),
    /// Computed at each use.
    Dynamic(Dynamic),
}

/// Variables that the shell computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {
    Random,
    StrongRandom,
    Seconds,
    EpochSeconds,
    EpochRealtime,
    LineNumber,
    ProcessId,
    ArgumentZero,
    Command,
    Subshell,
    HistoryCommand,
    SetOptions,
    ShoptOptions,
    FunctionNames,
    Sources,
    CallLines,
    ArgumentCounts,
    ArgumentValues,
    PipeStatus,
    DirectoryStack,
    Groups,
    Aliases,
    Commands,
    LastArgument,
}

/// What `declare` gives and `declare -p` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Attrs(pub u16);

impl Attrs {
    pub const NONE: Self = Self(0);
    /// `-a`
    pub const INDEXED: Self = Self(1);
    /// `-A`
    pub const ASSOC: Self = Self(1 << 1);
    /// `-i`
    pub const INTEGER: Self = Self(1 << 2);
    /// `-l`
    pub const LOWER: Self = Self(1 << 3);
    /// `-u`
    pub const UPPER: Self = Self(1 << 4);
    /// `-c`
    pub const CAPITAL: Self = Self(1 << 5);
    /// `-n`
    pub const NAMEREF: Self = Self(1 << 6);
    /// `-r`
    pub const READONLY: Self = Self(1 << 7);
    /// `-t`
    pub const TRACE: Self = Self(1 << 8);
    /// `-x`
    pub const EXPORT: Self = Self(1 << 9);
    /// Assignments are ignored without a complaint, as bash does for `BASHPID` or `FUNCNAME`.
    pub const IGNORES_ASSIGNMENT: Self = Self(1 << 10);
    /// It was given before a command (`x=1 cmd`), for as long as that runs.
    pub const TEMPORARY: Self = Self(1 << 11);
    /// It came from the environment, so an unset of it is none of a local.
    pub const IMPORTED: Self = Self(1 << 12);

    pub const ARRAY: Self = Self(Self::INDEXED.0 | Self::ASSOC.0);
    pub const CASE: Self = Self(Self::LOWER.0 | Self::UPPER.0 | Self::CAPITAL.0);

    /// Whether any of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The letters that `declare -p` and `${x@a}` show, in bash's order.
    pub fn letters(self) -> String {
        const LETTERS: &[(Attrs, char)] = &[
            (Attrs::INDEXED, 'a'),
            (Attrs::ASSOC, 'A'),
            (Attrs::INTEGER, 'i'),
            (Attrs::NAMEREF, 'n'),
            (Attrs::READONLY, 'r'),
            (Attrs::TRACE, 't'),
            (Attrs::EXPORT, 'x'),
            (Attrs::CAPITAL, 'c'),
            (Attrs::LOWER, 'l'),
            (Attrs::UPPER, 'u'),
        ];
        LETTERS.iter().filter(|(attr, _)| self.has(*attr)).map(|(_, letter)| *letter).collect()
    }
}

impl BitOr for Attrs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl BitOrAssign for Attrs {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.with(other);
    }
}

impl Variable {
    pub fn scalar(value: impl Into<Str>) -> Self {
        Self { value: Value::Scalar(value.into()), ..Self::default() }
    }

    pub fn dynamic(kind: Dynamic, attrs: Attrs) -> Self {
        Self { value: Value::Dynamic(kind), attrs, ..Self::default() }
    }

    #[must_use]
    pub fn with_attrs(mut self, attrs: Attrs) -> Self {
        self.attrs |= attrs;
        self
    }

    pub fn is_set(&self) -> bool {
        !matches!(self.value, Value::Unset)
    }

    pub fn is_array(&self) -> bool {
        self.attrs.has(Attrs::ARRAY) || matches!(self.value, Value::Indexed(_) | Value::Assoc(_))
    }

    pub fn is_assoc(&self) -> bool {
        self.attrs.has(Attrs::ASSOC) || matches!(self.value, Value::Assoc(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_five_words() {
        assert_eq!(size_of::<Option<Variable>>(), 40);
    }
}
