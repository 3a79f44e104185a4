//! Names that the shell itself knows, with the same symbols in every session.
//!
//! They are interned first, in this order, so that each is a constant.

use crate::syntax::symbol::{Interner, NameError, Symbol};
use mesash_builtins::budget::Budget;

macro_rules! names {
    ($($constant:ident = $text:literal,)*) => {
        /// In the order of their symbols.
        const TEXTS: &[&str] = &[$($text,)*];

        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the names")]
        #[derive(Clone, Copy)]
        enum Order { $($constant,)* }

        $(#[doc = concat!("`", $text, "`")]
        pub const $constant: Symbol = Symbol(Order::$constant as u32);)*
    };
}

names! {
    // Assigning to these does more than store a value; see `super::dynamic`.
    RANDOM = "RANDOM",
    SRANDOM = "SRANDOM",
    SECONDS = "SECONDS",
    EPOCHSECONDS = "EPOCHSECONDS",
    EPOCHREALTIME = "EPOCHREALTIME",
    LINENO = "LINENO",
    BASHPID = "BASHPID",
    BASH_ARGV0 = "BASH_ARGV0",
    BASH_COMMAND = "BASH_COMMAND",
    BASH_SUBSHELL = "BASH_SUBSHELL",
    HISTCMD = "HISTCMD",
    COMP_WORDBREAKS = "COMP_WORDBREAKS",
    SHELLOPTS = "SHELLOPTS",
    BASHOPTS = "BASHOPTS",
    FUNCNAME = "FUNCNAME",
    BASH_SOURCE = "BASH_SOURCE",
    BASH_LINENO = "BASH_LINENO",
    BASH_ARGC = "BASH_ARGC",
    BASH_ARGV = "BASH_ARGV",
    PIPESTATUS = "PIPESTATUS",
    DIRSTACK = "DIRSTACK",
    GROUPS = "GROUPS",
    BASH_ALIASES = "BASH_ALIASES",
    BASH_CMDS = "BASH_CMDS",
    UNDERSCORE = "_",
    OPTIND = "OPTIND",
    POSIXLY_CORRECT = "POSIXLY_CORRECT",
    IGNOREEOF = "IGNOREEOF",
    GLOBIGNORE = "GLOBIGNORE",
    LAST_HOOKED = "BASH_COMPAT",
    // These are ordinary, but the shell reads them.
    IFS = "IFS",
    PATH = "PATH",
    HOME = "HOME",
    PWD = "PWD",
    OLDPWD = "OLDPWD",
    CDPATH = "CDPATH",
    OPTARG = "OPTARG",
    OPTERR = "OPTERR",
    REPLY = "REPLY",
    PS0 = "PS0",
    PS1 = "PS1",
    PS2 = "PS2",
    PS3 = "PS3",
    PS4 = "PS4",
    EXECIGNORE = "EXECIGNORE",
    FIGNORE = "FIGNORE",
    HISTFILE = "HISTFILE",
    HISTSIZE = "HISTSIZE",
    HISTCONTROL = "HISTCONTROL",
    HISTTIMEFORMAT = "HISTTIMEFORMAT",
    BASH_ENV = "BASH_ENV",
    ENV = "ENV",
    BASH = "BASH",
    BASH_VERSION = "BASH_VERSION",
    BASH_VERSINFO = "BASH_VERSINFO",
    BASH_EXECUTION_STRING = "BASH_EXECUTION_STRING",
    BASH_LOADABLES_PATH = "BASH_LOADABLES_PATH",
    BASH_REMATCH = "BASH_REMATCH",
    BASH_XTRACEFD = "BASH_XTRACEFD",
    BASH_MONOSECONDS = "BASH_MONOSECONDS",
    CHILD_MAX = "CHILD_MAX",
    COLUMNS = "COLUMNS",
    LINES = "LINES",
    COMP_LINE = "COMP_LINE",
    COMP_POINT = "COMP_POINT",
    COMP_KEY = "COMP_KEY",
    COMP_TYPE = "COMP_TYPE",
    COMP_WORDS = "COMP_WORDS",
    COMP_CWORD = "COMP_CWORD",
    COMPREPLY = "COMPREPLY",
    COPROC = "COPROC",
    EUID = "EUID",
    UID = "UID",
    PPID = "PPID",
    HOSTNAME = "HOSTNAME",
    HOSTTYPE = "HOSTTYPE",
    MACHTYPE = "MACHTYPE",
    OSTYPE = "OSTYPE",
    SHELL = "SHELL",
    SHLVL = "SHLVL",
    TERM = "TERM",
    TIMEFORMAT = "TIMEFORMAT",
    TMOUT = "TMOUT",
    TMPDIR = "TMPDIR",
    TZ = "TZ",
    FUNCNEST = "FUNCNEST",
    MAPFILE = "MAPFILE",
    READLINE_LINE = "READLINE_LINE",
    LANG = "LANG",
    LC_ALL = "LC_ALL",
    LC_CTYPE = "LC_CTYPE",
    LC_COLLATE = "LC_COLLATE",
    LC_MESSAGES = "LC_MESSAGES",
    LC_NUMERIC = "LC_NUMERIC",
    LC_TIME = "LC_TIME",
}

/// An interner that knows the shell's own names, and charges all to `budget`.
///
/// # Errors
/// [`NameError::Limit`] if not even those fit.
pub fn interner(budget: &Budget) -> Result<Interner, NameError> {
    let interner = Interner::charged(budget.clone());
    for text in TEXTS {
        interner.intern(text.as_bytes())?;
    }
    Ok(interner)
}

/// Whether assigning to `symbol` does more than store a value.
pub fn is_hooked(symbol: Symbol) -> bool {
    symbol <= LAST_HOOKED
}

/// Whether `name` is an identifier: what a variable may be called.
pub fn is_identifier(name: &[u8]) -> bool {
    match name.split_first() {
        Some((first, rest)) => {
            (first.is_ascii_alphabetic() || *first == b'_')
                && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesash_builtins::budget::Limits;

    #[test]
    fn each_name_has_its_constant() -> Result<(), NameError> {
        let interner = interner(&Budget::new(Limits::STANDARD))?;
        assert_eq!(interner.get(b"RANDOM"), Some(RANDOM));
        assert_eq!(interner.get(b"LC_TIME"), Some(LC_TIME));
        assert_eq!(interner.len(), TEXTS.len());
        Ok(())
    }
}
