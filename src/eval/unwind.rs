//! What leaves a command before its end, as a value.

/// Why the commands after this one don't run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwind {
    /// `break n`: that many loops still have to end.
    Break(u32),
    /// `continue n`: the loop that many levels out goes on.
    Continue(u32),
    /// `return`, to the function or sourced file that runs.
    Return(u8),
    /// The process ends: `exit`, an error that is fatal to a script, `set -e`.
    Exit(u8),
    /// An error gives up the command that was read; the script goes on with the next one.
    Discard(u8),
    /// The process was cancelled: nothing more runs in it.
    Abort,
}

/// A status, or what leaves early.
pub type Step = Result<u8, Unwind>;
