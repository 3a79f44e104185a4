//! Makes a program ready to run: finds what each name means, and takes the sugar off.
//!
//! Definitions are found in this order: the program's own, from the innermost; modules; forms of
//! the language and functions in Rust; the prelude, which is read as far as it is used.

mod call;
mod module;
mod pattern;

use std::collections::HashMap;

use super::ast::{Assign, Ast, Def, Piece};
use super::format::Format;
use super::ir::{Apply, Func, How, Joined, Node, Op, Program};
use super::lex::Fault;
use super::object::Object;
use super::value::Value;
pub(super) use module::{Library, constant};

/// What a program did wrong, ready to be said: each with its place.
#[derive(Debug)]
pub(super) struct Refusal {
    pub messages: Vec<String>,
}

#[derive(Debug, Clone)]
enum Entry {
    Variable(String),
    /// A name of ours, which no program can write.
    Hidden(usize),
    Param(String),
    Label(String),
    /// Name, arity, which function, and how many places there were where it was defined.
    Func(String, usize, usize, usize),
    Constant(String, Value),
}

pub(super) struct Compiler<'a> {
    funcs: Vec<Func>,
    scope: Vec<Entry>,
    /// How many entries of the scope have a place at run time.
    depth: usize,
    faults: Vec<Fault>,
    /// Prelude functions in use.
    prelude: HashMap<(String, usize), usize>,
    hidden: usize,
    library: &'a mut dyn Library,
    /// Module files in use, by path.
    modules: HashMap<String, Vec<Entry>>,
    loading: Vec<String>,
    messages: Vec<String>,
}

/// Compiles the main program. `globals` are the variables from the command line.
///
/// # Errors
/// [`Refusal`] with all that is wrong with names, or the first wrong word.
pub(super) fn compile(
    text: &str,
    globals: &[(String, Value)],
    library: &mut dyn Library,
) -> Result<Program, Refusal> {
    let mut compiler = Compiler {
        funcs: Vec::new(),
        scope: Vec::new(),
        depth: 0,
        faults: Vec::new(),
        prelude: HashMap::new(),
        hidden: 0,
        library,
        modules: HashMap::new(),
        loading: Vec::new(),
        messages: Vec::new(),
    };
    let module = match super::parse::parse(text) {
        Ok(module) => module,
        Err(fault) => {
            return Err(Refusal { messages: located(&fault, text, "<top-level>") });
        }
    };
    for (name, value) in globals {
        compiler.scope.push(Entry::Constant(name.clone(), value.clone()));
    }
    compiler.import_all(&module.imports, None);
    for def in &module.defs {
        compiler.define(def);
    }
    let main = match &module.body {
        Some(body) => compiler.node(body),
        None => Node::default(),
    };
    let mut messages = std::mem::take(&mut compiler.messages);
    for fault in &compiler.faults {
        messages.extend(located(fault, text, "<top-level>"));
    }
    if messages.is_empty() {
        Ok(Program { funcs: compiler.funcs, main })
    } else {
        Err(Refusal { messages })
    }
}

/// Words a fault as jq does: with the line, and blanks up to the place.
pub(super) fn located(fault: &Fault, text: &str, file: &str) -> Vec<String> {
    let mut parts = fault.message.split('\0');
    let first = parts.next().unwrap_or_default();
    let mut messages = vec![at_line(first, fault.at, text, file)];
    if let Some(more) = parts.next() {
        let at = parts.next().and_then(|at| at.parse().ok()).unwrap_or(fault.at);
        messages.push(at_line(more, at, text, file));
    }
    messages
}

fn at_line(message: &str, at: usize, text: &str, file: &str) -> String {
    let head = text.get(..at).unwrap_or(text);
    let line = head.matches('\n').count() + 1;
    let start = head.rfind('\n').map_or(0, |newline| newline + 1);
    let shown = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let blanks = " ".repeat(at - start);
    format!("{message} at {file}, line {line}:\n{shown}{blanks}")
}

impl Compiler<'_> {
    fn fault(&mut self, message: String, at: usize) -> Node {
        self.faults.push(Fault { message, at });
        Node::default()
    }

    fn push(&mut self, entry: Entry) {
        if !matches!(entry, Entry::Func(..) | Entry::Constant(..)) {
            self.depth += 1;
        }
        self.scope.push(entry);
    }

    /// Compiles within a scope that ends afterwards.
    fn scoped<T>(&mut self, of: impl FnOnce(&mut Self) -> T) -> T {
        let (length, depth) = (self.scope.len(), self.depth);
        let result = of(self);
        self.scope.truncate(length);
        self.depth = depth;
        result
    }

    fn boxed(&mut self, ast: &Ast) -> Box<Node> {
        Box::new(self.node(ast))
    }

    fn nodes(&mut self, list: &[Ast]) -> Vec<Node> {
        list.iter().map(|ast| self.node(ast)).collect()
    }

    /// Adds a function to the scope.
    fn define(&mut self, def: &Def) {
        let id = self.funcs.len();
        self.funcs.push(Func::default());
        self.push(Entry::Func(def.name.clone(), def.params.len(), id, self.depth));
        let body = self.scoped(|compiler| {
            for param in &def.params {
                compiler.push(Entry::Param(param.name.clone()));
            }
            let values: Vec<_> = def.params.iter().filter(|param| param.value).collect();
            let mut sources = Vec::new();
            for param in values {
                sources.push(compiler.param(&param.name).unwrap_or_default());
                compiler.push(Entry::Variable(param.name.clone()));
            }
            let body = compiler.node(&def.body);
            sources
                .into_iter()
                .rev()
                .fold(body, |body, source| Op::Bind(Box::new(source), Box::new(body)).node())
        });
        if let Some(func) = self.funcs.get_mut(id) {
            func.body = body;
        }
    }

    fn node(&mut self, ast: &Ast) -> Node {
        match ast {
            Ast::Identity => Op::Identity.node(),
            Ast::Descend => Op::Descend.node(),
            Ast::Literal(value) => Op::Const(value.clone()).node(),
            Ast::Text { format, pieces, at } => self.text(format.as_deref(), pieces, *at),
            Ast::Format(name) => match Format::named(name) {
                Some(format) => {
                    let pieces = vec![Joined::Operand];
                    Op::Apply(Apply::Join { format, pieces }, vec![Node::default()]).node()
                }
                None => self.unknown_format(name),
            },
            Ast::Index(target, key) => {
                let key = self.boxed(key);
                Op::Index(self.boxed(target), key).node()
            }
            Ast::Slice(target, from, to) => {
                let mut bound = |bound: &Option<Box<Ast>>| match bound {
                    Some(ast) => self.node(ast),
                    None => Op::Const(Value::Null).node(),
                };
                let bounds = vec![bound(from), bound(to)];
                let key = Op::Apply(Apply::SliceKey, bounds).node();
                Op::Index(self.boxed(target), Box::new(key)).node()
            }
            Ast::Iterate(target) => Op::Iterate(self.boxed(target)).node(),
            Ast::Array(None) => Op::Const(Value::from(Vec::new())).node(),
            Ast::Array(Some(of)) => Op::Collect(self.boxed(of)).node(),
            Ast::Object(entries) => self.object(entries),
            Ast::Negate(of) => match self.node(of) {
                Node { op: Op::Const(value), .. } if value.number().is_some() => {
                    Op::Const(Value::Number(-value.number().unwrap_or_default())).node()
                }
                of => Op::Apply(Apply::Negate, vec![of]).node(),
            },
            Ast::Pipe(stages) => Op::Pipe(self.nodes(stages)).node(),
            Ast::Comma(items) => Op::Comma(self.nodes(items)).node(),
            Ast::Binary(operator, one, two) => {
                let one = self.node(one);
                let two = self.node(two);
                Op::Apply(Apply::Operator(*operator), vec![two, one]).node()
            }
            Ast::And(one, two) => Op::And(self.boxed(one), self.boxed(two)).node(),
            Ast::Or(one, two) => Op::Or(self.boxed(one), self.boxed(two)).node(),
            Ast::Alternative(one, two) => Op::Default(self.boxed(one), self.boxed(two)).node(),
            Ast::Assign(assign, paths, value) => self.assign(*assign, paths, value),
            Ast::If(arms, rest) => {
                let arms =
                    arms.iter().map(|(condition, then)| (self.node(condition), self.node(then)));
                let arms = arms.collect();
                let rest = rest.as_ref().map_or_else(Node::default, |rest| self.node(rest));
                Op::If(arms, Box::new(rest)).node()
            }
            Ast::Try(body, handler) => {
                let body = self.boxed(body);
                Op::Try(body, handler.as_ref().map(|handler| self.boxed(handler))).node()
            }
            Ast::Reduce(source, patterns, init, update) => {
                let source = self.node(source);
                let init = self.node(init);
                let update = self.with_item(patterns, |compiler| compiler.node(update));
                Op::Reduce(Box::new([source, init, update])).node()
            }
            Ast::Foreach(source, patterns, init, update, extract) => {
                self.foreach(source, patterns, init, update, extract.as_deref())
            }
            Ast::Def(def, rest) => self.scoped(|compiler| {
                compiler.define(def);
                compiler.node(rest)
            }),
            Ast::Bind(source, patterns, body) => {
                let source = self.boxed(source);
                let body = self.with_item(patterns, |compiler| compiler.node(body));
                Op::Bind(source, Box::new(body)).node()
            }
            Ast::Label(name, body) => self.scoped(|compiler| {
                compiler.push(Entry::Label(name.clone()));
                Op::Label(compiler.boxed(body)).node()
            }),
            Ast::Break(name, at) => {
                let is = |entry: &Entry| matches!(entry, Entry::Label(label) if label == name);
                match self.place(is) {
                    Some(place) => Op::Break(place).node(),
                    None => self.fault(format!("$*label-{name} is not defined"), *at),
                }
            }
            Ast::Call(name, args, at) => self.call(name, args, *at),
            Ast::Variable(name, at) => self.variable(name, *at),
            Ast::Location(line) => {
                let entries = [("file", Value::from("<top-level>")), ("line", Value::from(*line))];
                Op::Const(entries.into_iter().collect::<Object>().into()).node()
            }
        }
    }

    /// How many places up the innermost entry is that `is` picks.
    fn place(&self, is: impl Fn(&Entry) -> bool) -> Option<usize> {
        let mut place = 0;
        for entry in self.scope.iter().rev() {
            if is(entry) {
                return Some(place);
            }
            if !matches!(entry, Entry::Func(..) | Entry::Constant(..)) {
                place += 1;
            }
        }
        None
    }

    fn param(&self, name: &str) -> Option<Node> {
        let is = |entry: &Entry| matches!(entry, Entry::Param(param) if param == name);
        Some(Op::Param(self.place(is)?).node())
    }

    fn variable(&mut self, name: &str, at: usize) -> Node {
        let mut place = 0;
        for entry in self.scope.iter().rev() {
            match entry {
                Entry::Variable(known) if known == name => return Op::Variable(place).node(),
                Entry::Constant(known, value) if known == name => {
                    return Op::Const(value.clone()).node();
                }
                Entry::Func(..) | Entry::Constant(..) => {}
                _ => place += 1,
            }
        }
        if name == "ENV" {
            return self.call("env", &[], at);
        }
        self.fault(format!("${name} is not defined"), at)
    }

    fn hidden(&self, id: usize) -> Node {
        let is = |entry: &Entry| matches!(entry, Entry::Hidden(known) if *known == id);
        Op::Variable(self.place(is).unwrap_or(0)).node()
    }

    fn foreach(
        &mut self,
        source: &Ast,
        patterns: &[super::ast::Pattern],
        init: &Ast,
        update: &Ast,
        extract: Option<&Ast>,
    ) -> Node {
        let source = self.node(source);
        let init = self.node(init);
        let update = self.with_item(patterns, |compiler| compiler.node(update));
        let extract = match extract {
            Some(extract) => self.with_item(patterns, |compiler| compiler.node(extract)),
            None => Node::default(),
        };
        Op::Foreach(Box::new([source, init, update, extract])).node()
    }

    fn object(&mut self, entries: &[(Ast, Ast, usize)]) -> Node {
        let mut operands = Vec::with_capacity(entries.len() * 2);
        for (key, value, at) in entries {
            let key = self.node(key);
            if let Op::Const(value) = &key.op
                && value.text().is_none()
            {
                let shown = super::print::compact(value);
                let message = format!("Cannot use {} ({shown}) as object key", value.kind());
                return self.fault(message, *at);
            }
            operands.push(key);
            operands.push(self.node(value));
        }
        let constants: Option<Object> = operands
            .chunks(2)
            .map(|pair| match pair {
                [
                    Node { op: Op::Const(Value::String(key)), .. },
                    Node { op: Op::Const(value), .. },
                ] => Some((key.clone(), value.clone())),
                _ => None,
            })
            .collect();
        match constants {
            Some(object) => Op::Const(object.into()).node(),
            None => Op::Apply(Apply::Object, operands).node(),
        }
    }

    fn text(&mut self, format: Option<&str>, pieces: &[Piece], _at: usize) -> Node {
        let Some(format) = Format::named(format.unwrap_or("text")) else {
            return self.unknown_format(format.unwrap_or_default());
        };
        let mut operands = Vec::new();
        let mut joined = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => joined.push(Joined::Text(text.clone())),
                Piece::Filter(filter) => {
                    operands.push(self.node(filter));
                    joined.push(Joined::Operand);
                }
            }
        }
        operands.reverse();
        Op::Apply(Apply::Join { format, pieces: joined }, operands).node()
    }

    /// Only an error when it is reached.
    fn unknown_format(&mut self, name: &str) -> Node {
        let message = Ast::Literal(Value::from(format!("{name} is not a valid format")));
        self.call("error", &[message], 0)
    }

    fn assign(&mut self, assign: Assign, paths: &Ast, value: &Ast) -> Node {
        let how = match assign {
            Assign::Update => {
                let paths = self.boxed(paths);
                return Op::Update(paths, self.boxed(value)).node();
            }
            Assign::Set => How::Set,
            Assign::Arithmetic(operator) => How::Arithmetic(operator),
            Assign::Alternative => How::Alternative,
        };
        let value = self.boxed(value);
        let paths = self.scoped(|compiler| {
            compiler.hidden += 1;
            compiler.push(Entry::Hidden(compiler.hidden));
            compiler.boxed(paths)
        });
        Op::Bind(value, Box::new(Op::Assign(how, paths).node())).node()
    }
}
