//! Words and what they are made of.
//!
//! Quotes are gone: what was quoted is a [`WordPart::Quoted`] (active neither for splitting nor for
//! globs, patterns and regular expressions), what was not is a [`WordPart::Literal`].

use super::{ArithExpr, Assignment, List, Param, ParamName, Text};
use crate::syntax::error::ParseError;
use bstr::{BStr, BString, ByteSlice};
use std::any::Any;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};
use std::sync::{Arc, OnceLock};

/// A word of the script.
#[derive(Debug, Clone, Default)]
pub struct Word {
    pub parts: Box<[WordPart]>,
    pub flags: WordFlags,
    /// As it is printed by `declare -f` and the like. Empty for words inside `${…}`, subscripts and
    /// here-documents, whose text belongs to the word around them.
    pub text: WordText,
}

#[derive(Debug, Clone)]
pub enum WordPart {
    /// Unquoted text. May hold active glob characters (`* ? [`, and with extglob `?( *( +( @( !(`
    /// and their `|` and `)`, between which other parts may stand).
    Literal(Text),
    /// Quoted text: from `'…'`, `$'…'`, `\x`, `"…"`. May be empty, and is then still a word.
    Quoted(Text),
    /// `"…"` that holds more than text. Its parts are `Quoted`, `Var`, `Param`, `Command`, `Arith`.
    DoubleQuoted(Box<[WordPart]>),
    /// `$name` or `${name}` and nothing more.
    Var(ParamName),
    /// Any other `${…}`.
    Param(Box<Param>),
    /// `$(…)` or `` `…` ``
    Command(Arc<CommandSubst>),
    /// `$((…))` or `$[…]`
    Arith(Box<ArithExpr>),
    /// `<(…)` or `>(…)`
    Process(Box<ProcessSubst>),
    /// An unquoted `~user` where bash expands it; empty for `~` alone, `+`, `-`, or `+N`.
    ///
    /// In a word flagged [`WordFlags::BRACE`] none is recognised, since it is known only after brace
    /// expansion: use [`super::super::word::recognise_tilde`] on each word that this makes.
    Tilde(Tilde),
    /// `{a,b}` or `{1..3}`, where brace expansion happens (if it is on).
    Brace(Box<Brace>),
    /// `name=(…)` as an argument of a declaration builtin; the only part of its word.
    Array(Box<Assignment>),
    /// What bash refuses only when it expands it.
    Bad(Box<BadPart>),
}

#[derive(Debug, Clone)]
pub struct Tilde {
    pub user: Text,
    /// After `=` or `:` in a word that looks like an assignment. As an argument this isn't expanded
    /// in posix mode.
    pub assignment: bool,
}

#[derive(Debug, Clone)]
pub struct CommandSubst {
    pub body: Arc<List>,
    /// From `` `…` ``.
    pub backtick: bool,
    /// `$(<file)`: nothing else but one such redirection.
    pub reads_file: bool,
    pub line: u32,
}

#[derive(Debug, Clone)]
pub struct ProcessSubst {
    pub direction: ProcessDirection,
    pub body: Arc<List>,
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessDirection {
    /// `<(…)`: the script reads from it.
    Read,
    /// `>(…)`
    Write,
}

#[derive(Debug, Clone)]
pub enum Brace {
    /// `{a,b}`: at least two alternatives, joined by `,` they are the literal form.
    List(Box<[Box<[WordPart]>]>),
    Range(BraceRange),
}

#[derive(Debug, Clone)]
pub struct BraceRange {
    pub first: i64,
    pub last: i64,
    /// Never 0; its sign is that of the direction.
    pub step: i64,
    /// Both ends are single letters: the values are bytes.
    pub letters: bool,
    /// Zero padding: the width of every value, its sign included; 0 for none.
    pub width: u32,
    /// With the braces, for when brace expansion is off.
    pub text: Text,
}

/// What was accepted by the reader but is an error when expanded.
#[derive(Debug, Clone)]
pub enum BadPart {
    /// Backquotes around what can't be read: told when it is expanded, to nothing.
    Commands { text: Text, error: Box<ParseError> },
    /// `${…}` with nonsense in it: its text with the braces, and that of the word around it, as far
    /// as it is quoted alike, which the message shows.
    Substitution { text: Text, shown: Text },
    /// A here-document, or text of an expansion, that doesn't parse.
    Syntax { text: Text, error: Box<ParseError> },
}

/// A word used as a pattern, or as a regular expression, with room for what it compiles to.
#[derive(Debug, Clone, Default)]
pub struct Pattern {
    pub word: Word,
    /// For the evaluator, if the word is text alone.
    pub compiled: Slot,
}

/// A place where the evaluator keeps what it computed from a constant part of the tree.
#[derive(Default)]
pub struct Slot(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Slot {
    /// The value kept here, made by `make` at first use. `None` if another type is kept here.
    pub fn get_or_init<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Arc::new(make())).downcast_ref()
    }

    /// Whether something is kept here already, of whatever type.
    pub fn is_full(&self) -> bool {
        self.0.get().is_some()
    }

    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.get()?.downcast_ref()
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_full() { "Slot(full)" } else { "Slot(empty)" })
    }
}

/// Facts about a word that the parser knows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WordFlags(pub u16);

impl WordFlags {
    /// No expansions, no globs, no braces, no tilde: always the same single field.
    pub const CONST: Self = Self(1);
    /// Some part was quoted.
    pub const QUOTED: Self = Self(1 << 1);
    /// An unquoted glob character stands in the text.
    pub const GLOB: Self = Self(1 << 2);
    /// An unquoted expansion: its value is split and globbed.
    pub const SPLIT: Self = Self(1 << 3);
    /// A quoted expansion that need not give exactly one field: `"$@"`, `"${a[@]}"`, `"${!x}"`.
    pub const MULTI: Self = Self(1 << 4);
    /// A [`WordPart::Brace`] is in it.
    pub const BRACE: Self = Self(1 << 5);
    /// A [`WordPart::Tilde`] is in it.
    pub const TILDE: Self = Self(1 << 6);
    /// It looks like `name=…`, `name+=…` or `name[…]=…`.
    pub const ASSIGNMENT: Self = Self(1 << 7);
    /// A [`WordPart::Process`] is in it.
    pub const PROCESS: Self = Self(1 << 8);

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for WordFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for WordFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl Word {
    /// The value of a constant word that is one piece of text: the common case of a command name, an
    /// option or a string. (An empty `parts` is the empty word that `${x:-}` and `x=` have.)
    pub fn literal(&self) -> Option<&BStr> {
        if !self.flags.has(WordFlags::CONST) {
            return None;
        }
        match &*self.parts {
            [] => Some(BStr::new(b"")),
            [WordPart::Literal(text) | WordPart::Quoted(text)] => Some(text),
            _ => None,
        }
    }

    /// The value of a constant word, however it was quoted.
    pub fn constant(&self) -> Option<BString> {
        if !self.flags.has(WordFlags::CONST) {
            return None;
        }
        let mut value = BString::default();
        for part in &self.parts {
            if let WordPart::Literal(text) | WordPart::Quoted(text) = part {
                value.extend_from_slice(text);
            }
        }
        Some(value)
    }

    /// Whether it is made of text alone, quoted or not. Unlike a constant word it may hold glob
    /// characters: as a pattern it is always the same.
    pub fn is_text(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, WordPart::Literal(_) | WordPart::Quoted(_)))
    }

    /// The text if no part of the word is quoted or active, as for a reserved word.
    pub fn plain(&self) -> Option<&BStr> {
        match &*self.parts {
            [WordPart::Literal(text)] if !self.flags.has(WordFlags::QUOTED) => Some(text),
            _ => None,
        }
    }

    /// Whether it always gives exactly one field: nothing to split, no glob, no braces, no `"$@"`.
    pub fn is_single_field(&self) -> bool {
        let many = WordFlags::SPLIT | WordFlags::GLOB | WordFlags::MULTI | WordFlags::BRACE;
        !self.flags.has(many) && !self.parts.is_empty()
    }
}

/// How a word is printed: as written, but for line continuations, and with `$(…)` laid out anew.
#[derive(Debug, Clone)]
pub enum WordText {
    Plain(Text),
    Pieces(Box<[TextPiece]>),
}

#[derive(Debug, Clone)]
pub enum TextPiece {
    Plain(Text),
    /// Between the parentheses of `$(…)`, `<(…)` or `>(…)`, which are in the text around it.
    Command(Arc<List>),
}

impl Default for WordText {
    fn default() -> Self {
        Self::Plain(Text::default())
    }
}

impl WordText {
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Plain(text) => text.is_empty(),
            Self::Pieces(pieces) => pieces.is_empty(),
        }
    }
}

impl From<&[u8]> for WordText {
    fn from(text: &[u8]) -> Self {
        Self::Plain(Text::from(text.as_bstr().to_vec().into_boxed_slice()))
    }
}
