//! `test`: conditions over strings, numbers and files, read as POSIX and bash read them.

use mesafs::{FileKind, FsStat};

/// What a condition may ask of the world.
pub trait Facts {
    /// What `stat` (or `lstat`) says of a path as typed; `None` if it fails.
    fn stat(&mut self, path: &[u8], follow: bool) -> Option<FsStat>;
    fn is_terminal(&mut self, fd: i64) -> bool;
    /// Whether `-t` of what is no number is false without a word, as in bash; GNU's complains.
    fn takes_any_descriptor(&self) -> bool {
        false
    }
    /// `-v`: whether the variable or element is set.
    fn is_set(&mut self, name: &[u8]) -> bool;
    /// `-R`: whether it is a set name reference.
    fn is_reference(&mut self, name: &[u8]) -> bool;
    /// `-o`: whether the shell option is on.
    fn option(&mut self, name: &[u8]) -> bool;
}

/// Facts for a command outside the shell: no variables, no options.
pub fn no_shell(_name: &[u8]) -> bool {
    false
}

/// Why a condition could not be judged; its status is 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    UnaryExpected(Vec<u8>),
    BinaryExpected(Vec<u8>),
    IntegerExpected(Vec<u8>),
    ArgumentExpected,
    CloseExpected(Option<Vec<u8>>),
    TooMany,
}

impl Fault {
    /// In bash's words, without a prefix.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let with = |word: &[u8], rest: &str| [word, rest.as_bytes()].concat();
        match self {
            Self::UnaryExpected(word) => with(word, ": unary operator expected"),
            Self::BinaryExpected(word) => with(word, ": binary operator expected"),
            Self::IntegerExpected(word) => with(word, ": integer expression expected"),
            Self::ArgumentExpected => b"argument expected".to_vec(),
            Self::CloseExpected(None) => b"`)' expected".to_vec(),
            Self::CloseExpected(Some(word)) => {
                with(b"`)' expected, found ", "").into_iter().chain(word.iter().copied()).collect()
            }
            Self::TooMany => b"too many arguments".to_vec(),
        }
    }
}

pub type Judged = Result<bool, Fault>;

/// Whether `word` is an operator with one operand.
#[must_use]
pub fn is_unary(word: &[u8]) -> bool {
    matches!(word, [b'-', letter] if b"abcdefghkLnNoOGprRsStuvwxz".contains(letter))
}

/// Whether `word` is an operator with two operands, but for `-a` and `-o`.
#[must_use]
pub fn is_binary(word: &[u8]) -> bool {
    matches!(
        word,
        b"=" | b"=="
            | b"!="
            | b"<"
            | b">"
            | b"-eq"
            | b"-ne"
            | b"-lt"
            | b"-le"
            | b"-gt"
            | b"-ge"
            | b"-nt"
            | b"-ot"
            | b"-ef"
    )
}

/// A whole number with blanks around it, as `strtoimax` and bash's check take it.
#[must_use]
pub fn integer(word: &[u8]) -> Option<i64> {
    let text = word.trim_ascii();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit) } else { value.checked_add(digit) }?;
    }
    Some(value)
}

/// Judges `-e FILE` and its like.
///
/// # Errors
/// [`Fault::IntegerExpected`] for `-t`.
pub fn unary(letter: u8, operand: &[u8], facts: &mut dyn Facts) -> Judged {
    let mut file = |follow| facts.stat(operand, follow);
    let mut kind = |kind| file(true).is_some_and(|stat| stat.kind == kind);
    Ok(match letter {
        b'z' => operand.is_empty(),
        b'n' => !operand.is_empty(),
        b'a' | b'e' => file(true).is_some(),
        b'f' => kind(FileKind::File),
        b'd' => kind(FileKind::Directory),
        b'c' => kind(FileKind::CharDevice),
        b'p' => kind(FileKind::Pipe),
        b'h' | b'L' => file(false).is_some_and(|stat| stat.is_symbolic_link()),
        // Directories have no size here; scripts know them as never empty.
        b's' => file(true).is_some_and(|stat| stat.size > 0 || stat.is_directory()),
        b'r' | b'w' | b'O' | b'G' => file(true).is_some(),
        b'x' => file(true).is_some_and(|stat| stat.is_directory() || stat.mode & 0o111 != 0),
        b'u' => file(true).is_some_and(|stat| stat.mode & 0o4000 != 0),
        b'g' => file(true).is_some_and(|stat| stat.mode & 0o2000 != 0),
        b'k' => file(true).is_some_and(|stat| stat.mode & 0o1000 != 0),
        b't' => match integer(operand) {
            Some(fd) => facts.is_terminal(fd),
            None if facts.takes_any_descriptor() => false,
            None => return Err(Fault::IntegerExpected(operand.to_vec())),
        },
        b'v' => facts.is_set(operand),
        b'R' => facts.is_reference(operand),
        b'o' => facts.option(operand),
        // Block devices, sockets and access times do not exist here.
        _ => false,
    })
}

/// Judges `-nt`, `-ot` and `-ef`; `None` for another operator.
pub fn files(left: &[u8], operator: &[u8], right: &[u8], facts: &mut dyn Facts) -> Option<bool> {
    if !matches!(operator, b"-nt" | b"-ot" | b"-ef") {
        return None;
    }
    let (left, right) = (facts.stat(left, true), facts.stat(right, true));
    let newer = |a: &Option<FsStat>, b: &Option<FsStat>| match (a, b) {
        (Some(a), Some(b)) => a.mtime_ns > b.mtime_ns,
        (a, _) => a.is_some(),
    };
    Some(match operator {
        b"-nt" => newer(&left, &right),
        b"-ot" => newer(&right, &left),
        _ => match (left, right) {
            (Some(a), Some(b)) => (a.device, a.inode) == (b.device, b.inode),
            _ => false,
        },
    })
}

/// Judges `LEFT OP RIGHT`.
///
/// # Errors
/// [`Fault::IntegerExpected`], [`Fault::BinaryExpected`].
pub fn binary(left: &[u8], operator: &[u8], right: &[u8], facts: &mut dyn Facts) -> Judged {
    if let Some(answer) = files(left, operator, right, facts) {
        return Ok(answer);
    }
    match operator {
        b"=" | b"==" => return Ok(left == right),
        b"!=" => return Ok(left != right),
        b"<" => return Ok(left < right),
        b">" => return Ok(left > right),
        _ => {}
    }
    let number = |word: &[u8]| integer(word).ok_or_else(|| Fault::IntegerExpected(word.to_vec()));
    let (left, right) = (number(left)?, number(right)?);
    Ok(match operator {
        b"-eq" => left == right,
        b"-ne" => left != right,
        b"-lt" => left < right,
        b"-le" => left <= right,
        b"-gt" => left > right,
        b"-ge" => left >= right,
        other => return Err(Fault::BinaryExpected(other.to_vec())),
    })
}

/// Judges the arguments of `test` (without the `]` of `[`).
///
/// # Errors
/// A [`Fault`] for what cannot be judged.
pub fn test<W: AsRef<[u8]>>(words: &[W], facts: &mut dyn Facts) -> Judged {
    let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    match words[..] {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        [a, b] => two(a, b, facts),
        [a, b, c] => three(a, b, c, facts),
        [b"!", a, b, c] => three(a, b, c, facts).map(|answer| !answer),
        [b"(", a, b, b")"] => two(a, b, facts),
        _ => {
            let mut rest = Rest { words: &words, at: 0, facts, depth: 0 };
            let answer = rest.or()?;
            if rest.at < words.len() { Err(Fault::TooMany) } else { Ok(answer) }
        }
    }
}

fn two(a: &[u8], b: &[u8], facts: &mut dyn Facts) -> Judged {
    match a {
        b"!" => Ok(b.is_empty()),
        [b'-', letter] if is_unary(a) => unary(*letter, b, facts),
        _ => Err(Fault::UnaryExpected(a.to_vec())),
    }
}

fn three(a: &[u8], b: &[u8], c: &[u8], facts: &mut dyn Facts) -> Judged {
    match (a, b, c) {
        _ if is_binary(b) => binary(a, b, c, facts),
        (_, b"-a", _) => Ok(!a.is_empty() && !c.is_empty()),
        (_, b"-o", _) => Ok(!a.is_empty() || !c.is_empty()),
        (b"!", ..) => two(b, c, facts).map(|answer| !answer),
        (b"(", _, b")") => Ok(!b.is_empty()),
        _ => Err(Fault::BinaryExpected(b.to_vec())),
    }
}

/// How deep `(` and `!` may nest.
const DEPTH_MAX: u32 = 1000;

struct Rest<'a> {
    words: &'a [&'a [u8]],
    at: usize,
    facts: &'a mut dyn Facts,
    depth: u32,
}

impl<'a> Rest<'a> {
    fn word(&self, ahead: usize) -> Option<&'a [u8]> {
        self.words.get(self.at + ahead).copied()
    }

    fn or(&mut self) -> Judged {
        let mut answer = self.and()?;
        while self.word(0) == Some(b"-o") {
            self.at += 1;
            answer |= self.and()?;
        }
        Ok(answer)
    }

    fn and(&mut self) -> Judged {
        let mut answer = self.term()?;
        while self.word(0) == Some(b"-a") {
            self.at += 1;
            answer &= self.term()?;
        }
        Ok(answer)
    }

    fn term(&mut self) -> Judged {
        let mut negated = false;
        while self.word(0) == Some(b"!") {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary()? != negated)
    }

    fn primary(&mut self) -> Judged {
        let word = self.word(0).ok_or(Fault::ArgumentExpected)?;
        if word == b"(" {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(Fault::TooMany);
            }
            self.at += 1;
            let answer = self.or()?;
            self.depth -= 1;
            return match self.word(0) {
                Some(b")") => {
                    self.at += 1;
                    Ok(answer)
                }
                found => Err(Fault::CloseExpected(found.map(<[u8]>::to_vec))),
            };
        }
        if let (Some(operator), Some(right)) = (self.word(1), self.word(2))
            && is_binary(operator)
        {
            self.at += 3;
            return binary(word, operator, right, self.facts);
        }
        match word {
            [b'-', letter] => {
                if !is_unary(word) {
                    return Err(Fault::UnaryExpected(word.to_vec()));
                }
                let operand = self.word(1).ok_or(Fault::ArgumentExpected)?;
                self.at += 2;
                unary(*letter, operand, self.facts)
            }
            _ => {
                self.at += 1;
                Ok(!word.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Facts for Nothing {
        fn stat(&mut self, _path: &[u8], _follow: bool) -> Option<FsStat> {
            None
        }
        fn is_terminal(&mut self, _fd: i64) -> bool {
            false
        }
        fn is_set(&mut self, name: &[u8]) -> bool {
            no_shell(name)
        }
        fn is_reference(&mut self, name: &[u8]) -> bool {
            no_shell(name)
        }
        fn option(&mut self, name: &[u8]) -> bool {
            no_shell(name)
        }
    }

    fn judged(words: &str) -> Result<bool, String> {
        let words: Vec<&str> =
            words.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        test(&words, &mut Nothing)
            .map_err(|fault| String::from_utf8_lossy(&fault.message()).into_owned())
    }

    #[test]
    fn conditions_are_judged_as_bash_judges_them() {
        assert_eq!(judged("a = a"), Ok(true));
        assert_eq!(judged("! ''"), Ok(true));
        assert_eq!(judged("-n = -n"), Ok(true));
        assert_eq!(judged("( -n )"), Ok(true));
        assert_eq!(judged("1 -lt 2 -a ( a = b -o c )"), Ok(true));
        assert_eq!(judged("! a = b"), Ok(true));
        assert_eq!(judged("x -lt 2"), Err("x: integer expression expected".into()));
        assert_eq!(judged("a b"), Err("a: unary operator expected".into()));
        assert_eq!(judged("a b c"), Err("b: binary operator expected".into()));
        assert_eq!(judged("a b c d e"), Err("too many arguments".into()));
        assert_eq!(judged("( a = b -o"), Err("argument expected".into()));
    }
}
