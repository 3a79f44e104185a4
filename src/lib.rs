//! mesash: a shell for versioned repositories.

pub mod bash;
pub mod cli;
pub mod eval;
pub mod expand;
pub mod job;
pub mod mesa;
mod repl;
pub mod special;
pub mod state;
pub mod syntax;
