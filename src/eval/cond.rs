//! `[[ … ]]`.

use mesash_builtins::core::test;
use mesash_builtins::regex::{Captures, Flags, MatchError, Regex, Syntax};

use super::{Eval, Step, Unwind, expand};
use crate::state::{Attrs, IndexedArray, Opt, Str, names};
use crate::syntax::ast::{Cond, CondOp, MatchOp, Pattern, Word};

/// The answer to a condition, or the status to give instead (2 for a bad regular expression).
type Answer = Result<bool, Stop>;

enum Stop {
    Status(u8),
    Leave(Unwind),
}

impl From<Unwind> for Stop {
    fn from(unwind: Unwind) -> Self {
        Self::Leave(unwind)
    }
}

pub fn run(eval: &mut Eval, node: &Cond) -> Step {
    let status = match judge(eval, node) {
        Ok(answer) => u8::from(!answer),
        Err(Stop::Status(status)) => status,
        Err(Stop::Leave(unwind)) => return Err(unwind),
    };
    eval.shell.pipe_status = crate::state::PipeStatus::One(status);
    eval.finish(status)
}

fn word(eval: &mut Eval, word: &Word) -> Result<Str, Stop> {
    match expand::assigned(&mut eval.shell, &mut eval.rt, word) {
        Ok(value) => Ok(value),
        Err(error) => Err(Stop::Leave(eval.expand_failed(error))),
    }
}

fn judge(eval: &mut Eval, node: &Cond) -> Answer {
    match node {
        Cond::Word(operand) => {
            let value = word(eval, operand)?;
            traced(eval, &[b"-n ", &quoted(&value)]);
            Ok(!value.is_empty())
        }
        Cond::Unary(letter, operand) => {
            let value = word(eval, operand)?;
            traced(eval, &[&[b'-', *letter, b' '], &quoted(&value)]);
            match test::unary(*letter, &value, eval) {
                Ok(answer) => Ok(answer),
                Err(fault) => {
                    eval.complain(&[b"[[: ", &fault.message()]);
                    Err(Stop::Status(1))
                }
            }
        }
        Cond::Binary(op, operands) => binary(eval, *op, &operands.0, &operands.1),
        Cond::Match(op, operands) => pattern(eval, *op, &operands.0, &operands.1),
        Cond::Regex(operands) => regex(eval, &operands.0, &operands.1),
        Cond::Not(inner) => Ok(!judge(eval, inner)?),
        Cond::Group(inner) => judge(eval, inner),
        Cond::And(all) => {
            for inner in all {
                if !judge(eval, inner)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Cond::Or(all) => {
            for inner in all {
                if judge(eval, inner)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn quoted(value: &[u8]) -> Vec<u8> {
    if value.is_empty() { b"''".to_vec() } else { value.to_vec() }
}

fn traced(eval: &mut Eval, parts: &[&[u8]]) {
    if eval.wants_tracing() {
        eval.trace(&[b"[[ ", parts.concat().as_slice(), b" ]]"].concat());
    }
}

fn number(eval: &mut Eval, text: &[u8]) -> Result<i64, Stop> {
    match expand::arith_text(&mut eval.shell, &mut eval.rt, text) {
        Ok(value) => Ok(value),
        Err(error) => {
            eval.arith_failed(b"[[", error)?;
            Err(Stop::Status(1))
        }
    }
}

fn binary(eval: &mut Eval, op: CondOp, left: &Word, right: &Word) -> Answer {
    let (a, b) = (word(eval, left)?, word(eval, right)?);
    let name: &[u8] = match op {
        CondOp::Before => b"<",
        CondOp::After => b">",
        CondOp::Eq => b"-eq",
        CondOp::Ne => b"-ne",
        CondOp::Lt => b"-lt",
        CondOp::Le => b"-le",
        CondOp::Gt => b"-gt",
        CondOp::Ge => b"-ge",
        CondOp::Newer => b"-nt",
        CondOp::Older => b"-ot",
        CondOp::SameFile => b"-ef",
    };
    traced(eval, &[&quoted(&a), b" ", name, b" ", &quoted(&b)]);
    match op {
        CondOp::Before => return Ok(a < b),
        CondOp::After => return Ok(a > b),
        CondOp::Newer | CondOp::Older | CondOp::SameFile => {
            return Ok(test::files(&a, name, &b, eval).unwrap_or(false));
        }
        _ => {}
    }
    let (a, b) = (number(eval, &a)?, number(eval, &b)?);
    Ok(match op {
        CondOp::Eq => a == b,
        CondOp::Ne => a != b,
        CondOp::Lt => a < b,
        CondOp::Le => a <= b,
        CondOp::Gt => a > b,
        _ => a >= b,
    })
}

fn pattern(eval: &mut Eval, op: MatchOp, left: &Word, right: &Pattern) -> Answer {
    let subject = word(eval, left)?;
    if eval.wants_tracing() {
        let shown = expand::pattern_text(&mut eval.shell, &mut eval.rt, right);
        let shown = shown.map_err(|error| eval.expand_failed(error))?;
        let name: &[u8] = match op {
            MatchOp::Equal => b"==",
            MatchOp::EqualOne => b"=",
            MatchOp::NotEqual => b"!=",
        };
        traced(eval, &[&quoted(&subject), b" ", name, b" ", &quoted(&shown)]);
    }
    let matches = expand::cond_matches(&mut eval.shell, &mut eval.rt, right, &subject);
    let matches = matches.map_err(|error| eval.expand_failed(error))?;
    Ok(matches == (op != MatchOp::NotEqual))
}

/// What a constant pattern was compiled to, without and with regard for case.
#[derive(Debug, Default)]
struct Compiled(std::sync::OnceLock<Option<Regex>>);

fn compile(text: &[u8], ignore_case: bool) -> Option<Regex> {
    let flags = Flags { ignore_case, ..Flags::default() };
    Regex::new(text, &Syntax::REGCOMP, flags).ok()
}

fn regex(eval: &mut Eval, left: &Word, right: &Pattern) -> Answer {
    let subject = word(eval, left)?;
    let ignore_case = eval.shell.options.has(Opt::NoCaseMatch);
    let constant = right.word.constant().is_some() && !ignore_case;
    let kept = if constant { right.compiled.get_or_init(Compiled::default) } else { None };
    let own;
    let compiled = match kept {
        Some(kept) if !eval.wants_tracing() && kept.0.get().is_some() => kept.0.get(),
        kept => {
            let text = expand::regex_text(&mut eval.shell, &mut eval.rt, right);
            let text = text.map_err(|error| eval.expand_failed(error))?;
            traced(eval, &[&quoted(&subject), b" =~ ", &quoted(&text)]);
            match kept {
                Some(kept) => Some(kept.0.get_or_init(|| compile(&text, false))),
                None => {
                    own = compile(&text, ignore_case);
                    Some(&own)
                }
            }
        }
    };
    let Some(Some(regex)) = compiled else { return Err(Stop::Status(2)) };
    let mut captures = Captures::new();
    let matched = match regex.captures_at(&subject, 0, &eval.shell.cancel, &mut captures) {
        Ok(matched) => matched,
        Err(MatchError::Cancelled) => return Err(Stop::Leave(Unwind::Abort)),
        Err(_) => return Err(Stop::Status(2)),
    };
    let mut groups = IndexedArray::default();
    if matched {
        for group in 0..=regex.groups() {
            let range = captures.get(group);
            let text = range.and_then(|range| subject.get(range)).unwrap_or_default();
            let text = Str::copied(text, &eval.shell.budget);
            groups.push(text.map_err(|limit| eval.expand_failed(limit.into()))?);
        }
    }
    let variable = eval.shell.vars.entry(names::BASH_REMATCH);
    variable.attrs |= Attrs::INDEXED;
    variable.value = crate::state::Value::Indexed(std::sync::Arc::new(groups));
    Ok(matched)
}
