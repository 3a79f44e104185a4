//! A program as written. Its height is bounded by the parser, so that what walks it may recurse.

use super::value::Value;

/// A file of definitions, or the main program.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// After `module`.
    pub meta: Option<Ast>,
    pub imports: Vec<Import>,
    pub defs: Vec<Def>,
    pub body: Option<Ast>,
}

#[derive(Debug)]
pub(super) struct Import {
    pub path: String,
    /// `include` has none.
    pub name: Option<String>,
    /// `as $name`: JSON data.
    pub data: bool,
    pub meta: Option<Ast>,
}

#[derive(Debug)]
pub(super) struct Def {
    pub name: String,
    pub params: Vec<Param>,
    pub body: Ast,
}

#[derive(Debug)]
pub(super) struct Param {
    pub name: String,
    /// `$name`: by value.
    pub value: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// `=`, `|=`, and those with an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assign {
    Set,
    Update,
    Arithmetic(Operator),
    Alternative,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Name(String),
    Array(Vec<Pattern>),
    /// Key, the variable that the key's value goes to too, and what it is taken apart by.
    Object(Vec<(Ast, Option<String>, Option<Pattern>)>),
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Filter(Ast),
}

#[derive(Debug)]
pub(super) enum Ast {
    Identity,
    Descend,
    Literal(Value),
    Text {
        format: Option<String>,
        pieces: Vec<Piece>,
        at: usize,
    },
    Format(String),
    Index(Box<Ast>, Box<Ast>),
    Slice(Box<Ast>, Option<Box<Ast>>, Option<Box<Ast>>),
    Iterate(Box<Ast>),
    Array(Option<Box<Ast>>),
    /// Keys and values, with the places of the keys.
    Object(Vec<(Ast, Ast, usize)>),
    Negate(Box<Ast>),
    Pipe(Vec<Ast>),
    Comma(Vec<Ast>),
    Binary(Operator, Box<Ast>, Box<Ast>),
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    Alternative(Box<Ast>, Box<Ast>),
    Assign(Assign, Box<Ast>, Box<Ast>),
    If(Vec<(Ast, Ast)>, Option<Box<Ast>>),
    Try(Box<Ast>, Option<Box<Ast>>),
    Reduce(Box<Ast>, Vec<Pattern>, Box<Ast>, Box<Ast>),
    Foreach(Box<Ast>, Vec<Pattern>, Box<Ast>, Box<Ast>, Option<Box<Ast>>),
    Def(Box<Def>, Box<Ast>),
    Bind(Box<Ast>, Vec<Pattern>, Box<Ast>),
    Label(String, Box<Ast>),
    Break(String, usize),
    Call(String, Vec<Ast>, usize),
    Variable(String, usize),
    /// The line.
    Location(usize),
}
