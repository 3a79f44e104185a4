//! What a script means: the tree that the evaluator walks.
//!
//! Built once by the parser and never changed, `Send + Sync`, shared by `Arc` where another thread
//! may run a part of it. Always true: everything static is already parsed (words into parts,
//! quotes removed, arithmetic into a tree, here-documents into words), lists are boxed slices, and
//! no chain (`;`, `&&`, `|`, `elif`, `1+1+…`) is deeper for being longer: depth comes from nesting
//! alone, which the parser limits.

pub mod arith;
pub mod param;
pub mod word;

pub use arith::*;
pub use param::*;
pub use word::*;

use super::symbol::Symbol;
use bstr::BStr;
use mesash_builtins::budget::Held;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Bytes of the script.
pub type Text = Box<BStr>;

/// What `Parser::next_command` returns: all that bash reads before it executes again.
#[derive(Debug, Clone)]
pub struct CompleteCommand {
    pub list: Arc<List>,
    /// Where it stands in the input, from its first byte to the end of its last line.
    pub span: Range<usize>,
    /// The line where it starts.
    pub line: u32,
    /// What a big tree takes of the run's memory.
    pub held: Option<Arc<Held>>,
}

/// And-or lists, one after the other. Empty only where bash allows it (`$()`, a `case` clause).
#[derive(Debug, Clone, Default)]
pub struct List {
    pub items: Box<[ListItem]>,
}

#[derive(Debug, Clone)]
pub struct ListItem {
    /// `Arc`, because `&` gives it to another thread.
    pub and_or: Arc<AndOr>,
    pub end: ListEnd,
    /// A newline inside of `$(…)`, which is kept when the list is printed.
    pub newline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListEnd {
    /// `;`, a newline, or the end of the list.
    Sequence,
    /// `&`
    Background,
}

/// `a && b || c`: evaluated from the left, both operators having the same precedence.
#[derive(Debug, Clone)]
pub struct AndOr {
    pub first: Pipeline,
    pub rest: Box<[(AndOrOp, Pipeline)]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AndOrOp {
    And,
    Or,
}

/// `! time -p a | b`. Only `time` and `!` may stand before no command at all.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// An odd number of `!`.
    pub negated: bool,
    pub time: Option<TimeFormat>,
    /// `a |& b` is `a 2>&1 | b`: the redirection is the last one of `a`.
    pub commands: Arc<[Command]>,
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// `time`: by `TIMEFORMAT`.
    Shell,
    /// `time -p`
    Posix,
}

#[derive(Debug, Clone)]
pub struct Command {
    pub kind: CommandKind,
    /// In the order of the script, for a simple command too.
    pub redirects: Box<[Redirect]>,
    /// What `$LINENO` is while it runs.
    pub line: u32,
}

#[derive(Debug, Clone)]
pub enum CommandKind {
    Simple(Box<Simple>),
    /// `{ …; }`
    Group(Arc<List>),
    /// `( … )`
    Subshell(Arc<List>),
    If(Box<If>),
    While(Box<While>),
    For(Box<For>),
    ArithFor(Box<ArithFor>),
    Select(Box<For>),
    Case(Box<Case>),
    /// `[[ … ]]`
    Cond(Box<Cond>),
    /// `(( … ))`
    Arith(Box<ArithExpr>),
    /// Its redirections are part of the function, not of this command.
    Function(Arc<Function>),
    Coproc(Box<Coproc>),
}

/// `x=1 cmd words`. Nothing but redirections may be there too.
#[derive(Debug, Clone)]
pub struct Simple {
    pub assignments: Box<[Assignment]>,
    /// The command name and its arguments.
    ///
    /// An argument that looks like an assignment is flagged [`WordFlags::ASSIGNMENT`] (a
    /// declaration builtin doesn't split it), and `declare a=(…)` is a word whose only part is
    /// [`WordPart::Array`].
    pub words: Box<[Word]>,
    /// The symbol of the command name, where that is constant.
    pub name: Option<Symbol>,
}

/// `name=value`, `name[sub]+=value`, `name=(…)`.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub name: Symbol,
    pub subscript: Option<Box<Subscript>>,
    /// `+=`
    pub append: bool,
    pub value: AssignValue,
    /// As it is printed.
    pub text: WordText,
}

#[derive(Debug, Clone)]
pub enum AssignValue {
    /// Expanded as the right side of an assignment: no splitting, no globs.
    Scalar(Word),
    Array(Box<[ArrayElement]>),
}

/// An element of `a=(…)`.
#[derive(Debug, Clone)]
pub struct ArrayElement {
    /// `[key]=value` or `[key]+=value`. Without a key the value is split and globbed like an
    /// argument, with one it is not.
    pub key: Option<Box<Subscript>>,
    pub append: bool,
    pub value: Word,
    /// The whole element where braces are in it: for an indexed array they come first, and what they
    /// make isn't looked at for a key again.
    pub braces: Option<Box<Word>>,
    /// The whole element as it stands, `[key]=` included (`Word::text` of `value` is empty then):
    /// what an associative array without the key takes as key or value.
    pub text: WordText,
}

/// `if … then … elif … then … else … fi`
#[derive(Debug, Clone)]
pub struct If {
    /// The condition and the body of `if` and of each `elif`.
    pub branches: Box<[(List, List)]>,
    pub otherwise: Option<List>,
}

#[derive(Debug, Clone)]
pub struct While {
    /// `until`
    pub until: bool,
    pub condition: List,
    pub body: List,
}

/// `for name in words; do … done`, and `select` in the same form.
#[derive(Debug, Clone)]
pub struct For {
    /// The variable as written; bash complains at run time if it is no identifier.
    pub name: Text,
    pub symbol: Symbol,
    /// `None` without `in`: `"$@"`.
    pub words: Option<Box<[Word]>>,
    pub body: List,
}

/// `for ((a; b; c)) do … done`; an empty part is `None`.
#[derive(Debug, Clone)]
pub struct ArithFor {
    pub init: Option<ArithExpr>,
    pub condition: Option<ArithExpr>,
    pub update: Option<ArithExpr>,
    pub body: List,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub word: Word,
    pub clauses: Box<[CaseClause]>,
}

#[derive(Debug, Clone)]
pub struct CaseClause {
    pub patterns: Box<[Pattern]>,
    pub body: List,
    pub end: CaseEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseEnd {
    /// `;;`
    Break,
    /// `;&`
    FallThrough,
    /// `;;&`
    TestNext,
}

/// What `[[ … ]]` tests.
#[derive(Debug, Clone)]
pub enum Cond {
    /// A word alone: true if it isn't empty.
    Word(Word),
    /// `-f word`: the letter.
    Unary(u8, Word),
    Binary(CondOp, Box<(Word, Word)>),
    /// `==`, `=` and `!=`: the right side is a pattern.
    Match(MatchOp, Box<(Word, Pattern)>),
    /// `=~`: quoted parts of the right side match as they are.
    Regex(Box<(Word, Pattern)>),
    Not(Box<Cond>),
    /// In parentheses.
    Group(Box<Cond>),
    /// Two or more.
    And(Box<[Cond]>),
    /// Two or more.
    Or(Box<[Cond]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `==`
    Equal,
    /// `=`
    EqualOne,
    /// `!=`
    NotEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CondOp {
    /// `<`: by the collating order
    Before,
    /// `>`
    After,
    /// `-eq`: both sides are arithmetic
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `-nt`
    Newer,
    /// `-ot`
    Older,
    /// `-ef`
    SameFile,
}

#[derive(Debug, Clone)]
pub struct Function {
    /// Any word will do in bash, so this need not be an identifier.
    pub name: Text,
    /// The name has quotes or a `$` in it: it is read, but can't be defined.
    pub quoted: bool,
    pub symbol: Symbol,
    /// Any compound command, its redirections with it.
    pub body: Arc<Command>,
    /// How long the text of the body was.
    pub bytes: usize,
    pub line: u32,
}

#[derive(Debug, Clone)]
pub struct Coproc {
    /// `COPROC` if the script names none; checked to be an identifier at run time.
    pub name: Word,
    pub body: Arc<Command>,
}

#[derive(Debug, Clone)]
pub struct Redirect {
    pub fd: RedirectFd,
    pub op: RedirectOp,
    pub target: RedirectTarget,
    pub line: u32,
}

#[derive(Debug, Clone)]
pub enum RedirectFd {
    /// What the operator stands for: 0 or 1, or both for `&>`.
    Default,
    Number(i32),
    /// `{name}` or `{name[sub]}`: the shell chooses and stores the number.
    Variable(Box<FdVariable>),
}

#[derive(Debug, Clone)]
pub struct FdVariable {
    pub name: Symbol,
    pub subscript: Option<Box<Subscript>>,
    /// As written between the braces.
    pub text: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectOp {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>>`
    Append,
    /// `>|`
    Clobber,
    /// `<>`
    ReadWrite,
    /// `<&`: a number, a number followed by `-` (move), or `-` (close), once expanded
    DupIn,
    /// `>&`: likewise; any other word, without an fd before the operator, is `&>`
    DupOut,
    /// `&>`
    WriteBoth,
    /// `&>>`
    AppendBoth,
    /// `<<<`
    HereString,
    /// `<<` or `<<-`
    HereDoc,
}

#[derive(Debug, Clone)]
pub enum RedirectTarget {
    Word(Word),
    HereDoc(Box<HereDoc>),
}

#[derive(Debug, Clone)]
pub struct HereDoc {
    /// The delimiter as it is printed (its quotes removed).
    pub delimiter: Text,
    /// A quoted delimiter: the body is taken as it is.
    pub quoted: bool,
    /// `<<-`
    pub strip_tabs: bool,
    /// Set by the parser once it has read the lines after the command; always set in a tree that
    /// it returned.
    pub content: Arc<OnceLock<HereDocContent>>,
}

#[derive(Debug, Clone, Default)]
pub struct HereDocContent {
    pub body: Word,
    pub text: Text,
}

impl HereDoc {
    /// The body after tabs were stripped; expanded like a double-quoted word.
    pub fn body(&self) -> &Word {
        &self.content().body
    }

    /// The body as it stands in the script (tabs stripped), for printing.
    pub fn text(&self) -> &BStr {
        &self.content().text
    }

    fn content(&self) -> &HereDocContent {
        self.content.get_or_init(HereDocContent::default)
    }
}
