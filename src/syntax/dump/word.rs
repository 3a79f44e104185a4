//! Words and what they are made of, as JSON.

use serde_json::{Value, json};

use super::{Dump, text};
use crate::syntax::ast::{
    ArithExpr, BadPart, Brace, CaseMode, Param, ParamName, ParamOp, Pattern, ProcessDirection,
    ReplaceMode, Word, WordPart,
};
use crate::syntax::print;

impl Dump<'_> {
    /// A word: its text as it is printed, and its parts. A word that is text alone has no more.
    pub(super) fn word(self, word: &Word) -> Value {
        if let Some(constant) = word.plain() {
            return json!({ "text": text(constant) });
        }
        let mut value = json!({ "parts": self.parts(&word.parts) });
        if !word.text.is_empty() {
            value["text"] = text(&print::text_of(&word.text));
        }
        value
    }

    fn parts(self, parts: &[WordPart]) -> Value {
        parts.iter().map(|part| self.part(part)).collect()
    }

    fn part(self, part: &WordPart) -> Value {
        match part {
            WordPart::Literal(literal) => json!({ "type": "literal", "text": text(literal) }),
            WordPart::Quoted(quoted) => json!({ "type": "quoted", "text": text(quoted) }),
            WordPart::DoubleQuoted(parts) => {
                json!({ "type": "double_quoted", "parts": self.parts(parts) })
            }
            WordPart::Var(name) => json!({ "type": "parameter", "name": self.param_name(*name) }),
            WordPart::Param(param) => self.param(param),
            WordPart::Command(subst) => json!({
                "type": "command_substitution",
                "backtick": subst.backtick,
                "line": subst.line,
                "body": self.list(&subst.body),
            }),
            WordPart::Arith(expr) => {
                json!({ "type": "arithmetic", "expression": self.arith(expr) })
            }
            WordPart::Process(subst) => json!({
                "type": "process_substitution",
                "op": match subst.direction {
                    ProcessDirection::Read => "<",
                    ProcessDirection::Write => ">",
                },
                "line": subst.line,
                "body": self.list(&subst.body),
            }),
            WordPart::Tilde(tilde) => json!({ "type": "tilde", "user": text(&tilde.user) }),
            WordPart::Brace(brace) => match &**brace {
                Brace::List(all) => {
                    let all: Value = all.iter().map(|parts| self.parts(parts)).collect();
                    json!({ "type": "brace", "alternatives": all })
                }
                Brace::Range(range) => json!({ "type": "brace", "range": text(&range.text) }),
            },
            WordPart::Array(assignment) => {
                json!({ "type": "assignment", "assignment": self.assignment(assignment) })
            }
            WordPart::Bad(bad) => match &**bad {
                BadPart::Substitution { text: bad, .. } => {
                    json!({ "type": "bad", "text": text(bad) })
                }
                BadPart::Syntax { text: bad, error } | BadPart::Commands { text: bad, error } => {
                    let errors = error.messages().into_iter().map(|line| text(&line));
                    let errors: Value = errors.collect();
                    json!({ "type": "bad", "text": text(bad), "errors": errors })
                }
            },
        }
    }

    fn param_name(self, name: ParamName) -> Value {
        let sign = match name {
            ParamName::Variable(symbol) => return self.name(symbol),
            ParamName::Positional(number) => return number.to_string().into(),
            ParamName::Zero => "0",
            ParamName::At => "@",
            ParamName::Star => "*",
            ParamName::Count => "#",
            ParamName::Status => "?",
            ParamName::Flags => "-",
            ParamName::Pid => "$",
            ParamName::LastBackground => "!",
        };
        sign.into()
    }

    fn param(self, param: &Param) -> Value {
        let mut value = json!({
            "type": "parameter",
            "name": self.param_name(param.name),
            "text": text(&param.text),
        });
        if let Some(subscript) = &param.subscript {
            value["subscript"] = text(&subscript.text);
        }
        if param.indirect {
            value["indirect"] = true.into();
        }
        let (op, word) = self.operation(&param.op);
        if let Some(op) = op {
            value["op"] = op.into();
        }
        if let Some(word) = word {
            value["operand"] = word;
        }
        match &param.op {
            ParamOp::Replace { replacement: Some(word), .. } => {
                value["replacement"] = self.word(word);
            }
            ParamOp::Substring { length: Some(length), .. } => {
                value["length"] = self.arith(length);
            }
            ParamOp::Names { prefix, .. } => value["name"] = text(prefix),
            _ => {}
        }
        value
    }

    /// The operator as it is written, and what stands after it.
    fn operation(self, op: &ParamOp) -> (Option<String>, Option<Value>) {
        let with_colon =
            |colon: bool, sign: &str| Some(format!("{}{sign}", if colon { ":" } else { "" }));
        let pattern = |pattern: &Pattern| Some(self.word(&pattern.word));
        match op {
            ParamOp::Value => (None, None),
            ParamOp::Length => (Some("length".into()), None),
            ParamOp::Default { colon, word } => (with_colon(*colon, "-"), Some(self.word(word))),
            ParamOp::Assign { colon, word } => (with_colon(*colon, "="), Some(self.word(word))),
            ParamOp::Error { colon, word } => (with_colon(*colon, "?"), Some(self.word(word))),
            ParamOp::Alternative { colon, word } => {
                (with_colon(*colon, "+"), Some(self.word(word)))
            }
            ParamOp::RemovePrefix { longest, pattern: removed } => {
                (Some(if *longest { "##" } else { "#" }.into()), pattern(removed))
            }
            ParamOp::RemoveSuffix { longest, pattern: removed } => {
                (Some(if *longest { "%%" } else { "%" }.into()), pattern(removed))
            }
            ParamOp::Replace { mode, pattern: replaced, .. } => {
                let sign = match mode {
                    ReplaceMode::First => "/",
                    ReplaceMode::All => "//",
                    ReplaceMode::Prefix => "/#",
                    ReplaceMode::Suffix => "/%",
                };
                (Some(sign.into()), pattern(replaced))
            }
            ParamOp::Case { mode, all, pattern: which } => {
                let sign = match mode {
                    CaseMode::Upper => "^",
                    CaseMode::Lower => ",",
                    CaseMode::Toggle => "~",
                };
                let sign = sign.repeat(if *all { 2 } else { 1 });
                (Some(sign), which.as_ref().and_then(pattern))
            }
            ParamOp::Substring { offset, .. } => (Some(":".into()), Some(self.arith(offset))),
            ParamOp::Transform(letter) => (Some(format!("@{}", char::from(*letter))), None),
            ParamOp::Names { at, .. } => (Some(if *at { "names@" } else { "names*" }.into()), None),
            ParamOp::Keys { at } => (Some(if *at { "keys@" } else { "keys*" }.into()), None),
        }
    }

    /// An expression: its text, and the expansions in it.
    pub(super) fn arith(self, expr: &ArithExpr) -> Value {
        let mut value = json!({ "text": text(&expr.text) });
        if !expr.word.is_text() {
            value["parts"] = self.parts(&expr.word.parts);
        }
        value
    }
}
