//! What a called name means.

use super::{Compiler, Entry};
use crate::data::jq::ast::Ast;
use crate::data::jq::ir::{Apply, Node, Op};
use crate::data::jq::natives;
use crate::data::jq::parse::parse_def;
use crate::data::jq::prelude::prelude;
use crate::data::jq::value::Value;

impl Compiler<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Ast], at: usize) -> Node {
        let mut place = 0;
        for entry in self.scope.iter().rev() {
            match entry {
                Entry::Param(param) if param == name && args.is_empty() => {
                    return Op::Param(place).node();
                }
                Entry::Func(known, arity, id, depth) if known == name && *arity == args.len() => {
                    let (func, skip) = (*id, self.depth - *depth);
                    let args = self.nodes(args);
                    return Op::Call { func, skip, args }.node();
                }
                Entry::Func(..) | Entry::Constant(..) => {}
                _ => place += 1,
            }
        }
        if let Some(node) = self.form(name, args) {
            return node;
        }
        if let Some(native) = natives::find(name, args.len()) {
            let mut operands = self.nodes(args);
            // The last argument is the outermost loop.
            operands.reverse();
            return Op::Apply(Apply::Native(native), operands).node();
        }
        match self.prelude(name, args.len()) {
            Some(func) => {
                let skip = self.depth;
                let args = self.nodes(args);
                Op::Call { func, skip, args }.node()
            }
            None => self.fault(format!("{name}/{} is not defined", args.len()), at),
        }
    }

    /// What no function could do, and small definitions that are better written out in place.
    fn form(&mut self, name: &str, args: &[Ast]) -> Option<Node> {
        let constant = |value: Value| Op::Const(value).node();
        Some(match (name, args) {
            ("empty", []) => Op::Comma(Vec::new()).node(),
            ("null", []) => constant(Value::Null),
            ("true", []) => constant(Value::Bool(true)),
            ("false", []) => constant(Value::Bool(false)),
            ("not", []) => {
                let arms = vec![(Node::default(), constant(Value::Bool(false)))];
                Op::If(arms, Box::new(constant(Value::Bool(true)))).node()
            }
            ("map", [of]) => {
                let each = Op::Iterate(Box::default()).node();
                let of = self.node(of);
                Op::Collect(Box::new(Op::Pipe(vec![each, of]).node())).node()
            }
            ("select", [condition]) => {
                let arms = vec![(self.node(condition), Node::default())];
                Op::If(arms, Box::new(Op::Comma(Vec::new()).node())).node()
            }
            ("recurse", []) => Op::Descend.node(),
            ("path", [of]) => Op::Path(self.boxed(of)).node(),
            ("getpath", [path]) => Op::GetPath(self.boxed(path)).node(),
            ("first", [of]) => Op::First(self.boxed(of)).node(),
            ("limit", [count, of]) => {
                let count = self.boxed(count);
                Op::Limit(count, self.boxed(of)).node()
            }
            ("range", [upto]) => {
                let upto = self.node(upto);
                let (from, by) = (constant(Value::from(0usize)), constant(Value::from(1usize)));
                Op::Range(Box::new([from, upto, by])).node()
            }
            ("range", [from, upto]) => {
                let (from, upto) = (self.node(from), self.node(upto));
                Op::Range(Box::new([from, upto, constant(Value::from(1usize))])).node()
            }
            ("range", [from, upto, by]) => {
                let nodes = [self.node(from), self.node(upto), self.node(by)];
                Op::Range(Box::new(nodes)).node()
            }
            ("inputs", []) => Op::Inputs.node(),
            ("get_search_list", []) => constant(self.library.search_list()),
            _ => return None,
        })
    }

    /// The prelude's function of that name, compiled at its first use.
    fn prelude(&mut self, name: &str, arity: usize) -> Option<usize> {
        if let Some(id) = self.prelude.get(&(name.to_owned(), arity)) {
            return Some(*id);
        }
        let text = prelude(name, arity)?;
        let def = parse_def(text).ok().flatten()?;
        let scope = std::mem::take(&mut self.scope);
        let depth = std::mem::replace(&mut self.depth, 0);
        let id = self.funcs.len();
        self.prelude.insert((name.to_owned(), arity), id);
        self.define(&def);
        self.scope = scope;
        self.depth = depth;
        Some(id)
    }
}
