//! A script's tree as JSON: what `mesash --dump-ast` prints.
//!
//! An object for each node, `type` first told; lines count from 1, spans are bytes of the input. Bytes
//! that are no UTF-8 come as `{"base64": …}`. Meant for people and tools that look at a script: the
//! names follow `ast`, and may change as it does.

mod word;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;
use serde_json::{Value, json};

use super::ast::{
    AndOr, AndOrOp, ArithFor, ArrayElement, AssignValue, Assignment, Case, CaseEnd, Command,
    CommandKind, CompleteCommand, Cond, CondOp, For, If, List, ListEnd, MatchOp, Pipeline,
    Redirect, RedirectFd, RedirectOp, RedirectTarget, Simple, TimeFormat, While,
};
use super::symbol::{Interner, Symbol};

/// Makes JSON of trees whose names are in one interner.
#[derive(Debug, Clone, Copy)]
pub struct Dump<'a> {
    pub names: &'a Interner,
}

/// Text, or what stands for bytes that are none.
pub fn text(bytes: &[u8]) -> Value {
    match bytes.to_str() {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

impl Dump<'_> {
    /// All that bash reads before it executes.
    pub fn complete_command(self, command: &CompleteCommand) -> Value {
        let span = [command.span.start, command.span.end];
        json!({ "line": command.line, "span": span, "list": self.list(&command.list) })
    }

    fn name(self, symbol: Symbol) -> Value {
        text(&self.names.name(symbol))
    }

    fn list(self, list: &List) -> Value {
        let items = list.items.iter().map(|item| {
            let mut value = self.and_or(&item.and_or);
            if item.end == ListEnd::Background {
                value = json!({ "type": "background", "command": value });
            }
            value
        });
        items.collect()
    }

    fn and_or(self, node: &AndOr) -> Value {
        let first = self.pipeline(&node.first);
        if node.rest.is_empty() {
            return first;
        }
        let rest = node.rest.iter().map(|(op, pipeline)| {
            let op = match op {
                AndOrOp::And => "&&",
                AndOrOp::Or => "||",
            };
            json!({ "op": op, "command": self.pipeline(pipeline) })
        });
        json!({ "type": "and_or", "first": first, "rest": rest.collect::<Value>() })
    }

    fn pipeline(self, node: &Pipeline) -> Value {
        if let ([command], false, None) = (&*node.commands, node.negated, node.time) {
            return self.command(command);
        }
        let commands: Value = node.commands.iter().map(|command| self.command(command)).collect();
        let mut value = json!({ "type": "pipeline", "line": node.line, "commands": commands });
        if node.negated {
            value["negated"] = true.into();
        }
        if let Some(format) = node.time {
            value["time"] = match format {
                TimeFormat::Shell => "shell".into(),
                TimeFormat::Posix => "posix".into(),
            };
        }
        value
    }

    fn command(self, command: &Command) -> Value {
        let mut value = match &command.kind {
            CommandKind::Simple(node) => self.simple(node),
            CommandKind::Group(list) => json!({ "type": "group", "body": self.list(list) }),
            CommandKind::Subshell(list) => json!({ "type": "subshell", "body": self.list(list) }),
            CommandKind::If(node) => self.if_(node),
            CommandKind::While(node) => self.while_(node),
            CommandKind::For(node) => self.for_("for", node),
            CommandKind::Select(node) => self.for_("select", node),
            CommandKind::ArithFor(node) => self.arith_for(node),
            CommandKind::Case(node) => self.case(node),
            CommandKind::Cond(node) => json!({ "type": "cond", "test": self.cond(node) }),
            CommandKind::Arith(node) => {
                json!({ "type": "arith", "expression": self.arith(node) })
            }
            CommandKind::Function(node) => json!({
                "type": "function",
                "name": text(&node.name),
                "body": self.command(&node.body),
            }),
            CommandKind::Coproc(node) => json!({
                "type": "coproc",
                "name": self.word(&node.name),
                "body": self.command(&node.body),
            }),
        };
        value["line"] = command.line.into();
        if !command.redirects.is_empty() {
            let redirects = command.redirects.iter().map(|redirect| self.redirect(redirect));
            value["redirects"] = redirects.collect();
        }
        value
    }

    fn simple(self, node: &Simple) -> Value {
        let words: Value = node.words.iter().map(|word| self.word(word)).collect();
        let mut value = json!({ "type": "simple", "words": words });
        if !node.assignments.is_empty() {
            let all = node.assignments.iter().map(|assignment| self.assignment(assignment));
            value["assignments"] = all.collect();
        }
        value
    }

    fn assignment(self, node: &Assignment) -> Value {
        let mut value = json!({ "name": self.name(node.name), "append": node.append });
        if let Some(subscript) = &node.subscript {
            value["subscript"] = text(&subscript.text);
        }
        match &node.value {
            AssignValue::Scalar(word) => value["value"] = self.word(word),
            AssignValue::Array(elements) => {
                value["array"] = elements.iter().map(|element| self.element(element)).collect();
            }
        }
        value
    }

    fn element(self, node: &ArrayElement) -> Value {
        let mut value = json!({ "value": self.word(&node.value) });
        if let Some(key) = &node.key {
            value["key"] = text(&key.text);
            value["append"] = node.append.into();
        }
        value
    }

    fn if_(self, node: &If) -> Value {
        let branches = node.branches.iter().map(|(condition, body)| {
            json!({ "condition": self.list(condition), "body": self.list(body) })
        });
        let otherwise = node.otherwise.as_ref().map(|list| self.list(list));
        json!({ "type": "if", "branches": branches.collect::<Value>(), "else": otherwise })
    }

    fn while_(self, node: &While) -> Value {
        json!({
            "type": if node.until { "until" } else { "while" },
            "condition": self.list(&node.condition),
            "body": self.list(&node.body),
        })
    }

    fn for_(self, kind: &str, node: &For) -> Value {
        let words = node.words.as_ref();
        let words = words.map(|all| all.iter().map(|word| self.word(word)).collect::<Value>());
        json!({ "type": kind, "name": text(&node.name), "in": words, "body": self.list(&node.body) })
    }

    fn arith_for(self, node: &ArithFor) -> Value {
        let part = |part: &Option<_>| part.as_ref().map(|expr| self.arith(expr));
        json!({
            "type": "arith_for",
            "init": part(&node.init),
            "condition": part(&node.condition),
            "update": part(&node.update),
            "body": self.list(&node.body),
        })
    }

    fn case(self, node: &Case) -> Value {
        let clauses = node.clauses.iter().map(|clause| {
            let patterns = clause.patterns.iter().map(|pattern| self.word(&pattern.word));
            let end = match clause.end {
                CaseEnd::Break => ";;",
                CaseEnd::FallThrough => ";&",
                CaseEnd::TestNext => ";;&",
            };
            let body = self.list(&clause.body);
            json!({ "patterns": patterns.collect::<Value>(), "body": body, "end": end })
        });
        let clauses: Value = clauses.collect();
        json!({ "type": "case", "word": self.word(&node.word), "clauses": clauses })
    }

    fn cond(self, node: &Cond) -> Value {
        let all = |nodes: &[Cond]| nodes.iter().map(|node| self.cond(node)).collect::<Value>();
        match node {
            Cond::Word(word) => json!({ "type": "word", "word": self.word(word) }),
            Cond::Unary(letter, word) => json!({
                "type": "unary",
                "op": format!("-{}", char::from(*letter)),
                "word": self.word(word),
            }),
            Cond::Binary(op, sides) => self.compared(cond_op(*op), &sides.0, &sides.1),
            Cond::Match(op, sides) => {
                let op = match op {
                    MatchOp::Equal => "==",
                    MatchOp::EqualOne => "=",
                    MatchOp::NotEqual => "!=",
                };
                self.compared(op, &sides.0, &sides.1.word)
            }
            Cond::Regex(sides) => self.compared("=~", &sides.0, &sides.1.word),
            Cond::Not(inner) => json!({ "type": "not", "test": self.cond(inner) }),
            Cond::Group(inner) => json!({ "type": "group", "test": self.cond(inner) }),
            Cond::And(nodes) => json!({ "type": "and", "tests": all(nodes) }),
            Cond::Or(nodes) => json!({ "type": "or", "tests": all(nodes) }),
        }
    }

    fn compared(self, op: &str, left: &super::ast::Word, right: &super::ast::Word) -> Value {
        let (left, right) = (self.word(left), self.word(right));
        json!({ "type": "binary", "op": op, "left": left, "right": right })
    }

    fn redirect(self, node: &Redirect) -> Value {
        let mut value = json!({ "op": redirect_op(node.op), "line": node.line });
        match &node.fd {
            RedirectFd::Default => {}
            RedirectFd::Number(number) => value["fd"] = (*number).into(),
            RedirectFd::Variable(variable) => value["variable"] = text(&variable.text),
        }
        match &node.target {
            RedirectTarget::Word(word) => value["target"] = self.word(word),
            RedirectTarget::HereDoc(document) => {
                value["delimiter"] = text(&document.delimiter);
                value["quoted"] = document.quoted.into();
                value["strip_tabs"] = document.strip_tabs.into();
                value["body"] = self.word(document.body());
                value["text"] = text(document.text());
            }
        }
        value
    }
}

fn cond_op(op: CondOp) -> &'static str {
    match op {
        CondOp::Before => "<",
        CondOp::After => ">",
        CondOp::Eq => "-eq",
        CondOp::Ne => "-ne",
        CondOp::Lt => "-lt",
        CondOp::Le => "-le",
        CondOp::Gt => "-gt",
        CondOp::Ge => "-ge",
        CondOp::Newer => "-nt",
        CondOp::Older => "-ot",
        CondOp::SameFile => "-ef",
    }
}

fn redirect_op(op: RedirectOp) -> &'static str {
    match op {
        RedirectOp::Read => "<",
        RedirectOp::Write => ">",
        RedirectOp::Append => ">>",
        RedirectOp::Clobber => ">|",
        RedirectOp::ReadWrite => "<>",
        RedirectOp::DupIn => "<&",
        RedirectOp::DupOut => ">&",
        RedirectOp::WriteBoth => "&>",
        RedirectOp::AppendBoth => "&>>",
        RedirectOp::HereString => "<<<",
        RedirectOp::HereDoc => "<<",
    }
}
