//! mesash: a shell for versioned repositories.

pub mod expand;
pub mod state;
pub mod syntax;
