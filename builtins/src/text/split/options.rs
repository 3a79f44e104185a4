//! What `split` is asked to do.

use super::Chunk;
use crate::prelude::*;
use crate::text::number::{no_suffix, size_suffix, within};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Lines(u64),
    Bytes(u64),
    LineBytes(u64),
    Chunks(Chunk),
    LineChunks(Chunk),
    RoundRobin(Chunk),
}

#[derive(Debug)]
pub(super) struct Rules {
    pub how: How,
    pub prefix: BString,
    pub additional: BString,
    pub alphabet: &'static [u8],
    /// The length of suffixes; `None`: two letters, and more once those have been used.
    pub suffix_letters: Option<usize>,
    /// The first suffix.
    pub first: Option<BString>,
    pub elide: bool,
    pub filter: Option<BString>,
    pub separator: u8,
    pub verbose: bool,
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DECIMAL: &[u8] = b"0123456789";
const HEXADECIMAL: &[u8] = b"0123456789abcdef";

/// How long suffixes are at first.
pub(super) const SUFFIX_LETTERS: usize = 2;

/// Rewrites obsolete `-5` (also among other letters) as `--lines=5`.
pub(super) fn modern(argv: &[BString]) -> Vec<BString> {
    let mut modern = Vec::with_capacity(argv.len());
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        let letters = match word.strip_prefix(b"-") {
            Some(b"-") => {
                modern.push(word.clone());
                break;
            }
            Some(letters) if !letters.is_empty() && !letters.starts_with(b"-") => letters,
            _ => {
                modern.push(word.clone());
                continue;
            }
        };
        let (mut rest, mut digits) = (vec![b'-'], Vec::new());
        for (at, &letter) in letters.iter().enumerate() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            rest.push(letter);
            if b"abClnt".contains(&letter) {
                rest.extend_from_slice(letters.get(at + 1..).unwrap_or_default());
                break;
            }
        }
        if !digits.is_empty() {
            modern.push([b"--lines=", &digits[..]].concat().into());
        }
        if rest.len() > 1 {
            let waits = rest.len() >= 2 && rest.last().is_some_and(|l| b"abClnt".contains(l));
            let whole = letters.last() == rest.last() && waits;
            modern.push(rest.into());
            // Its argument is the next word, whatever that looks like.
            if whole && letters.iter().filter(|l| b"abClnt".contains(l)).count() == 1 {
                modern.extend(words.next().cloned());
            }
        }
    }
    modern.extend(words.cloned());
    modern
}

pub(super) fn rules(args: &Args) -> Result<Rules, CommandError> {
    let mut how = None;
    let mut set = |next: How| match how.replace(next) {
        Some(_) => Err(usage("cannot split in more than one way")),
        None => Ok(()),
    };
    let mut rules = Rules {
        how: How::Lines(1000),
        prefix: args.operands().get(1).cloned().unwrap_or_else(|| "x".into()),
        additional: BString::default(),
        alphabet: LETTERS,
        suffix_letters: None,
        first: None,
        elide: args.has('e'),
        filter: args.value("filter").map(BString::from),
        separator: b'\n',
        verbose: args.has("verbose"),
    };
    let mut separator = None;
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match (given.opt.short, given.opt.long) {
            (Some('a'), _) => {
                let max = i128::from(u64::MAX);
                let count = within(&text, "invalid suffix length", 0..=max, no_suffix)?;
                rules.suffix_letters = usize::try_from(count).ok().filter(|count| *count > 0);
            }
            (_, Some("additional-suffix")) => {
                if text.contains(&b'/') {
                    let shown = marked(&text);
                    return Err(usage(format!(
                        "invalid suffix {shown}, contains directory separator"
                    )));
                }
                rules.additional = text;
            }
            (Some('b'), _) => set(How::Bytes(size(&text, "bytes")?))?,
            (Some('C'), _) => set(How::LineBytes(size(&text, "bytes")?))?,
            (Some('l'), _) => {
                let max = i128::from(u64::MAX);
                let count = within(&text, "invalid number of lines", 1..=max, no_suffix)?;
                set(How::Lines(u64::try_from(count).unwrap_or(u64::MAX)))?;
            }
            (Some('n'), _) => set(chunks(&text)?)?,
            (Some(letter @ ('d' | 'x')), _) => {
                rules.alphabet = if letter == 'd' { DECIMAL } else { HEXADECIMAL };
            }
            (None, Some(name @ ("numeric-suffixes" | "hex-suffixes"))) => {
                let (alphabet, kind) = match name {
                    "numeric-suffixes" => (DECIMAL, "numerical"),
                    _ => (HEXADECIMAL, "hexadecimal"),
                };
                rules.alphabet = alphabet;
                if given.value.is_some() {
                    if !text.iter().all(|digit| alphabet.contains(digit)) {
                        let shown = marked(&text);
                        return Err(usage(format!(
                            "{shown}: invalid start value for {kind} suffix"
                        )));
                    }
                    let digits = text.trim_start_with(|digit| digit == '0');
                    rules.first = Some(if digits.is_empty() { "0".into() } else { digits.into() });
                }
            }
            (Some('t'), _) => {
                let next = match &text[..] {
                    b"" => return Err(failure("empty record separator")),
                    b"\\0" => 0,
                    [byte] => *byte,
                    _ => {
                        let shown = marked(&text);
                        return Err(failure(format!("multi-character separator {shown}")));
                    }
                };
                if separator.is_some_and(|before| before != next) {
                    return Err(failure("multiple separator characters specified"));
                }
                separator = Some(next);
            }
            _ => {}
        }
    }
    rules.separator = separator.unwrap_or(b'\n');
    rules.how = how.unwrap_or(How::Lines(1000));
    let only = match rules.how {
        How::Chunks(chunk) | How::LineChunks(chunk) | How::RoundRobin(chunk) => chunk.only,
        _ => None,
    };
    if rules.filter.is_some() && only.is_some() {
        return Err(usage("--filter does not process a chunk extracted to stdout"));
    }
    suffix_length(&mut rules)?;
    if let Some(extra) = args.operands().get(2) {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    Ok(rules)
}

/// Settles the length of suffixes where the count of pieces or the first suffix does.
fn suffix_length(rules: &mut Rules) -> Result<(), CommandError> {
    let base = rules.alphabet.len() as u64;
    if let How::Chunks(chunk) | How::LineChunks(chunk) | How::RoundRobin(chunk) = rules.how {
        let mut last = chunk.count - 1;
        if let Some(first) = &rules.first {
            let value = first.to_str().ok().and_then(|first| first.parse::<u64>().ok());
            if let Some(value) = value.filter(|value| *value < chunk.count) {
                last = last.saturating_add(value);
            }
        }
        let mut needed = 1;
        while last >= base {
            last /= base;
            needed += 1;
        }
        match rules.suffix_letters {
            Some(given) if given < needed => {
                return Err(failure(format!("the suffix length needs to be at least {needed}")));
            }
            Some(_) => {}
            None => rules.suffix_letters = Some(needed.max(SUFFIX_LETTERS)),
        }
    }
    if let Some(first) = &rules.first {
        let letters = *rules.suffix_letters.get_or_insert(SUFFIX_LETTERS);
        if first.len() > letters {
            return Err(usage("numerical suffix start value is too large for the suffix length"));
        }
    }
    Ok(())
}

fn size(text: &[u8], what: &str) -> Result<u64, CommandError> {
    let max = i128::from(i64::MAX);
    let size = within(text, &format!("invalid number of {what}"), 1..=max, size_suffix)?;
    Ok(u64::try_from(size).unwrap_or(u64::MAX))
}

/// `N`, `K/N`, and these after `l/` or `r/`.
fn chunks(text: &[u8]) -> Result<How, CommandError> {
    let (make, rest): (fn(Chunk) -> How, &[u8]) = match text {
        [b'l', b'/', rest @ ..] => (How::LineChunks, rest),
        [b'r', b'/', rest @ ..] => (How::RoundRobin, rest),
        rest => (How::Chunks, rest),
    };
    let max = i128::from(u64::MAX);
    let number = |text: &[u8], what: &str, max: i128| {
        within(text, what, 1..=max, no_suffix)
            .map(|number| u64::try_from(number).unwrap_or(u64::MAX))
    };
    let (only, count) = match rest.find_byte(b'/') {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    };
    let count = number(count, "invalid number of chunks", max)?;
    let only = match only {
        Some(text) => Some(number(text, "invalid chunk number", i128::from(count))?),
        None => None,
    };
    Ok(make(Chunk { count, only }))
}
