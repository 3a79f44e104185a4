//! What shell builtins and commands of the same name share: `printf`, `echo`, `test`, quoting.
//!
//! Pure functions over bytes; who calls words the complaints in its own style.

pub mod echo;
pub mod escape;
pub mod extended;
pub mod printf;
pub mod shell_quote;
pub mod strftime;
pub mod test;
