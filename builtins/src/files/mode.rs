//! Modes as `chmod` and `mkdir -m` take them: octal, or symbolic (POSIX `chmod`, extended description).

/// A parsed mode: apply it with [`Mode::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mode(Vec<Change>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Octal { bits: u32, keep_special_on_dirs: bool },
    Symbolic { who: u32, act: u8, what: What },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Bits for everyone, before `who` is applied, and `X`.
    Bits { bits: u32, execute_if_any: bool },
    /// Copied from the user's, group's or others' bits (the shift).
    Copied { shift: u32 },
}

const USER: u32 = 0o4700;
const GROUP: u32 = 0o2070;
const OTHER: u32 = 0o1007;

impl Mode {
    /// Reads a mode; `None` if it is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.first().is_some_and(u8::is_ascii_digit) {
            let octal = |bits: u32, &byte: &u8| match byte {
                b'0'..=b'7' => Some(bits * 8 + u32::from(byte - b'0')).filter(|&n| n <= 0o7777),
                _ => None,
            };
            let bits = text.iter().try_fold(0, octal)?;
            return Some(Self(vec![Change::Octal { bits, keep_special_on_dirs: text.len() < 5 }]));
        }
        let mut changes = Vec::new();
        for clause in text.split(|&byte| byte == b',') {
            parse_clause(clause, &mut changes)?;
        }
        Some(Self(changes))
    }

    /// The permission bits that come of `old` for a directory or another file.
    pub fn of(&self, old: u32, is_dir: bool, umask: u32) -> u32 {
        self.0.iter().fold(old, |mode, change| change.of(mode, is_dir, umask))
    }
}

fn parse_clause(clause: &[u8], changes: &mut Vec<Change>) -> Option<()> {
    let mut rest = clause;
    let mut who = 0;
    while let [letter, tail @ ..] = rest {
        who |= match letter {
            b'u' => USER,
            b'g' => GROUP,
            b'o' => OTHER,
            b'a' => USER | GROUP | OTHER,
            _ => break,
        };
        rest = tail;
    }
    if rest.is_empty() {
        return None;
    }
    while let [act @ (b'+' | b'-' | b'='), tail @ ..] = rest {
        let (what, after) = parse_what(tail)?;
        changes.push(Change::Symbolic { who, act: *act, what });
        rest = after;
    }
    rest.is_empty().then_some(())
}

fn parse_what(text: &[u8]) -> Option<(What, &[u8])> {
    match text {
        [b'u', rest @ ..] => return Some((What::Copied { shift: 6 }, rest)),
        [b'g', rest @ ..] => return Some((What::Copied { shift: 3 }, rest)),
        [b'o', rest @ ..] => return Some((What::Copied { shift: 0 }, rest)),
        [b'0'..=b'7', ..] => {
            let end =
                text.iter().position(|byte| !matches!(byte, b'0'..=b'7')).unwrap_or(text.len());
            let fold = |bits: u32, &byte: &u8| bits.saturating_mul(8) + u32::from(byte - b'0');
            let bits = text[..end].iter().fold(0, fold);
            let what = What::Bits { bits, execute_if_any: false };
            return (bits <= 0o7777).then_some((what, &text[end..]));
        }
        _ => {}
    }
    let (mut bits, mut execute_if_any) = (0, false);
    let mut rest = text;
    while let [letter, tail @ ..] = rest {
        match letter {
            b'r' => bits |= 0o444,
            b'w' => bits |= 0o222,
            b'x' => bits |= 0o111,
            b'X' => execute_if_any = true,
            b's' => bits |= 0o6000,
            b't' => bits |= 0o1000,
            _ => break,
        }
        rest = tail;
    }
    Some((What::Bits { bits, execute_if_any }, rest))
}

impl Change {
    fn of(self, old: u32, is_dir: bool, umask: u32) -> u32 {
        match self {
            // GNU keeps a directory's set-id bits unless they are written out.
            Self::Octal { bits, keep_special_on_dirs } if is_dir && keep_special_on_dirs => {
                bits | (old & 0o6000)
            }
            Self::Octal { bits, .. } => bits,
            Self::Symbolic { who, act, what } => {
                let bits = match what {
                    What::Bits { bits, execute_if_any } => {
                        let executes = execute_if_any && (is_dir || old & 0o111 != 0);
                        bits | if executes { 0o111 } else { 0 }
                    }
                    What::Copied { shift } => ((old >> shift) & 7) * 0o111,
                };
                // Without a `who` the umask decides (POSIX).
                let (who, bits) = match who {
                    0 => (0o7777, bits & !umask),
                    who => (who, bits & who),
                };
                match act {
                    b'+' => old | bits,
                    b'-' => old & !bits,
                    _ => (old & !who) | bits | if is_dir { old & 0o6000 & who } else { 0 },
                }
            }
        }
    }
}

/// `rwxr-xr-x`, with set-id and sticky bits as `ls -l` shows them.
pub(crate) fn letters(mode: u32) -> String {
    let triple = |shift: u32, special: u32, set: char, set_only: char| {
        let bits = (mode >> shift) & 7;
        let read = if bits & 4 != 0 { 'r' } else { '-' };
        let write = if bits & 2 != 0 { 'w' } else { '-' };
        let execute = match (bits & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => set_only,
            (true, false) => 'x',
            (false, false) => '-',
        };
        [read, write, execute]
    };
    let user = triple(6, 0o4000, 's', 'S');
    let group = triple(3, 0o2000, 's', 'S');
    let other = triple(0, 0o1000, 't', 'T');
    [user, group, other].concat().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(mode: &str, old: u32) -> Option<u32> {
        Some(Mode::parse(mode.as_bytes())?.of(old, false, 0o022))
    }

    #[test]
    fn modes_are_read_as_chmod_reads_them() {
        for (mode, old, new) in [
            ("755", 0o644, 0o755),
            ("u+x,g-w", 0o664, 0o744),
            ("+w", 0o444, 0o644),
            ("-x", 0o755, 0o644),
            ("a=rwX", 0o644, 0o666),
            ("u=g", 0o640, 0o440),
            ("o+t", 0o644, 0o1644),
            ("u+s,g+s", 0o755, 0o6755),
            ("=", 0o755, 0o000),
            ("a+r-w", 0o222, 0o444),
        ] {
            assert_eq!(apply(mode, old), Some(new), "{mode}");
        }
        for bad in ["", "zz", "9", "u", "u+q", "77777", "u+x,", "8"] {
            assert_eq!(apply(bad, 0o644), None, "{bad}");
        }
        assert_eq!(letters(0o1755), "rwxr-xr-t");
        assert_eq!(letters(0o6644), "rwSr-Sr--");
    }
}
