//! Words as far as the evaluator needs them before `expand` is complete.

use bstr::BString;

use super::Runtime;
use crate::state::{Attrs, Shell, Str, VarError};
use crate::syntax::ast::{
    ArithExpr, AssignValue, Assignment, CommandSubst, HereDoc, ParamName, Pattern, ProcessSubst,
    Word, WordPart, WordText,
};
use mesash_builtins::budget::LimitReached;

pub trait Substitute {
    fn command(&mut self, shell: &mut Shell, subst: &CommandSubst) -> Result<Str, ExpandError>;
    fn process(&mut self, shell: &mut Shell, subst: &ProcessSubst) -> Result<Str, ExpandError>;
}

#[derive(Debug, thiserror::Error)]
pub enum ExpandError {
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Variable(#[from] VarError),
    #[error(transparent)]
    Limit(#[from] LimitReached),
    #[error("not expanded yet")]
    Unknown,
}

impl ExpandError {
    pub fn message(&self) -> BString {
        self.to_string().into()
    }
    pub fn status(&self) -> u8 {
        1
    }
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Limit(_))
    }
}

type Done<T> = Result<T, ExpandError>;

fn parameter(shell: &mut Shell, name: ParamName) -> Str {
    let number = |number: i64| Str::number(number);
    match name {
        ParamName::Variable(symbol) => {
            shell.draw(symbol);
            shell.scalar(symbol).unwrap_or_default()
        }
        ParamName::Positional(n) => shell.positional.get(n as usize).cloned().unwrap_or_default(),
        ParamName::Zero => shell.zero.clone(),
        ParamName::At | ParamName::Star => {
            Str::from(bstr::join(" ", shell.positional.as_slice().iter()))
        }
        ParamName::Count => number(shell.positional.len() as i64),
        ParamName::Status => number(i64::from(shell.status)),
        ParamName::Flags => Str::from(shell.options.flags().as_str()),
        ParamName::Pid => number(shell.world.pid),
        ParamName::LastBackground => shell.last_background.map(number).unwrap_or_default(),
    }
}

fn part(shell: &mut Shell, rt: &mut Runtime, part: &WordPart, out: &mut Vec<u8>) -> Done<bool> {
    let mut splits = false;
    match part {
        WordPart::Literal(text) | WordPart::Quoted(text) => out.extend_from_slice(text),
        WordPart::DoubleQuoted(parts) => {
            for inner in parts {
                self::part(shell, rt, inner, out)?;
            }
        }
        WordPart::Var(name) => {
            splits = true;
            out.extend_from_slice(&parameter(shell, *name));
        }
        WordPart::Command(subst) => {
            splits = true;
            out.extend_from_slice(&rt.command(shell, subst)?);
        }
        WordPart::Process(subst) => out.extend_from_slice(&rt.process(shell, subst)?),
        _ => return Err(ExpandError::Unknown),
    }
    Ok(splits)
}

pub fn words(
    shell: &mut Shell,
    rt: &mut Runtime,
    words: &[Word],
    fields: &mut Vec<Str>,
) -> Done<()> {
    for word in words {
        if let [WordPart::DoubleQuoted(parts)] = &*word.parts
            && let [WordPart::Var(ParamName::At)] = &**parts
        {
            fields.extend_from_slice(shell.positional.as_slice());
            continue;
        }
        let mut text = Vec::new();
        let mut splits = false;
        for piece in &word.parts {
            splits |= part(shell, rt, piece, &mut text)?;
        }
        if splits {
            let pieces = text.split(u8::is_ascii_whitespace).filter(|piece| !piece.is_empty());
            fields.extend(pieces.map(Str::new));
        } else {
            fields.push(Str::from(text));
        }
    }
    Ok(())
}

pub fn assigned(shell: &mut Shell, rt: &mut Runtime, word: &Word) -> Done<Str> {
    let mut text = Vec::new();
    for piece in &word.parts {
        part(shell, rt, piece, &mut text)?;
    }
    Ok(Str::from(text))
}

pub fn declaration_word(shell: &mut Shell, rt: &mut Runtime, word: &Word) -> Done<Str> {
    assigned(shell, rt, word)
}

pub fn redirect_target(shell: &mut Shell, rt: &mut Runtime, word: &Word) -> Done<Option<Str>> {
    let mut fields = Vec::new();
    words(shell, rt, std::slice::from_ref(word), &mut fields)?;
    Ok(if fields.len() == 1 { fields.pop() } else { None })
}

pub fn here_document(shell: &mut Shell, rt: &mut Runtime, doc: &HereDoc) -> Done<Str> {
    assigned(shell, rt, doc.body())
}

pub fn case_matches(
    shell: &mut Shell,
    rt: &mut Runtime,
    pattern: &Pattern,
    subject: &[u8],
) -> Done<bool> {
    Ok(assigned(shell, rt, &pattern.word)?.as_bytes() == subject)
}

pub fn cond_matches(
    shell: &mut Shell,
    rt: &mut Runtime,
    pattern: &Pattern,
    subject: &[u8],
) -> Done<bool> {
    case_matches(shell, rt, pattern, subject)
}

pub fn pattern_text(shell: &mut Shell, rt: &mut Runtime, pattern: &Pattern) -> Done<Str> {
    assigned(shell, rt, &pattern.word)
}

pub fn regex_text(shell: &mut Shell, rt: &mut Runtime, pattern: &Pattern) -> Done<Str> {
    assigned(shell, rt, &pattern.word)
}

pub fn arith(_shell: &mut Shell, _rt: &mut Runtime, _expr: &ArithExpr) -> Done<i64> {
    Err(ExpandError::Unknown)
}

pub fn arith_text(_shell: &mut Shell, _rt: &mut Runtime, _text: &[u8]) -> Done<i64> {
    Err(ExpandError::Unknown)
}

pub fn assign(shell: &mut Shell, rt: &mut Runtime, assignment: &Assignment) -> Done<()> {
    let AssignValue::Scalar(word) = &assignment.value else { return Err(ExpandError::Unknown) };
    let value = assigned(shell, rt, word)?;
    if assignment.append {
        shell.append(assignment.name, &value)?;
    } else {
        shell.set(assignment.name, value)?;
    }
    Ok(())
}

pub fn assign_temporary(shell: &mut Shell, rt: &mut Runtime, assignment: &Assignment) -> Done<()> {
    let AssignValue::Scalar(word) = &assignment.value else { return Err(ExpandError::Unknown) };
    let value = assigned(shell, rt, word)?;
    let depth = shell.vars.depth();
    shell.vars.bind(assignment.name, depth).attrs |= Attrs::EXPORT | Attrs::TEMPORARY;
    shell.set(assignment.name, value)?;
    Ok(())
}

pub fn assign_name(
    shell: &mut Shell,
    _rt: &mut Runtime,
    name: &[u8],
    value: Str,
    append: bool,
) -> Done<()> {
    let symbol = shell.symbol(name)?;
    if append {
        shell.append(symbol, &value)?;
    } else {
        shell.set(symbol, value)?;
    }
    Ok(())
}

pub fn name_is_set(shell: &mut Shell, _rt: &mut Runtime, name: &[u8]) -> Done<bool> {
    Ok(shell.text_of(name).is_some())
}

pub fn name_value(shell: &mut Shell, _rt: &mut Runtime, name: &[u8]) -> Done<Option<Str>> {
    Ok(shell.text_of(name).map(Str::from))
}

pub fn unset_name(shell: &mut Shell, _rt: &mut Runtime, name: &[u8]) -> Done<()> {
    let symbol = shell.symbol(name)?;
    Ok(shell.unset(symbol)?)
}

pub fn prompt(_shell: &mut Shell, _rt: &mut Runtime, text: &[u8]) -> Done<Str> {
    Ok(Str::new(text))
}

pub fn text_of(_shell: &Shell, text: &WordText) -> BString {
    BString::from(Vec::from(&**crate::syntax::print::text_of(text)))
}

pub fn source_text(shell: &Shell, word: &Word) -> BString {
    text_of(shell, &word.text)
}

pub fn glob_text(_shell: &mut Shell, _rt: &mut Runtime, _pattern: &[u8]) -> Done<Vec<Str>> {
    Ok(Vec::new())
}

pub fn word_list(_shell: &mut Shell, _rt: &mut Runtime, words: &[u8]) -> Done<Vec<Str>> {
    let pieces = words.split(u8::is_ascii_whitespace).filter(|piece| !piece.is_empty());
    Ok(pieces.map(Str::new).collect())
}

pub fn text_matches(_shell: &mut Shell, pattern: &[u8], text: &[u8]) -> bool {
    pattern == text
}
