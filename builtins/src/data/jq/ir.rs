//! A program ready to run: names are resolved to places, sugar is gone.

use super::ast::Operator;
use super::natives::Native;
use super::value::Value;

#[derive(Debug, Default)]
pub(super) struct Program {
    pub funcs: Vec<Func>,
    pub main: Node,
}

#[derive(Debug, Default)]
pub(super) struct Func {
    pub body: Node,
}

#[derive(Debug)]
pub(super) struct Node {
    pub op: Op,
    /// Exactly one output or an error, computed without calling anything of the program: evaluated
    /// directly, without the machine's lists. Its height is the tree's.
    pub simple: bool,
}

impl Default for Node {
    fn default() -> Self {
        Self { op: Op::Identity, simple: true }
    }
}

/// What to do with operands that are all there.
#[derive(Debug)]
pub(super) enum Apply {
    Operator(Operator),
    Negate,
    Native(Native),
    /// Keys and values in turn.
    Object,
    /// Start and end of a slice become a key.
    SliceKey,
    /// Joins texts; the operands are in reverse, as they are evaluated.
    Join {
        format: super::format::Format,
        pieces: Vec<Joined>,
    },
}

#[derive(Debug)]
pub(super) enum Joined {
    Text(String),
    /// The next operand.
    Operand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Set,
    Arithmetic(Operator),
    Alternative,
}

#[derive(Debug)]
pub(super) enum Op {
    Identity,
    Const(Value),
    /// How many places up.
    Variable(usize),
    Descend,
    /// Operands in the order that they are evaluated: the first is the outermost loop.
    Apply(Apply, Vec<Node>),
    /// Target and key; the key is evaluated first.
    Index(Box<Node>, Box<Node>),
    Iterate(Box<Node>),
    Collect(Box<Node>),
    Pipe(Vec<Node>),
    /// None at all is `empty`.
    Comma(Vec<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Default(Box<Node>, Box<Node>),
    /// Conditions with what they lead to, and the rest.
    If(Vec<(Node, Node)>, Box<Node>),
    Try(Box<Node>, Option<Box<Node>>),
    /// Source, initial state, update; the source's value is a variable of the update.
    Reduce(Box<[Node; 3]>),
    /// Source, initial state, update, extract.
    Foreach(Box<[Node; 4]>),
    /// Each value of the first is a variable of the second.
    Bind(Box<Node>, Box<Node>),
    /// The next is tried if one fails.
    Alternatives(Vec<Node>),
    Label(Box<Node>),
    Break(usize),
    Call {
        func: usize,
        skip: usize,
        args: Vec<Node>,
    },
    Param(usize),
    Path(Box<Node>),
    GetPath(Box<Node>),
    /// Count and filter.
    Limit(Box<Node>, Box<Node>),
    First(Box<Node>),
    /// From, up to, by.
    Range(Box<[Node; 3]>),
    /// Every path of the node is set from the innermost variable.
    Assign(How, Box<Node>),
    /// Paths, and what each value becomes.
    Update(Box<Node>, Box<Node>),
    /// All further inputs.
    Inputs,
}

impl Op {
    pub fn node(self) -> Node {
        let simple = match &self {
            Self::Identity | Self::Const(_) | Self::Variable(_) => true,
            Self::Apply(_, operands) => operands.iter().all(|node| node.simple),
            Self::Index(one, two)
            | Self::And(one, two)
            | Self::Or(one, two)
            | Self::Bind(one, two) => one.simple && two.simple,
            Self::Default(one, two) => one.simple && two.simple,
            Self::Collect(of) => {
                of.simple
                    || matches!(&of.op, Self::Comma(items) if items.iter().all(|item| item.simple))
            }
            Self::Pipe(stages) => stages.iter().all(|node| node.simple),
            Self::If(arms, rest) => {
                rest.simple && arms.iter().all(|(condition, then)| condition.simple && then.simple)
            }
            Self::Assign(_, paths) => is_chain(paths),
            Self::Update(paths, update) => is_chain(paths) && update.simple,
            _ => false,
        };
        Node { op: self, simple }
    }
}

/// `.a[1].b` and the like: one path, told without looking at the value.
pub(super) fn is_chain(node: &Node) -> bool {
    match &node.op {
        Op::Identity => true,
        Op::Index(target, key) => key.simple && is_chain(target),
        Op::Pipe(stages) => {
            // Later keys would see another input.
            stages.iter().all(is_constant_chain)
        }
        _ => false,
    }
}

fn is_constant_chain(node: &Node) -> bool {
    match &node.op {
        Op::Identity => true,
        Op::Index(target, key) => {
            matches!(key.op, Op::Const(_) | Op::Variable(_)) && is_constant_chain(target)
        }
        _ => false,
    }
}
