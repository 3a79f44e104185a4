//! Parameter expansions.

use super::{ArithExpr, ArithTree, Pattern, Text, Word};
use crate::syntax::symbol::Symbol;

/// Which parameter is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamName {
    Variable(Symbol),
    /// `$1` and up. `$0` is [`ParamName::Zero`].
    Positional(u32),
    /// `$0`
    Zero,
    /// `$@`
    At,
    /// `$*`
    Star,
    /// `$#`
    Count,
    /// `$?`
    Status,
    /// `$-`
    Flags,
    /// `$$`
    Pid,
    /// `$!`
    LastBackground,
}

/// A `${…}` that is more than a name.
#[derive(Debug, Clone)]
pub struct Param {
    pub name: ParamName,
    pub subscript: Option<Box<Subscript>>,
    /// `${!name…}`: the value of `name` is the parameter that is meant.
    pub indirect: bool,
    pub op: ParamOp,
    /// All of it with `${` and `}`, for messages.
    pub text: Text,
}

/// `[…]` after a name.
#[derive(Debug, Clone)]
pub struct Subscript {
    pub kind: SubscriptKind,
    /// Between the brackets, with quotes removed: what an associative array looks up. For `@` and
    /// `*` it is that character.
    pub word: Word,
    /// The same for an indexed array: `word` is expanded where this is `ArithKind::Dynamic`.
    pub index: SubscriptIndex,
    /// As it stands between the brackets.
    pub text: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptKind {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    Key,
}

/// A subscript as arithmetic.
#[derive(Debug, Clone)]
pub enum SubscriptIndex {
    /// Parsed: neither expansions nor quotes are in it.
    Static(ArithTree),
    /// `word` is expanded, and what comes out is parsed.
    Dynamic,
    /// `$i` or `${i}` alone, the common case of `Dynamic`; if its value is an integer, that is it.
    Operand(ParamName),
    /// With `'` or `\\`, which stay: they quote for an associative array, and are wrong here.
    Quoted(Box<ArithExpr>),
}

#[derive(Debug, Clone)]
pub enum ParamOp {
    /// Nothing more (with a subscript or `!`).
    Value,
    /// `${#x}`
    Length,
    /// `${x-w}`, and with `colon` `${x:-w}`
    Default { colon: bool, word: Word },
    /// `${x=w}`
    Assign { colon: bool, word: Word },
    /// `${x?w}`; an empty word stands for bash's own message
    Error { colon: bool, word: Word },
    /// `${x+w}`
    Alternative { colon: bool, word: Word },
    /// `${x#p}`, `${x##p}`
    RemovePrefix { longest: bool, pattern: Pattern },
    /// `${x%p}`, `${x%%p}`
    RemoveSuffix { longest: bool, pattern: Pattern },
    /// `${x/p/r}`, `${x//p/r}`, `${x/#p/r}`, `${x/%p/r}`; no replacement without the second `/`
    Replace { mode: ReplaceMode, pattern: Pattern, replacement: Option<Word> },
    /// `${x^p}`, `${x^^p}`, `${x,p}`, `${x,,p}`, `${x~p}`, `${x~~p}`
    Case { mode: CaseMode, all: bool, pattern: Option<Pattern> },
    /// `${x:offset:length}`
    Substring { offset: Box<ArithExpr>, length: Option<Box<ArithExpr>> },
    /// `${x@Q}`: the letter
    Transform(u8),
    /// `${!prefix*}` and (`at`) `${!prefix@}`; `name` is unused
    Names { prefix: Text, at: bool },
    /// `${!a[@]}` and `${!a[*]}`
    Keys { at: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceMode {
    First,
    All,
    Prefix,
    Suffix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseMode {
    Upper,
    Lower,
    Toggle,
}
