//! Why a word can't be expanded, in bash's words.

use crate::state::{Str, VarError};
use crate::syntax::error::{ParseError, ParseErrorKind};
use crate::syntax::symbol::NameError;
use bstr::{BString, ByteSlice};
use mesash_builtins::budget::LimitReached;
use std::fmt;

/// What ended an expansion. The caller adds the shell's prefix to each line of the message.
#[derive(Debug, Clone)]
pub enum ExpandError {
    /// A substitution unwound; whoever ran it knows why. Says nothing.
    Interrupted,
    Variable(VarError),
    Limit(LimitReached),
    /// `expression: message (error token is "token")`
    Arith {
        expression: Str,
        message: &'static str,
        token: Str,
    },
    /// `set -u`
    Unbound(Str),
    /// As `${a[@]}` in `${#a[@]}`: `set -u`, but the shell goes on.
    UnboundArray(Str),
    BadSubstitution(Str),
    /// `${x@Z}`
    BadTransform(Str),
    /// `${x?message}`
    Parameter {
        name: Str,
        message: Str,
    },
    InvalidIndirect(Str),
    InvalidName(Str),
    CannotAssign(Str),
    /// `a[0]=(…)`
    ListToMember(Str),
    /// `failglob`
    NoMatch(Str),
    NegativeLength(Str),
    /// A command inside of backquotes, or a text that is only parsed now.
    Syntax(Box<ParseError>),
    /// Bad arithmetic in a subscript or for an integer variable: it ends the shell.
    Ends(Box<ExpandError>),
    /// Bad arithmetic as the value of an integer variable: it ends the shell, and a builtin that
    /// assigns says its name.
    BadInteger(Box<ExpandError>),
    /// What goes before another message: `x: 1+: syntax error`.
    In(Str, Box<ExpandError>),
}

pub type Expanded<T> = Result<T, ExpandError>;

impl ExpandError {
    /// Without the shell's prefix; several lines for a syntax error.
    pub fn message(&self) -> BString {
        let join = |parts: &[&[u8]]| BString::from(parts.concat());
        match self {
            Self::Interrupted => BString::default(),
            Self::Variable(error) => variable_message(error),
            Self::Limit(error) => error.to_string().into(),
            Self::Arith { expression, message, token } => {
                let start = expression.find_not_byteset(b" \t\n").unwrap_or(expression.len());
                let expression = expression.get(start..).unwrap_or_default();
                let quoted = [b" (error token is \"", token.as_bytes(), b"\")"].concat();
                join(&[expression, b": ", message.as_bytes(), &quoted])
            }
            Self::Unbound(name) | Self::UnboundArray(name) => join(&[name, b": unbound variable"]),
            Self::BadSubstitution(text) | Self::BadTransform(text) => {
                join(&[text, b": bad substitution"])
            }
            Self::Parameter { name, message } => join(&[name, b": ", message]),
            Self::InvalidIndirect(name) => join(&[name, b": invalid indirect expansion"]),
            Self::InvalidName(name) => join(&[name, b": invalid variable name"]),
            Self::CannotAssign(name) => join(&[name, b": cannot assign in this way"]),
            Self::ListToMember(name) => join(&[name, b": cannot assign list to array member"]),
            Self::NoMatch(text) => join(&[b"no match: ", text]),
            Self::NegativeLength(text) => join(&[text, b": substring expression < 0"]),
            Self::Syntax(error) => bstr::join("\n", error.messages()).into(),
            Self::Ends(error) | Self::BadInteger(error) => error.message(),
            Self::In(name, error) => join(&[name, b": ", &error.message()]),
        }
    }

    /// Of bad arithmetic where that ends the shell.
    pub(super) fn ending(self) -> Self {
        match self {
            Self::Arith { .. } => Self::Ends(Box::new(self)),
            error => error,
        }
    }

    /// Of bad arithmetic in the value of an integer variable.
    pub(super) fn in_integer(self) -> Self {
        match self {
            Self::Arith { .. } => Self::BadInteger(Box::new(self)),
            error => error,
        }
    }

    /// The lines to print, each after the shell's prefix.
    pub fn messages(&self) -> Vec<BString> {
        match self {
            Self::Interrupted => Vec::new(),
            Self::Syntax(error) => error.messages(),
            Self::Ends(error) | Self::BadInteger(error) => error.messages(),
            _ => vec![self.message()],
        }
    }

    /// Whether a shell that isn't interactive ends; else only the command that was read is given up.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Unbound(_) | Self::Parameter { .. } | Self::BadTransform(_) | Self::Limit(_) => {
                true
            }
            Self::Variable(VarError::Limit(_)) | Self::Ends(_) | Self::BadInteger(_) => true,
            Self::In(_, error) => error.is_fatal(),
            _ => false,
        }
    }

    /// What `$?` becomes.
    pub fn status(&self) -> u8 {
        match self {
            Self::Unbound(_) | Self::Parameter { .. } | Self::BadTransform(_) => 127,
            Self::In(_, error) | Self::Ends(error) | Self::BadInteger(error) => error.status(),
            _ => 1,
        }
    }
}

/// As its `Display`, but with names that need not be UTF-8.
fn variable_message(error: &VarError) -> BString {
    error.to_string().into()
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message())
    }
}

impl std::error::Error for ExpandError {}

impl From<VarError> for ExpandError {
    fn from(error: VarError) -> Self {
        match error {
            VarError::Limit(limit) => Self::Limit(limit),
            error => Self::Variable(error),
        }
    }
}

impl From<LimitReached> for ExpandError {
    fn from(error: LimitReached) -> Self {
        Self::Limit(error)
    }
}

impl From<ParseError> for ExpandError {
    fn from(error: ParseError) -> Self {
        match error.kind {
            ParseErrorKind::Name(NameError::Limit(limit)) => Self::Limit(limit),
            _ => Self::Syntax(Box::new(error)),
        }
    }
}
