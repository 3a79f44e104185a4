//! An awk program as a tree, with every name resolved to a slot.

use std::rc::Rc;

use bytes::Bytes;

use super::origins::Origins;
use super::regex::Regex;
use super::value::Value;

/// Where a variable lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Var {
    /// The first slots are the special variables, see [`Special::from_slot`].
    Global(usize),
    /// A parameter of the function that is running.
    Local(usize),
}

/// What stands for an array.
#[derive(Debug)]
pub(super) enum Place {
    Var(Var),
    /// An element that is an array itself.
    Element(Box<Place>, Box<[Expr]>),
}

#[derive(Debug)]
pub(super) enum Expr {
    Constant(Value),
    /// A regular expression by itself: matched against `$0`.
    Regex(Rc<Regex>),
    Var(Var),
    Element(Place, Box<[Expr]>),
    Field(Box<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    AssignOp(Arith, Box<Expr>, Box<Expr>),
    Step {
        target: Box<Expr>,
        by: f64,
        prefix: bool,
    },
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Not(Box<Expr>),
    Arith(Arith, Box<(Expr, Expr)>),
    Compare(Compare, Box<(Expr, Expr)>),
    Concat(Box<(Expr, Expr)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Choice(Box<(Expr, Expr, Expr)>),
    Match {
        negated: bool,
        sides: Box<(Expr, Expr)>,
    },
    In(Box<[Expr]>, Place),
    Call {
        function: usize,
        args: Box<[Expr]>,
    },
    Builtin {
        function: Builtin,
        args: Box<[Expr]>,
    },
    /// `@name(…)`: the function that the variable names.
    Indirect {
        name: Var,
        args: Box<[Expr]>,
    },
    Getline {
        source: Source,
        target: Option<Box<Expr>>,
    },
    /// Parentheses: they end a concatenation's and a comparison's right to go on.
    Group(Box<Expr>),
    /// `(a, b)`, which only `in` and `print` may follow.
    List(Box<[Expr]>),
}

#[derive(Debug)]
pub(super) enum Source {
    Input,
    File(Box<Expr>),
    Command(Box<Expr>),
    /// `command |& getline`
    Coprocess(Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

#[derive(Debug)]
pub(super) enum Stmt {
    Expr(Expr),
    Print {
        args: Box<[Expr]>,
        to: Option<Redirect>,
    },
    Printf {
        args: Box<[Expr]>,
        to: Option<Redirect>,
    },
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    DoWhile(Box<Stmt>, Expr),
    For {
        init: Option<Box<Stmt>>,
        test: Option<Expr>,
        step: Option<Box<Stmt>>,
        body: Box<Stmt>,
    },
    ForIn {
        target: Expr,
        array: Place,
        body: Box<Stmt>,
    },
    Switch(Expr, Box<[(Case, Box<[Stmt]>)]>),
    Block(Box<[Stmt]>),
    Delete(Place, Box<[Expr]>),
    DeleteAll(Place),
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Break,
    Continue,
    /// A statement and the line that it begins on.
    At(u32, Box<Stmt>),
}

#[derive(Debug)]
pub(super) enum Case {
    Value(Value),
    Regex(Rc<Regex>),
    Default,
}

#[derive(Debug)]
pub(super) struct Redirect {
    pub kind: RedirectKind,
    pub to: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RedirectKind {
    Write,
    Append,
    Pipe,
    /// `|&`: a command that is read from, too.
    Coprocess,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Always,
    When(Expr),
    /// Its index tells the ranges' states apart.
    Range(Expr, Expr, usize),
}

#[derive(Debug)]
pub(super) struct Rule {
    pub line: u32,
    pub pattern: Pattern,
    /// `None`: print the record.
    pub body: Option<Stmt>,
}

#[derive(Debug)]
pub(super) struct Function {
    pub name: Bytes,
    pub parameters: Vec<Bytes>,
    pub body: Stmt,
}

#[derive(Debug, Default)]
pub(super) struct Program {
    pub begin: Vec<Stmt>,
    pub begin_file: Vec<Stmt>,
    pub rules: Vec<Rule>,
    pub end_file: Vec<Stmt>,
    pub end: Vec<Stmt>,
    pub functions: Vec<Function>,
    /// The names of the global variables, by slot.
    pub globals: Vec<Bytes>,
    pub ranges: usize,
    /// Complaints that stop nothing, with their lines.
    pub warnings: Vec<(u32, String)>,
    /// Whether anything needs the input read.
    pub reads_input: bool,
    /// Where the lines of the program come from.
    pub origins: Origins,
}

macro_rules! specials {
    ($($name:ident = $text:literal,)*) => {
        /// The variables that mean something to awk itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(super) enum Special { $($name,)* }

        impl Special {
            pub const ALL: &[(Self, &str)] = &[$((Self::$name, $text),)*];

            pub fn from_slot(slot: usize) -> Option<Self> {
                Self::ALL.get(slot).map(|(special, _)| *special)
            }

            pub fn slot(self) -> usize {
                self as usize
            }
        }
    };
}

specials! {
    Nf = "NF",
    Nr = "NR",
    Fnr = "FNR",
    Fs = "FS",
    Ofs = "OFS",
    Ors = "ORS",
    Rs = "RS",
    Rt = "RT",
    Filename = "FILENAME",
    Subsep = "SUBSEP",
    Convfmt = "CONVFMT",
    Ofmt = "OFMT",
    Rstart = "RSTART",
    Rlength = "RLENGTH",
    Environ = "ENVIRON",
    Argc = "ARGC",
    Argv = "ARGV",
    FieldWidths = "FIELDWIDTHS",
    Fpat = "FPAT",
    IgnoreCase = "IGNORECASE",
    Procinfo = "PROCINFO",
    Errno = "ERRNO",
    Symtab = "SYMTAB",
    Functab = "FUNCTAB",
    Lint = "LINT",
}

macro_rules! builtins {
    ($($name:ident = $text:literal, $min:literal..=$max:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Builtin { $($name,)* }

        impl Builtin {
            pub fn by_name(name: &[u8]) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// All of their names.
            pub const NAMES: &[&[u8]] = &[$($text,)*];

            /// How many arguments it takes, least and most.
            pub fn arity(self) -> (usize, usize) {
                match self { $(Self::$name => ($min, $max),)* }
            }
        }
    };
}

builtins! {
    And = b"and", 2..=64;
    Asort = b"asort", 1..=3;
    Asorti = b"asorti", 1..=3;
    Atan2 = b"atan2", 2..=2;
    Close = b"close", 1..=2;
    Compl = b"compl", 1..=1;
    Cos = b"cos", 1..=1;
    Exp = b"exp", 1..=1;
    Fflush = b"fflush", 0..=1;
    Gensub = b"gensub", 3..=4;
    Gsub = b"gsub", 2..=3;
    Index = b"index", 2..=2;
    Int = b"int", 1..=1;
    Isarray = b"isarray", 1..=1;
    Length = b"length", 0..=1;
    Log = b"log", 1..=1;
    Lshift = b"lshift", 2..=2;
    Match = b"match", 2..=3;
    Mkbool = b"mkbool", 1..=1;
    Mktime = b"mktime", 1..=2;
    Or = b"or", 2..=64;
    Patsplit = b"patsplit", 2..=4;
    Rand = b"rand", 0..=0;
    Rshift = b"rshift", 2..=2;
    Sin = b"sin", 1..=1;
    Split = b"split", 2..=4;
    Sprintf = b"sprintf", 1..=4096;
    Sqrt = b"sqrt", 1..=1;
    Srand = b"srand", 0..=1;
    Strftime = b"strftime", 0..=3;
    Strtonum = b"strtonum", 1..=1;
    Sub = b"sub", 2..=3;
    Substr = b"substr", 2..=3;
    System = b"system", 1..=1;
    Systime = b"systime", 0..=0;
    Tolower = b"tolower", 1..=1;
    Toupper = b"toupper", 1..=1;
    Typeof = b"typeof", 1..=1;
    Xor = b"xor", 2..=64;
}
