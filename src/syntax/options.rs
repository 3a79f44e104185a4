//! What the caller decides about the grammar, anew for each command.

/// Options of the shell that change how a command is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParserOptions {
    /// `shopt -s extglob`: `@(a|b)` is part of a word.
    pub extglob: bool,
    /// `shopt -s expand_aliases`
    pub expand_aliases: bool,
    /// `set -o posix`: a reserved word isn't an alias, and function names must be identifiers.
    pub posix: bool,
    /// Whether `#` begins a comment: always, but in an interactive shell without
    /// `interactive_comments`.
    pub comments: bool,
}

impl Default for ParserOptions {
    fn default() -> Self {
        Self { extglob: false, expand_aliases: false, posix: false, comments: true }
    }
}

/// Where aliases come from.
pub trait Aliases {
    /// What `name` stands for, if it is an alias.
    fn alias(&self, name: &[u8]) -> Option<Vec<u8>>;
}

/// No alias at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAliases;

impl Aliases for NoAliases {
    fn alias(&self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// The state of the shell that one command is read under.
#[derive(Clone, Copy)]
pub struct ParseEnv<'a> {
    pub options: ParserOptions,
    pub aliases: &'a dyn Aliases,
}

impl Default for ParseEnv<'_> {
    fn default() -> Self {
        Self { options: ParserOptions::default(), aliases: &NoAliases }
    }
}

impl std::fmt::Debug for ParseEnv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParseEnv").field("options", &self.options).finish_non_exhaustive()
    }
}
