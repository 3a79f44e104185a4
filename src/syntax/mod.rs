//! From bytes to a tree: the whole grammar of Bash, and back to text.
//!
//! `ast` is what comes out, `symbol` how names become integers. [`parser::Parser`] takes its input
//! command by command: `input` gives bytes (and alias text), `token` finds operators and words,
//! `scan` finds where a word ends, `word` takes it apart, `grammar` builds commands. `lexeme` says
//! what stands where, for colours. `print` gives bash's own layout, `dump` JSON. The parser does no I/O of its own and runs nothing.

pub mod arith;
pub mod ast;
pub mod dump;
pub mod error;
mod grammar;
mod heredoc;
pub mod input;
pub mod lexeme;
pub mod options;
pub mod parser;
pub mod print;
mod reader;
mod scan;
pub mod symbol;
mod token;
mod tree;
pub mod word;

#[cfg(test)]
mod tests;
