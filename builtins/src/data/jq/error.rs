//! What ends an evaluation, or an alternative of it.

use super::value::Value;
use crate::command::CommandError;

#[derive(Debug)]
pub(crate) enum Error {
    /// What `try` catches.
    Value(Value),
    /// `break` to the label with this number.
    Break(u64),
    /// `halt` and `halt_error`: the status, and what to say.
    Halt(u8, Option<Value>),
    /// A cancel, a limit or a stream: nothing catches it.
    Command(CommandError),
}

impl<T: Into<CommandError>> From<T> for Error {
    fn from(error: T) -> Self {
        Self::Command(error.into())
    }
}

/// An error with a message.
pub(super) fn fail<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::Value(Value::from(message.into())))
}

/// How much of a value messages show, in bytes.
pub(super) const EXCERPT_BYTES: usize = 14;

/// `number (1) REASON`
pub(super) fn fail_for<T>(value: &Value, reason: &str) -> Result<T, Error> {
    let shown = super::print::excerpt(value, EXCERPT_BYTES);
    fail(format!("{} ({shown}) {reason}", value.kind()))
}
