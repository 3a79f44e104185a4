//! The parser as its callers see it.

use super::ast::CompleteCommand;
use super::error::{ParseError, Warning};
use super::input::{Input, LineSource, Lines};
use super::lexeme::Lexeme;
use super::options::ParseEnv;
use super::reader::Reader;
use super::symbol::Interner;
use std::fmt;
use std::sync::Arc;

/// Reads one script, command by command.
///
/// A command is all that bash reads before it executes something: up to the end of the line where
/// it is complete. Nothing behind that line is looked at, so that an alias or option that the
/// command sets holds for the next one, and the rest of standard input is left to it.
pub struct Parser<'s> {
    input: Input<'s>,
    interner: Arc<Interner>,
    warnings: Vec<Warning>,
}

impl<'s> Parser<'s> {
    pub fn new(source: impl LineSource + 's, interner: Arc<Interner>) -> Self {
        Self::starting_at(source, 1, interner)
    }

    /// Like [`Self::new`], for text whose first line has the number `line`.
    pub fn starting_at(source: impl LineSource + 's, line: u32, interner: Arc<Interner>) -> Self {
        let input = Input::script(Box::new(source), line.saturating_sub(1));
        Self { input, interner, warnings: Vec::new() }
    }

    /// A parser of a script in memory.
    pub fn from_bytes(script: impl AsRef<[u8]> + Send + 's, interner: Arc<Interner>) -> Self {
        Self::new(Lines::new(script), interner)
    }

    /// The next command, read under `env`; `None` at the end of the input.
    ///
    /// # Errors
    /// What is wrong with it. The rest of the line where that was found is still to be read:
    /// [`Self::discard_line`] drops it, for a shell that goes on.
    pub fn next_command(
        &mut self,
        env: ParseEnv<'_>,
    ) -> Result<Option<CompleteCommand>, ParseError> {
        self.input.begin_command();
        let interner = Arc::clone(&self.interner);
        let mut reader = Reader::new(&mut self.input, env, &interner, &mut self.warnings, 0);
        reader.complete_command()
    }

    /// Warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// From here on the input notes what stands where.
    pub(super) fn trace(&mut self) {
        self.input.trace = Some(Vec::new());
    }

    pub(super) fn take_trace(&mut self) -> Vec<Lexeme> {
        self.input.trace.take().unwrap_or_default()
    }

    /// Drops what is left of the current line.
    pub fn discard_line(&mut self) {
        self.input.discard_line();
    }

    /// The number of the line that is being read.
    pub fn line(&self) -> u32 {
        self.input.number
    }

    /// The offset in the input up to which it has been used.
    pub fn offset(&self) -> usize {
        self.input.offset()
    }
}

impl fmt::Debug for Parser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser").field("line", &self.input.number).finish_non_exhaustive()
    }
}
