//! Signals and the other things that can be trapped, by name and number.

use std::fmt;

/// The highest signal number.
pub const SIGNAL_MAX: u8 = 64;

pub const SIGINT: u8 = 2;
pub const SIGKILL: u8 = 9;
pub const SIGPIPE: u8 = 13;
pub const SIGTERM: u8 = 15;

/// Linux's names without `SIG`, from 1 on; the real-time ones are computed.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
const RT_MIN: u8 = 34;
const RT_MAX: u8 = 64;

/// What `trap` can name, in the order in which `trap -p` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    Exit,
    Signal(u8),
    Debug,
    Err,
    Return,
}

/// The name of a signal with its `SIG`, as `kill -l` and `trap -l` list it.
pub fn signal_name(number: u8) -> Option<String> {
    let name = match number {
        1..=31 => (*NAMES.get(usize::from(number) - 1)?).to_owned(),
        RT_MIN => "RTMIN".to_owned(),
        35..=49 => format!("RTMIN+{}", number - RT_MIN),
        50..=63 => format!("RTMAX-{}", RT_MAX - number),
        RT_MAX => "RTMAX".to_owned(),
        _ => return None,
    };
    Some(format!("SIG{name}"))
}

/// The number of a signal by its name, with or without `SIG`, in any case.
pub fn signal_number(name: &[u8]) -> Option<u8> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix(b"SIG").unwrap_or(&upper);
    (1..=SIGNAL_MAX).find(|number| {
        signal_name(*number).is_some_and(|known| known.as_bytes().get(3..) == Some(bare))
    })
}

impl Event {
    /// Reads what `trap` is given: a number (0 is EXIT) or a name.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if let Some(number) = std::str::from_utf8(text).ok().and_then(|t| t.parse::<u8>().ok()) {
            return match number {
                0 => Some(Self::Exit),
                number => signal_name(number).map(|_| Self::Signal(number)),
            };
        }
        match text.to_ascii_uppercase().as_slice() {
            b"EXIT" => Some(Self::Exit),
            b"DEBUG" => Some(Self::Debug),
            b"ERR" => Some(Self::Err),
            b"RETURN" => Some(Self::Return),
            _ => signal_number(text).map(Self::Signal),
        }
    }
}

/// As `trap -p` prints it.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit => f.write_str("EXIT"),
            Self::Debug => f.write_str("DEBUG"),
            Self::Err => f.write_str("ERR"),
            Self::Return => f.write_str("RETURN"),
            Self::Signal(number) => f.write_str(&signal_name(*number).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_linux_names() {
        assert_eq!(signal_name(15).as_deref(), Some("SIGTERM"));
        assert_eq!(signal_name(37).as_deref(), Some("SIGRTMIN+3"));
        assert_eq!(signal_name(62).as_deref(), Some("SIGRTMAX-2"));
        assert_eq!(signal_name(32), None);
        assert_eq!(signal_number(b"sigint"), Some(SIGINT));
        assert_eq!(Event::parse(b"0"), Some(Event::Exit));
        assert_eq!(Event::parse(b"err"), Some(Event::Err));
        assert_eq!(Event::parse(b"65"), None);
        assert_eq!(Event::parse(b"TERM").map(|event| event.to_string()), Some("SIGTERM".into()));
    }
}
