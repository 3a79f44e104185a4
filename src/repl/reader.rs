//! Whether what was typed is a whole command.

use std::sync::Arc;

use crate::eval::parser_options;
use crate::state::Shell;
use crate::syntax::options::{NoAliases, ParseEnv};
use crate::syntax::parser::Parser;

/// Whether more lines could make `text` right that is not yet.
pub fn is_incomplete(shell: &Shell, text: &str) -> bool {
    let mut parser = Parser::from_bytes(text.as_bytes(), Arc::clone(&shell.interner));
    let env = ParseEnv { options: parser_options(shell), aliases: &NoAliases };
    loop {
        match parser.next_command(env) {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(error) => return error.is_incomplete(),
        }
    }
}
