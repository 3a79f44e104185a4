//! Bash's own builtins: those that need the shell itself, one file for each subject.
//!
//! What a plain name finds when no function has it. What `echo`, `printf` and `test` have in common
//! with the commands of the same names is in `mesash_builtins::core`; here they get the shell's
//! variables and its way of wording complaints.

mod alias;
mod bind;
mod caller;
mod cd;
mod command;
pub mod complete;
mod declare;
mod describe;
mod dirs;
mod echo;
mod enable;
mod eval;
pub mod exec;
mod flow;
mod getopts;
mod hash;
mod help;
mod history;
mod jobs;
mod kill;
mod let_;
mod mapfile;
mod options;
mod output;
mod printf;
mod read;
mod set;
mod shift;
mod shopt;
mod test;
mod times;
mod trap;
mod type_;
pub mod ulimit;
mod umask;
mod unset;
mod wait;

pub use read::{read_failed, read_line};

use std::sync::Arc;

use crate::eval::expand::Element;
use crate::eval::{Eval, Step};
use crate::state::names::is_identifier;
use crate::state::{Str, VarError};
use crate::syntax::ast::Assignment;
use crate::syntax::symbol::{Interner, Symbol};

/// One call of a builtin.
#[derive(Debug)]
pub struct Call<'a> {
    /// As it was called.
    pub name: &'static str,
    /// Without the name.
    pub args: &'a [Str],
    /// `name=(…)` among the arguments: which one, and what it assigns. The argument itself is the
    /// name alone.
    pub arrays: &'a [(usize, &'a Assignment)],
    /// Arguments of `unset` that name an element of an associative array as they stand.
    pub elements: &'a [(usize, Element)],
}

/// A builtin.
#[derive(Debug, Clone, Copy)]
pub struct Special {
    pub name: &'static str,
    /// After the name in `usage:` and `help`.
    pub synopsis: &'static str,
    /// The first line of `help`'s text.
    pub summary: &'static str,
    pub run: fn(&mut Eval, &Call<'_>) -> Step,
    /// POSIX calls it special.
    pub posix: bool,
    /// Its arguments may be assignments, with arrays.
    pub declares: bool,
}

impl Special {
    const BASE: Self = Self {
        name: "",
        synopsis: "",
        summary: "",
        run: flow::true_,
        posix: false,
        declares: false,
    };
}

/// Every builtin, sorted by name.
pub const ALL: &[Special] = &[
    Special { posix: true, ..command::SOURCE_DOT },
    Special { posix: true, ..flow::COLON },
    test::BRACKET,
    alias::ALIAS,
    jobs::BG,
    bind::BIND,
    Special { posix: true, ..flow::BREAK },
    command::BUILTIN,
    caller::CALLER,
    cd::CD,
    command::COMMAND,
    complete::COMPGEN,
    complete::COMPLETE,
    complete::COMPOPT,
    Special { posix: true, ..flow::CONTINUE },
    declare::DECLARE,
    dirs::DIRS,
    jobs::DISOWN,
    echo::ECHO,
    enable::ENABLE,
    Special { posix: true, ..eval::EVAL },
    Special { posix: true, ..exec::EXEC },
    Special { posix: true, ..flow::EXIT },
    Special { posix: true, ..declare::EXPORT },
    flow::FALSE,
    history::FC,
    jobs::FG,
    getopts::GETOPTS,
    hash::HASH,
    help::HELP,
    history::HISTORY,
    jobs::JOBS,
    kill::KILL,
    let_::LET,
    declare::LOCAL,
    flow::LOGOUT,
    mapfile::MAPFILE,
    dirs::POPD,
    printf::PRINTF,
    dirs::PUSHD,
    cd::PWD,
    read::READ,
    mapfile::READARRAY,
    Special { posix: true, ..declare::READONLY },
    Special { posix: true, ..flow::RETURN },
    Special { posix: true, ..set::SET },
    Special { posix: true, ..shift::SHIFT },
    shopt::SHOPT,
    Special { posix: true, ..command::SOURCE },
    jobs::SUSPEND,
    test::TEST,
    Special { posix: true, ..times::TIMES },
    Special { posix: true, ..trap::TRAP },
    flow::TRUE,
    type_::TYPE,
    declare::TYPESET,
    ulimit::ULIMIT,
    umask::UMASK,
    alias::UNALIAS,
    Special { posix: true, ..unset::UNSET },
    wait::WAIT,
];

const NONE: u8 = u8::MAX;

/// Which symbols of one interner are names of builtins, and which of those are disabled.
#[derive(Debug, Clone)]
pub struct BuiltinTable {
    by_symbol: Arc<[u8]>,
    disabled: u128,
}

impl BuiltinTable {
    /// # Errors
    /// [`VarError::TooManyNames`]
    pub fn new(interner: &Interner) -> Result<Self, VarError> {
        let mut symbols = Vec::with_capacity(ALL.len());
        for builtin in ALL {
            symbols.push(interner.intern(builtin.name.as_bytes())?);
        }
        let mut table = vec![NONE; interner.len()];
        for (at, symbol) in symbols.into_iter().enumerate() {
            if let Some(slot) = table.get_mut(symbol.index()) {
                *slot = at as u8;
            }
        }
        Ok(Self { by_symbol: table.into(), disabled: 0 })
    }

    /// The builtin of that name, enabled or not.
    #[inline]
    pub fn get(&self, symbol: Symbol) -> Option<&'static Special> {
        ALL.get(usize::from(*self.by_symbol.get(symbol.index())?))
    }

    /// The builtin of that name unless it is disabled.
    #[inline]
    pub fn enabled(&self, symbol: Symbol) -> Option<&'static Special> {
        let at = *self.by_symbol.get(symbol.index())?;
        if self.disabled != 0 && at != NONE && self.disabled >> at & 1 == 1 {
            return None;
        }
        ALL.get(usize::from(at))
    }

    pub fn is_enabled(&self, name: &[u8]) -> bool {
        let at = ALL.iter().position(|builtin| builtin.name.as_bytes() == name);
        at.is_some_and(|at| self.disabled >> at & 1 == 0)
    }

    /// Turns a builtin on or off; false if there is none of that name.
    pub fn enable(&mut self, name: &[u8], on: bool) -> bool {
        let Some(at) = ALL.iter().position(|builtin| builtin.name.as_bytes() == name) else {
            return false;
        };
        self.disabled = if on { self.disabled & !(1 << at) } else { self.disabled | 1 << at };
        true
    }
}

/// The builtin called `name`, enabled or not.
pub fn by_name(name: &[u8]) -> Option<&'static Special> {
    let text = std::str::from_utf8(name).ok()?;
    let at = ALL.binary_search_by(|builtin| builtin.name.cmp(text)).ok()?;
    ALL.get(at)
}

/// Whether POSIX calls this a special builtin.
pub fn is_posix_special(name: &[u8]) -> bool {
    by_name(name).is_some_and(|builtin| builtin.posix)
}

/// Whether `text` is `name` or `name[…]`: what a value may be put into.
pub fn is_reference(text: &[u8]) -> bool {
    let open = text.iter().position(|&byte| byte == b'[');
    match open {
        None => is_identifier(text),
        Some(at) => {
            let (name, rest) = text.split_at(at);
            is_identifier(name) && rest.len() > 2 && subscript_len(rest) == Some(rest.len())
        }
    }
}

/// How long the subscript is that `text` begins with, brackets and all; quotes and what stands in
/// expansions don't end it.
pub fn subscript_len(text: &[u8]) -> Option<usize> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'\\', _) => at += 1,
            (b'\'' | b'"' | b'`', _) => {
                let rest = text.get(at + 1..).unwrap_or_default();
                at += 1 + memchr::memchr(byte, rest)?;
            }
            (b'$', Some(b'(')) => {
                open.push(b')');
                at += 1;
            }
            (b'$', Some(b'{')) => {
                open.push(b'}');
                at += 1;
            }
            (b'(', _) if open.last() == Some(&b')') => open.push(b')'),
            (b'[', _) if matches!(open.last(), None | Some(b']')) => open.push(b']'),
            _ if open.last() == Some(&byte) => {
                open.pop();
                if open.is_empty() {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Runs a builtin.
pub fn run(eval: &mut Eval, builtin: &Special, call: &Call<'_>) -> Step {
    if call.args.first().is_some_and(|arg| **arg == *b"--help") && help::answers(builtin.name) {
        let text = help::about(builtin);
        eval.print_paged(call, text)?;
        return Ok(output::USAGE);
    }
    let outer = eval.rt.builtin.replace(builtin.name);
    let step = (builtin.run)(eval, call);
    eval.rt.builtin = outer;
    step
}

/// What the shell's own commands are called.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|builtin| builtin.name)
}

/// The options and operands of a builtin, as its usage shows them.
pub fn synopsis(name: &str) -> Option<&'static str> {
    by_name(name.as_bytes()).map(|builtin| builtin.synopsis)
}

/// What the shell's own commands are called, with a line about each, for completion.
pub fn summaries() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().map(|builtin| (builtin.name, builtin.summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_are_sorted_and_fit_the_table() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(ALL.len() < 128);
    }
}
