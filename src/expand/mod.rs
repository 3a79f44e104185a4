//! Expansion: from the words of the tree to the fields that commands get.
//!
//! In bash's order: braces; then, from left to right, tildes, parameters, substitutions and
//! arithmetic; then splitting by IFS, and globs; quotes are gone since parsing. `expand` runs no
//! command: what a substitution prints comes through [`Substitute`]. Always true: what grows is
//! charged to the budget, and errors carry bash's words without the shell's prefix.

mod arith;
mod assign;
mod brace;
pub mod case;
mod error;
mod glob;
mod ifs;
mod lists;
mod matching;
mod number;
mod param;
mod place;
mod prompt;
mod sink;
mod substring;
mod tilde;
mod transform;
mod word;

pub use error::{ExpandError, Expanded};
pub use matching::case_pattern;
pub use place::Element;
pub use transform::{declare_statement, declared_value, quote_reusable};

use crate::state::{Opt, Shell, Str};
use crate::syntax::ast::{
    ArithExpr, Assignment, CommandSubst, HereDoc, Pattern, ProcessSubst, Word,
};
use crate::syntax::error::ParseError;
use crate::syntax::options::{NoAliases, ParseEnv, ParserOptions};
use std::fmt;

/// What runs the commands in a word.
pub trait Substitute {
    /// What the commands print, NULs and trailing newlines gone. Sets `shell.status` and counts in
    /// `shell.substitutions`.
    fn command(&mut self, shell: &mut Shell, subst: &CommandSubst) -> Expanded<Str>;
    /// A path at which the other end of the pipe can be opened.
    fn process(&mut self, shell: &mut Shell, subst: &ProcessSubst) -> Expanded<Str>;
    /// Says what is wrong with the commands between backquotes, which come to nothing.
    fn bad_commands(&mut self, shell: &mut Shell, error: &ParseError);
    /// Prints a message that stops nothing, after the shell's prefix.
    fn complain(&mut self, shell: &mut Shell, message: &[u8]);
}

/// One expansion under way.
pub(crate) struct Expander<'a> {
    pub shell: &'a mut Shell,
    pub run: &'a mut dyn Substitute,
    /// How many variables' values are being evaluated inside one another.
    arith_depth: u32,
    /// The word is an argument of a declaration builtin.
    declares: bool,
}

impl fmt::Debug for Expander<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expander").finish_non_exhaustive()
    }
}

impl<'a> Expander<'a> {
    pub fn new(shell: &'a mut Shell, run: &'a mut dyn Substitute) -> Self {
        Self { shell, run, arith_depth: 0, declares: false }
    }

    /// How text that is only known now is parsed.
    fn parse_env(&self) -> ParseEnv<'static> {
        let options = ParserOptions {
            extglob: self.shell.options.has(Opt::ExtGlob),
            posix: self.shell.options.has(Opt::Posix),
            ..ParserOptions::default()
        };
        ParseEnv { options, aliases: &NoAliases }
    }
}

/// The fields of `words`, appended to `fields`.
///
/// # Errors
/// [`ExpandError`]; `fields` may hold some already then.
pub fn words(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    words: &[Word],
    fields: &mut Vec<Str>,
) -> Expanded<()> {
    let mut expander = Expander::new(shell, run);
    words.iter().try_for_each(|word| expander.fields(word, fields))
}

/// An argument of a declaration builtin that looks like an assignment: neither split nor globbed.
///
/// # Errors
/// [`ExpandError`]
pub fn declaration_word(shell: &mut Shell, run: &mut dyn Substitute, word: &Word) -> Expanded<Str> {
    let mut expander = Expander::new(shell, run);
    expander.declares = true;
    expander.single(word)
}

/// The right side of an assignment, a here-string, the word after `case`.
///
/// # Errors
/// [`ExpandError`]
pub fn assigned(shell: &mut Shell, run: &mut dyn Substitute, word: &Word) -> Expanded<Str> {
    Expander::new(shell, run).single(word)
}

/// The target of a redirection; `None` if it isn't exactly one field.
///
/// # Errors
/// [`ExpandError`]
pub fn redirect_target(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    word: &Word,
) -> Expanded<Option<Str>> {
    let mut fields = Vec::new();
    Expander::new(shell, run).fields(word, &mut fields)?;
    Ok(if fields.len() == 1 { fields.pop() } else { None })
}

/// The body of a here-document.
///
/// # Errors
/// [`ExpandError`]
pub fn here_document(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    document: &HereDoc,
) -> Expanded<Str> {
    Expander::new(shell, run).here_document(document.body())
}

/// Whether `subject` matches a pattern of `case`.
///
/// # Errors
/// [`ExpandError`]
pub fn case_matches(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    pattern: &Pattern,
    subject: &[u8],
) -> Expanded<bool> {
    let extglob = shell.options.has(Opt::ExtGlob);
    Expander::new(shell, run).matches(pattern, subject, extglob)
}

/// Whether `subject` matches the right side of `[[ == ]]`, where extended patterns always count.
///
/// # Errors
/// [`ExpandError`]
pub fn cond_matches(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    pattern: &Pattern,
    subject: &[u8],
) -> Expanded<bool> {
    Expander::new(shell, run).matches(pattern, subject, true)
}

/// The right side of `[[ == ]]` as xtrace shows it: quoted parts with backslashes.
///
/// # Errors
/// [`ExpandError`]
pub fn pattern_text(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    pattern: &Pattern,
) -> Expanded<Str> {
    Expander::new(shell, run).pattern_text(pattern)
}

/// The right side of `[[ =~ ]]`, quoted parts escaped.
///
/// # Errors
/// [`ExpandError`]
pub fn regex_text(shell: &mut Shell, run: &mut dyn Substitute, pattern: &Pattern) -> Expanded<Str> {
    Expander::new(shell, run).regex_text(pattern)
}

/// The value of an expression of the script.
///
/// # Errors
/// [`ExpandError`]; the caller adds `((: ` where bash does.
pub fn arith(shell: &mut Shell, run: &mut dyn Substitute, expr: &ArithExpr) -> Expanded<i64> {
    Expander::new(shell, run).arith(expr)
}

/// The value of an expression that is text: `let`, `[[ -eq ]]`, an integer variable.
///
/// # Errors
/// [`ExpandError`]
pub fn arith_text(shell: &mut Shell, run: &mut dyn Substitute, text: &[u8]) -> Expanded<i64> {
    Expander::new(shell, run).arith_text(text)
}

/// Carries out an assignment, of an array too.
///
/// # Errors
/// [`ExpandError`]
pub fn assign(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    assignment: &Assignment,
) -> Expanded<()> {
    Expander::new(shell, run).assign(assignment)
}

/// As [`assign`], of an argument of a declaration builtin.
///
/// # Errors
/// [`ExpandError`]
pub fn assign_declared(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    assignment: &Assignment,
) -> Expanded<()> {
    let mut expander = Expander::new(shell, run);
    expander.declares = true;
    expander.assign(assignment)
}

/// An assignment before a command: bound and exported in the innermost scope.
///
/// # Errors
/// [`ExpandError`]
pub fn assign_temporary(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    assignment: &Assignment,
) -> Expanded<()> {
    Expander::new(shell, run).assign_temporary(assignment)
}

/// Assigns to `name` or `name[subscript]`, given as text: `read`, `printf -v`, `declare`.
///
/// # Errors
/// [`ExpandError`]
pub fn assign_name(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    name: &[u8],
    value: Str,
    append: bool,
) -> Expanded<()> {
    Expander::new(shell, run).assign_name(name, value, append)
}

/// Assigns `(…)`, given as text, to an array, as `declare 'a=(1 2)'` does.
///
/// # Errors
/// [`ExpandError`]
pub fn assign_array_text(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    name: crate::syntax::symbol::Symbol,
    text: &[u8],
    append: bool,
) -> Expanded<()> {
    Expander::new(shell, run).assign_array_text(name, text, append)
}

/// `test -v name`, for elements too.
///
/// # Errors
/// [`ExpandError`]
pub fn name_is_set(shell: &mut Shell, run: &mut dyn Substitute, name: &[u8]) -> Expanded<bool> {
    Expander::new(shell, run).name_is_set(name)
}

/// The value of `name` or `name[subscript]`.
///
/// # Errors
/// [`ExpandError`]
pub fn name_value(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    name: &[u8],
) -> Expanded<Option<Str>> {
    Expander::new(shell, run).name_value(name)
}

/// The element of an associative array that a word names as it stands, its key expanded once.
///
/// # Errors
/// [`ExpandError`]
pub fn element_named(
    shell: &mut Shell,
    run: &mut dyn Substitute,
    word: &Word,
) -> Expanded<Option<Element>> {
    Expander::new(shell, run).element_named(word)
}

/// `[[ -v name[key] ]]`
pub fn element_is_set(shell: &mut Shell, run: &mut dyn Substitute, element: &Element) -> bool {
    Expander::new(shell, run).element_is_set(element)
}

/// `unset name` or `unset 'name[subscript]'`.
///
/// # Errors
/// [`ExpandError`]
pub fn unset_name(shell: &mut Shell, run: &mut dyn Substitute, name: &[u8]) -> Expanded<()> {
    Expander::new(shell, run).unset_name(name)
}

/// A prompt string: its escapes, and then the expansions of a double-quoted word.
///
/// # Errors
/// [`ExpandError`]
pub fn prompt(shell: &mut Shell, run: &mut dyn Substitute, text: &[u8]) -> Expanded<Str> {
    Expander::new(shell, run).prompt(text)
}
