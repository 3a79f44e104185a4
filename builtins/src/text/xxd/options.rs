//! xxd's own way with options: one letter decides, and words may follow it (`-cols`, `-seek`).

use crate::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Hex,
    Bits,
    Little,
    Plain,
    Include,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seek {
    None,
    Start(u64),
    /// From where the input stands.
    Ahead(u64),
    Back(u64),
    /// From the end.
    End(u64),
}

#[derive(Debug)]
pub(super) struct Rules {
    pub kind: Kind,
    pub columns: usize,
    pub group: usize,
    pub length: Option<u64>,
    pub seek: Seek,
    pub shift: i64,
    pub name: Option<BString>,
    pub autoskip: bool,
    pub upper: bool,
    pub capital: bool,
    pub ebcdic: bool,
    pub decimal: bool,
    pub revert: bool,
    pub version: bool,
    pub input: Option<BString>,
    pub output: Option<BString>,
}

pub(super) const COLUMNS_MAX: usize = 256;

/// `None`: wrong usage.
pub(super) fn rules(argv: &[BString]) -> Option<Rules> {
    let mut rules = Rules {
        kind: Kind::Hex,
        columns: 0,
        group: 0,
        length: None,
        seek: Seek::None,
        shift: 0,
        name: None,
        autoskip: false,
        upper: false,
        capital: false,
        ebcdic: false,
        decimal: false,
        revert: false,
        version: false,
        input: None,
        output: None,
    };
    let (mut columns, mut group) = (None, None);
    let mut words = argv.iter().peekable();
    while let Some(word) = words.peek() {
        // Two dashes before a name are as one.
        let option = match word.strip_prefix(b"--") {
            Some([]) => {
                words.next();
                break;
            }
            Some(_) => word.get(1..).unwrap_or_default(),
            None => word,
        };
        let (letter, rest) = match option {
            [b'-', letter, rest @ ..] => (*letter, rest.to_vec()),
            _ => break,
        };
        words.next();
        // An argument is attached, or the next word.
        let mut argument = |names: &[&[u8]]| match rest.is_empty()
            || names.iter().any(|name| rest.starts_with(name))
        {
            false => Some(BString::from(&rest[..])),
            true => words.next().cloned(),
        };
        match letter {
            b'a' => rules.autoskip ^= true,
            b'b' => rules.kind = Kind::Bits,
            b'e' => rules.kind = Kind::Little,
            b'u' => rules.upper = true,
            b'p' => rules.kind = Kind::Plain,
            b'i' if rules.kind != Kind::Plain => rules.kind = Kind::Include,
            b'i' => {}
            b'C' => rules.capital = true,
            b'd' => rules.decimal = true,
            b'r' => rules.revert = true,
            b'E' => rules.ebcdic = true,
            b'v' => rules.version = true,
            b'c' if rest.starts_with(b"apitalize") => rules.capital = true,
            b'c' => columns = Some(number(&argument(&[b"ols"])?)),
            b'g' => group = Some(number(&argument(&[b"roup"])?)),
            b'l' => {
                let length = number(&argument(&[b"en"])?);
                rules.length = u64::try_from(length).ok();
            }
            b'o' => rules.shift = number(&argument(&[b"ffset"])?),
            b'n' => rules.name = Some(argument(&[b"ame"])?),
            b's' => {
                let text = argument(&[b"eek", b"kip"])?;
                let relative = text.first() == Some(&b'+');
                let text = if relative { text.get(1..).unwrap_or_default() } else { &text };
                let offset = number(text);
                let size = offset.unsigned_abs();
                rules.seek = match (relative, offset < 0) {
                    (false, false) => Seek::Start(size),
                    (false, true) => Seek::End(size),
                    (true, false) => Seek::Ahead(size),
                    (true, true) => Seek::Back(size),
                };
            }
            _ => return None,
        }
    }
    rules.input = words.next().cloned();
    rules.output = words.next().cloned();
    if words.next().is_some() {
        return None;
    }
    rules.columns = match (rules.kind, columns) {
        // All on one line.
        (Kind::Plain, Some(0)) => usize::MAX,
        (Kind::Plain, None) => 30,
        (Kind::Include, None | Some(0)) => 12,
        (Kind::Bits, None | Some(0)) => 6,
        (_, None | Some(0)) => 16,
        (_, Some(columns)) => usize::try_from(columns).unwrap_or(0),
    };
    rules.group = match (rules.kind, group) {
        (Kind::Bits, None) => 1,
        (Kind::Little, None) => 4,
        (_, None) => 2,
        (_, Some(group)) => {
            usize::try_from(group).ok().filter(|group| *group > 0).unwrap_or(rules.columns)
        }
    };
    rules.group = rules.group.min(rules.columns.max(1));
    Some(rules)
}

/// A number as C has it: hexadecimal after `0x`, octal after `0`; what follows it is not looked at.
pub(super) fn number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        rest => (10, rest),
    };
    let value = digits
        .iter()
        .map_while(|&digit| char::from(digit).to_digit(base))
        .fold(0i64, |n, digit| n.saturating_mul(i64::from(base)).saturating_add(i64::from(digit)));
    if negative { -value } else { value }
}
