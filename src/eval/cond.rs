//! `[[ … ]]`.

use mesash_builtins::core::test;

use super::regex::{self, NoMatch};
use super::{Eval, Step, Unwind, expand};
use crate::state::Str;
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

impl From<NoMatch> for Stop {
    fn from(reason: NoMatch) -> Self {
        match reason {
            NoMatch::Bad => Self::Status(2),
            NoMatch::Leave(unwind) => Self::Leave(unwind),
        }
    }
}

pub fn run(eval: &mut Eval, node: &Cond) -> Step {
    let status = match judge(eval, node, false) {
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

/// The element of an associative array that a word names.
fn element(eval: &mut Eval, word: &Word) -> Result<Option<expand::Element>, Stop> {
    match expand::element_named(&mut eval.shell, &mut eval.rt, word) {
        Ok(element) => Ok(element),
        // It is told of where the name is looked up.
        Err(expand::ExpandError::Variable(_)) => Ok(None),
        Err(error) => Err(Stop::Leave(eval.expand_failed(error))),
    }
}

/// `negated`: a `!` stands before it, which a trace shows.
fn judge(eval: &mut Eval, node: &Cond, negated: bool) -> Answer {
    match node {
        Cond::Word(operand) => {
            let value = word(eval, operand)?;
            traced(eval, negated, &[b"-n ", &value]);
            Ok(!value.is_empty())
        }
        Cond::Unary(b'v', operand) if let Some(element) = element(eval, operand)? => {
            let name = eval.shell.name(element.symbol);
            traced(eval, negated, &[b"-v ", &name, b"[", &element.key, b"]"]);
            Ok(expand::element_is_set(&mut eval.shell, &mut eval.rt, &element))
        }
        Cond::Unary(letter, operand) => {
            let value = word(eval, operand)?;
            traced(eval, negated, &[&[b'-', *letter, b' '], &value]);
            let answer = test::unary(*letter, &value, eval);
            if let Some(error) = eval.rt.test_error.take() {
                return Err(Stop::Leave(eval.expand_failed(*error)));
            }
            match answer {
                Ok(answer) => Ok(answer),
                Err(fault) => {
                    eval.complain(&[b"[[: ", &fault.message()]);
                    Err(Stop::Status(1))
                }
            }
        }
        Cond::Binary(op, operands) => binary(eval, *op, operands, negated),
        Cond::Match(op, operands) => pattern(eval, *op, operands, negated),
        Cond::Regex(operands) => regex(eval, operands, negated),
        Cond::Not(inner) => Ok(!judge(eval, inner, !negated)?),
        Cond::Group(inner) => judge(eval, inner, false),
        Cond::And(all) => {
            for inner in all {
                if !judge(eval, inner, false)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Cond::Or(all) => {
            for inner in all {
                if judge(eval, inner, false)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Prints what is tested, if that is wanted; nothing at all is shown as two quotes.
fn traced(eval: &mut Eval, negated: bool, parts: &[&[u8]]) {
    if eval.wants_tracing() {
        let shown = |part: &&[u8]| if part.is_empty() { b"''".to_vec() } else { part.to_vec() };
        let text: Vec<u8> = parts.iter().flat_map(shown).collect();
        let not: &[u8] = if negated { b"! " } else { b"" };
        eval.trace(&[b"[[ ", not, text.as_slice(), b" ]]"].concat());
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

fn binary(eval: &mut Eval, op: CondOp, operands: &(Word, Word), negated: bool) -> Answer {
    let (left, right) = operands;
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
    traced(eval, negated, &[&a, b" ", name, b" ", &b]);
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

fn pattern(eval: &mut Eval, op: MatchOp, operands: &(Word, Pattern), negated: bool) -> Answer {
    let (left, right) = operands;
    let subject = word(eval, left)?;
    if eval.wants_tracing() {
        let shown = expand::pattern_text(&mut eval.shell, &mut eval.rt, right);
        let shown = shown.map_err(|error| eval.expand_failed(error))?;
        let name: &[u8] = match op {
            MatchOp::Equal => b"==",
            MatchOp::EqualOne => b"=",
            MatchOp::NotEqual => b"!=",
        };
        traced(eval, negated, &[&subject, b" ", name, b" ", &shown]);
    }
    let matches = expand::cond_matches(&mut eval.shell, &mut eval.rt, right, &subject);
    let matches = matches.map_err(|error| eval.expand_failed(error))?;
    Ok(matches == (op != MatchOp::NotEqual))
}

fn regex(eval: &mut Eval, operands: &(Word, Pattern), negated: bool) -> Answer {
    let (left, right) = operands;
    let subject = word(eval, left)?;
    let mut text = Str::EMPTY;
    let shown = eval.wants_tracing().then_some(&mut text);
    let tracing = shown.is_some();
    let compiled = regex::expression(eval, right, shown);
    if tracing && !matches!(compiled, Err(NoMatch::Leave(_))) {
        traced(eval, negated, &[&subject, b" =~ ", &text]);
    }
    Ok(regex::matches(eval, &*compiled?, &subject)?)
}
