//! mesash: a shell for versioned repositories.

pub mod syntax;
