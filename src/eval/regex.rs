//! `[[ =~ ]]`: regular expressions, compiled as seldom as can be, and `BASH_REMATCH`.
//!
//! One that is text alone is kept in the tree. Of those that a script puts together, which is how
//! bash's manual says to write them, each process keeps the last few.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use mesash_builtins::regex::{Captures, Flags, MatchError, Regex, Syntax};

use super::{Eval, Unwind, expand};
use crate::state::{Attrs, IndexedArray, Opt, Str, Value, names};
use crate::syntax::ast::Pattern;

/// How many expressions a process keeps.
const KEPT_MAX: usize = 8;
/// The longest expression that it keeps: an automaton grows with its text.
const KEPT_TEXT_BYTES_MAX: usize = 512;

/// `None` for text that is no regular expression.
type Compiled = Option<Arc<Regex>>;

/// What an expression in the tree was compiled to.
#[derive(Debug, Default)]
struct Slot(OnceLock<Compiled>);

/// The expressions that were used last, the newest at the end.
#[derive(Debug, Clone, Default)]
pub struct Regexes(VecDeque<(Str, Compiled)>);

impl Regexes {
    fn compiled(&mut self, text: &Str) -> Compiled {
        if let Some(at) = self.0.iter().rposition(|(known, _)| known == text) {
            if at + 1 < self.0.len()
                && let Some(used) = self.0.remove(at)
            {
                self.0.push_back(used);
            }
            return self.0.back().and_then(|(_, compiled)| compiled.clone());
        }
        let compiled = compile(text, false);
        if text.len() <= KEPT_TEXT_BYTES_MAX {
            if self.0.len() == KEPT_MAX {
                self.0.pop_front();
            }
            self.0.push_back((text.clone(), compiled.clone()));
        }
        compiled
    }
}

fn compile(text: &[u8], ignore_case: bool) -> Compiled {
    let flags = Flags { ignore_case, ..Flags::default() };
    Regex::new(text, &Syntax::REGCOMP, flags).ok().map(Arc::new)
}

/// Why there is no answer.
pub enum NoMatch {
    /// It is no regular expression, or one that takes too long.
    Bad,
    Leave(Unwind),
}

/// The expression of a condition; `shown` gets its text if that is wanted for the trace.
pub fn expression(
    eval: &mut Eval,
    pattern: &Pattern,
    shown: Option<&mut Str>,
) -> Result<Arc<Regex>, NoMatch> {
    let ignore_case = eval.shell.options.has(Opt::NoCaseMatch);
    let slot = match pattern.word.is_text() && !ignore_case {
        true => pattern.compiled.get_or_init(Slot::default),
        false => None,
    };
    if shown.is_none()
        && let Some(Some(compiled)) = slot.and_then(|slot| slot.0.get())
    {
        return Ok(Arc::clone(compiled));
    }
    let text = expand::regex_text(&mut eval.shell, &mut eval.rt, pattern);
    let text = text.map_err(|error| NoMatch::Leave(eval.expand_failed(error)))?;
    let compiled = match slot {
        Some(slot) => slot.0.get_or_init(|| compile(&text, false)).clone(),
        None if ignore_case => compile(&text, true),
        None => eval.rt.regexes.compiled(&text),
    };
    if let Some(shown) = shown {
        *shown = text;
    }
    compiled.ok_or(NoMatch::Bad)
}

/// Whether `subject` matches; sets `BASH_REMATCH`.
pub fn matches(eval: &mut Eval, regex: &Regex, subject: &Str) -> Result<bool, NoMatch> {
    let mut captures = Captures::new();
    let matched = match regex.captures_at(subject, 0, &eval.shell.cancel, &mut captures) {
        Ok(matched) => matched,
        Err(MatchError::Cancelled) => return Err(NoMatch::Leave(Unwind::Abort)),
        Err(_) => return Err(NoMatch::Bad),
    };
    let mut groups = IndexedArray::default();
    if matched {
        for group in 0..=regex.groups() {
            let range = captures.get(group);
            let text = range.and_then(|range| subject.get(range)).unwrap_or_default();
            let text = Str::copied(text, &eval.shell.budget);
            groups.push(text.map_err(|limit| NoMatch::Leave(eval.expand_failed(limit.into())))?);
        }
    }
    let variable = eval.shell.vars.entry(names::BASH_REMATCH);
    variable.attrs |= Attrs::INDEXED;
    variable.value = Value::Indexed(Arc::new(groups));
    Ok(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_expressions_are_kept_and_no_more() {
        let mut regexes = Regexes::default();
        let first = regexes.compiled(&Str::from("a0"));
        for n in 1..KEPT_MAX {
            regexes.compiled(&Str::from(format!("a{n}").as_str()));
        }
        let again = regexes.compiled(&Str::from("a0"));
        assert!(matches!((&first, &again), (Some(one), Some(two)) if Arc::ptr_eq(one, two)));
        // What was used least recently goes.
        regexes.compiled(&Str::from("b"));
        assert_eq!(regexes.0.len(), KEPT_MAX);
        assert!(!regexes.0.iter().any(|(text, _)| *text == "a1"));
        assert!(regexes.compiled(&Str::from("(")).is_none());
        assert!(regexes.compiled(&Str::from("(")).is_none());
    }
}
