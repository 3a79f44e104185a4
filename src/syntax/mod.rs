//! From bytes to a tree: the whole grammar of Bash.
//!
//! `ast` is what comes out, `symbol` how names become integers. The parser does no I/O and runs nothing.

pub mod ast;
pub mod error;
pub mod symbol;
