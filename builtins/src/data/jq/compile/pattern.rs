//! Taking values apart: `. as [$a, {b: $c}]` becomes one binding after the other.

use super::{Compiler, Entry};
use crate::data::jq::ast::{Ast, Pattern};
use crate::data::jq::ir::{Node, Op};
use crate::data::jq::value::Value;

/// Where a part is taken from: a hidden variable, by a key.
enum Step<'a> {
    /// The part of the value in the first that the key leads to becomes a hidden variable.
    Part {
        from: usize,
        key: Key,
        to: usize,
    },
    /// A hidden variable gets a name.
    Name {
        from: usize,
        name: &'a str,
    },
    /// A filter's values, as a key, become a hidden variable.
    Key {
        filter: &'a Ast,
        to: usize,
    },
    Null {
        name: &'a str,
    },
}

enum Key {
    Constant(Value),
    Hidden(usize),
}

impl Compiler<'_> {
    /// Compiles what comes after a binding, with the bound value as the innermost variable of the
    /// result: taken apart by the first pattern that does not fail.
    pub(super) fn with_item(
        &mut self,
        patterns: &[Pattern],
        mut body: impl FnMut(&mut Self) -> Node,
    ) -> Node {
        if let [Pattern::Name(name)] = patterns {
            return self.scoped(|compiler| {
                compiler.push(Entry::Variable(name.clone()));
                body(compiler)
            });
        }
        self.scoped(|compiler| {
            let item = compiler.new_hidden();
            compiler.push(Entry::Hidden(item));
            let all: Vec<&str> = patterns.iter().flat_map(names).collect();
            let mut alternatives = Vec::new();
            for pattern in patterns {
                let own = names(pattern);
                let mut steps = Vec::new();
                if patterns.len() > 1 {
                    let missing = all.iter().filter(|name| !own.contains(name));
                    steps.extend(missing.map(|name| Step::Null { name }));
                }
                compiler.steps(pattern, item, &mut steps);
                alternatives.push(compiler.scoped(|compiler| compiler.bind(&steps, &mut body)));
            }
            match alternatives.len() {
                1 => alternatives.pop().unwrap_or_default(),
                _ => Op::Alternatives(alternatives).node(),
            }
        })
    }

    fn new_hidden(&mut self) -> usize {
        self.hidden += 1;
        self.hidden
    }

    fn steps<'a>(&mut self, pattern: &'a Pattern, from: usize, steps: &mut Vec<Step<'a>>) {
        match pattern {
            Pattern::Name(name) => steps.push(Step::Name { from, name }),
            Pattern::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let to = self.new_hidden();
                    steps.push(Step::Part { from, key: Key::Constant(Value::from(at)), to });
                    self.steps(item, to, steps);
                }
            }
            Pattern::Object(entries) => {
                for (key, name, inner) in entries {
                    let key = match key {
                        Ast::Literal(value) => Key::Constant(value.clone()),
                        filter => {
                            let to = self.new_hidden();
                            steps.push(Step::Key { filter, to });
                            Key::Hidden(to)
                        }
                    };
                    let to = self.new_hidden();
                    steps.push(Step::Part { from, key, to });
                    if let Some(name) = name {
                        steps.push(Step::Name { from: to, name });
                    }
                    if let Some(inner) = inner {
                        self.steps(inner, to, steps);
                    }
                }
            }
        }
    }

    fn bind(&mut self, steps: &[Step<'_>], body: &mut impl FnMut(&mut Self) -> Node) -> Node {
        let mut sources = Vec::new();
        for step in steps {
            let (source, entry) = match step {
                Step::Part { from, key, to } => {
                    let key = match key {
                        Key::Constant(value) => Op::Const(value.clone()).node(),
                        Key::Hidden(id) => self.hidden(*id),
                    };
                    let target = Box::new(self.hidden(*from));
                    (Op::Index(target, Box::new(key)).node(), Entry::Hidden(*to))
                }
                Step::Name { from, name } => {
                    (self.hidden(*from), Entry::Variable((*name).to_owned()))
                }
                Step::Key { filter, to } => (self.node(filter), Entry::Hidden(*to)),
                Step::Null { name } => {
                    (Op::Const(Value::Null).node(), Entry::Variable((*name).to_owned()))
                }
            };
            sources.push(source);
            self.push(entry);
        }
        let body = body(self);
        sources
            .into_iter()
            .rev()
            .fold(body, |body, source| Op::Bind(Box::new(source), Box::new(body)).node())
    }
}

fn names(pattern: &Pattern) -> Vec<&str> {
    match pattern {
        Pattern::Name(name) => vec![name],
        Pattern::Array(items) => items.iter().flat_map(names).collect(),
        Pattern::Object(entries) => {
            let mut all = Vec::new();
            for (_, name, inner) in entries {
                all.extend(name.as_deref());
                all.extend(inner.iter().flat_map(names));
            }
            all
        }
    }
}
