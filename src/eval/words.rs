//! Expansion as the evaluator uses it: all of `expand`, and what is put together from it.

use std::sync::Arc;

use bstr::BString;

pub use crate::expand::*;

use super::Runtime;
use crate::state::{Opt, Shell, Str, names};
use crate::syntax::ast::{Word, WordText};
use crate::syntax::options::ParseEnv;
use crate::syntax::parser::Parser;
use crate::syntax::print;

/// A word as it stands in the script.
pub fn text_of(text: &WordText) -> BString {
    BString::from(print::text_of(text).to_vec())
}

/// The same of a whole word.
pub fn source_text(word: &Word) -> BString {
    text_of(&word.text)
}

/// The fields that a text gives when it is read as the arguments of a command.
pub fn fields_of(shell: &mut Shell, rt: &mut Runtime, text: &[u8]) -> Expanded<Vec<Str>> {
    let line = [b": ", text].concat();
    let mut parser = Parser::from_bytes(&line, Arc::clone(&shell.interner));
    let env = ParseEnv { options: super::parser_options(shell), ..ParseEnv::default() };
    let mut fields = Vec::new();
    if let Some(command) = parser.next_command(env)?
        && let [item] = &*command.list.items
        && let [command] = &*item.and_or.first.commands
        && let crate::syntax::ast::CommandKind::Simple(simple) = &command.kind
    {
        words(shell, rt, simple.words.get(1..).unwrap_or_default(), &mut fields)?;
    }
    Ok(fields)
}

/// The files that a pattern of `compgen -G` matches.
pub fn glob_text(shell: &mut Shell, rt: &mut Runtime, pattern: &[u8]) -> Expanded<Vec<Str>> {
    let before = shell.options;
    shell.options.set(Opt::NullGlob, true);
    let fields = fields_of(shell, rt, pattern);
    shell.options = before;
    fields
}

/// The words of `compgen -W`: split by IFS outside of quotes, then expanded, but never globbed.
pub fn word_list(shell: &mut Shell, rt: &mut Runtime, words: &[u8]) -> Expanded<Vec<Str>> {
    let before = shell.options;
    shell.options.set(Opt::NoGlob, true);
    let ifs = shell.scalar(names::IFS).unwrap_or_else(|| Str::from(" \t\n"));
    let fields = fields_of(shell, rt, &separated(words, &ifs));
    shell.options = before;
    fields
}

/// `words` as the text of arguments: what separates is a blank, and nothing else is an operator.
fn separated(words: &[u8], ifs: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(words.len() + 8);
    let mut bytes = words.iter().copied().peekable();
    let mut quote = None;
    let mut depth = 0u32;
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (Some(b'\''), _) => {}
            (_, b'\\') => {
                out.push(byte);
                out.extend(bytes.next());
                continue;
            }
            (None, b'$') if matches!(bytes.peek(), Some(b'(' | b'{')) => {
                out.push(byte);
                out.extend(bytes.next());
                depth += 1;
                continue;
            }
            (None, b'(' | b'{') if depth > 0 => depth += 1,
            (None, b')' | b'}') if depth > 0 => depth -= 1,
            (None, _) if depth == 0 && ifs.contains(&byte) => {
                out.push(b' ');
                continue;
            }
            (
                None,
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'#',
            ) if depth == 0 => {
                out.extend([b'\\', byte]);
                continue;
            }
            _ => {}
        }
        out.push(byte);
    }
    out
}

/// Whether a text matches a pattern that is known only now.
pub fn text_matches(shell: &Shell, pattern: &[u8], text: &[u8]) -> bool {
    case_pattern(pattern, false, shell.options.has(Opt::ExtGlob)).is_match(text)
}
