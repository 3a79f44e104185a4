//! Arithmetic.

use super::{Subscript, Text, Word, WordPart};
use crate::syntax::symbol::Symbol;
use std::sync::Arc;

/// An expression where arithmetic is read: `$((…))`, `((…))`, a part of `for ((…))`, `${x:…}`.
#[derive(Debug, Clone)]
pub struct ArithExpr {
    pub kind: ArithKind,
    /// The expression as a word: expanded like a double-quoted one, it gives the text that bash
    /// evaluates and names in its errors.
    pub word: Word,
    /// As it stands in the script.
    pub text: Text,
}

#[derive(Debug, Clone)]
pub enum ArithKind {
    /// Nothing in it is expanded first (but perhaps in subscripts, which say so themselves), and it
    /// parses. An empty expression is 0.
    Static(ArithTree),
    /// Expansions (`Var`, `Param`, `Command`) stand where operands do: if each of `operands`, expanded, is a decimal integer (with a
    /// `-` or not, no leading zero), then `tree` is what the text would parse to. Else it is as
    /// `Dynamic`.
    Template { tree: ArithTree, operands: Box<[WordPart]> },
    /// `word` is expanded, and what comes out is parsed (by `syntax::arith::parse`) and evaluated.
    Dynamic,
}

/// A parsed expression. Shared, so that a run-time cache can hold it too.
#[derive(Debug, Clone)]
pub struct ArithTree {
    pub root: Arc<Arith>,
}

#[derive(Debug, Clone)]
pub enum Arith {
    Number(i64),
    /// Its value is evaluated as an expression in turn.
    Variable(Symbol),
    /// `name[sub]`
    Element(Box<ArithPlace>),
    /// Into [`ArithKind::Template`]'s operands.
    Operand(u16),
    Unary(ArithUnary, Box<Arith>),
    /// `++x`, `x--`
    Step(Box<ArithStep>),
    /// One or more left-associative operators in a row, evaluated from the left: `a - b + c` is
    /// `first` `a` and `rest` `- b`, `+ c`. All are of the same precedence. (`**` stands alone.)
    Binary {
        first: Box<Arith>,
        rest: Box<[ArithRight]>,
    },
    /// `a && b && c`: two or more; the value is 0 or 1
    And(Box<[Arith]>),
    Or(Box<[Arith]>),
    /// `a ? b : c`
    Choice(Box<(Arith, Arith, Arith)>),
    /// `a = b`, `a += b`
    Assign(Box<ArithAssign>),
    /// `a, b`: two or more; the value is the last one's
    Comma(Box<[Arith]>),
}

#[derive(Debug, Clone)]
pub struct ArithRight {
    pub op: ArithOp,
    pub value: Arith,
    /// Where the error token starts in the text if this fails (division by 0, `**` of a negative).
    pub at: u32,
}

/// What can be assigned to.
#[derive(Debug, Clone)]
pub struct ArithPlace {
    pub name: Symbol,
    pub subscript: Option<Box<Subscript>>,
}

#[derive(Debug, Clone)]
pub struct ArithStep {
    pub place: ArithPlace,
    /// `++x`
    pub prefix: bool,
    /// `--`
    pub down: bool,
}

#[derive(Debug, Clone)]
pub struct ArithAssign {
    pub place: ArithPlace,
    /// `None` for `=`.
    pub op: Option<ArithOp>,
    pub value: Arith,
    /// Where the error token starts in the text if this fails (`/=` by 0).
    pub at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithUnary {
    Plus,
    Minus,
    Not,
    Complement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    ShiftLeft,
    ShiftRight,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    BitAnd,
    BitXor,
    BitOr,
}
