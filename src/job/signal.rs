//! What signals do to virtual processes, and what the shell says of it. Names and numbers are
//! [`crate::state::signal`]'s.

pub const HUP: u8 = 1;
pub const INT: u8 = 2;
pub const QUIT: u8 = 3;
pub const KILL: u8 = 9;
pub const PIPE: u8 = 13;
pub const TERM: u8 = 15;
pub const CHLD: u8 = 17;
pub const CONT: u8 = 18;

/// From 1 on.
const TEXTS: [&str; 31] = [
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
];

/// What the shell says of a job that this signal ended.
#[must_use]
pub fn text(number: u8) -> String {
    let known = usize::from(number).checked_sub(1).and_then(|at| TEXTS.get(at));
    known.map_or_else(|| format!("Unknown signal #{number}"), |text| (*text).to_owned())
}

/// Whether a process that neither catches nor ignores it goes on: CHLD, CONT, URG and WINCH, and
/// those that would stop it, which no virtual process can be.
#[must_use]
pub fn is_harmless(number: u8) -> bool {
    matches!(number, 0 | CHLD | CONT | 19..=23 | 28)
}
