//! Patterns and regular expressions in words, and the operators that use them.

use super::Expander;
use super::error::Expanded;
use super::lists::Got;
use super::sink::Field;
use super::word::Quoting;
use crate::state::{Opt, Str};
use crate::syntax::ast::{CaseMode, Pattern, ReplaceMode, Word};
use mesash_builtins::pattern::{Matcher, Options, Pattern as Compiled, Reach};
use std::borrow::Cow;
use std::ops::Deref;

/// What a constant pattern was compiled to, under the options of that time.
#[derive(Debug)]
struct Kept {
    options: Options,
    pattern: Compiled,
}

/// Compiles a pattern that is active as a whole.
pub fn case_pattern(text: &[u8], nocase: bool, extglob: bool) -> Compiled {
    Compiled::new(text, Options { nocase, extglob, bytes: false })
}

/// A pattern ready to be matched: kept in the tree, or made for this once.
pub(super) enum Ready<'p> {
    Kept(&'p Compiled),
    Made(Compiled),
}

impl Deref for Ready<'_> {
    type Target = Compiled;

    fn deref(&self) -> &Compiled {
        match self {
            Self::Kept(kept) => kept,
            Self::Made(made) => made,
        }
    }
}

impl Expander<'_> {
    pub(super) fn matches(
        &mut self,
        pattern: &Pattern,
        subject: &[u8],
        extglob: bool,
    ) -> Expanded<bool> {
        let compiled = self.pattern(pattern, extglob)?;
        if let Some(literal) = compiled.literal() {
            return Ok(literal == subject);
        }
        Ok(compiled.on(subject).until(&self.shell.cancel).is_match())
    }

    /// A pattern word, compiled; one that is text alone only once.
    pub(super) fn pattern<'p>(
        &mut self,
        pattern: &'p Pattern,
        extglob: bool,
    ) -> Expanded<Ready<'p>> {
        let nocase = self.shell.options.has(Opt::NoCaseMatch);
        let bytes = self.shell.counts_bytes();
        self.pattern_under(pattern, Options { nocase, extglob, bytes })
    }

    /// The pattern of `${x#p}` and `${x%p}`, for which `nocasematch` counts for nothing.
    pub(super) fn removed_pattern<'p>(&mut self, pattern: &'p Pattern) -> Expanded<Ready<'p>> {
        let (extglob, bytes) = (self.shell.options.has(Opt::ExtGlob), self.shell.counts_bytes());
        self.pattern_under(pattern, Options { nocase: false, extglob, bytes })
    }

    fn pattern_under<'p>(&mut self, pattern: &'p Pattern, options: Options) -> Expanded<Ready<'p>> {
        if let Some(kept) = pattern.compiled.get::<Kept>()
            && kept.options == options
        {
            return Ok(Ready::Kept(&kept.pattern));
        }
        let field = self.single_field(&pattern.word, Quoting::None)?;
        let made = field.pattern().build(options);
        // What is kept is for the options of the first use; under others it is made each time.
        if !pattern.word.is_text() || pattern.compiled.is_full() {
            return Ok(Ready::Made(made));
        }
        match pattern.compiled.get_or_init(|| Kept { options, pattern: made }) {
            Some(kept) if kept.options == options => Ok(Ready::Kept(&kept.pattern)),
            _ => Ok(Ready::Made(field.pattern().build(options))),
        }
    }

    pub(super) fn pattern_text(&mut self, pattern: &Pattern) -> Expanded<Str> {
        let field = self.single_field(&pattern.word, Quoting::None)?;
        let mut text = Vec::with_capacity(field.bytes.len());
        for (piece, active) in field.pieces() {
            for &byte in piece {
                if !active {
                    text.push(b'\\');
                }
                text.push(byte);
            }
        }
        Ok(Str::from(text))
    }

    pub(super) fn regex_text(&mut self, pattern: &Pattern) -> Expanded<Str> {
        let field = self.single_field(&pattern.word, Quoting::None)?;
        Ok(Str::from(regex_of(&field)))
    }

    /// `${x/p/r}`
    pub(super) fn replaced(
        &mut self,
        got: Got,
        mode: ReplaceMode,
        pattern: &Pattern,
        replacement: Option<&Word>,
    ) -> Expanded<Got> {
        let extglob = self.shell.options.has(Opt::ExtGlob);
        let pattern = self.pattern(pattern, extglob)?;
        let replacement = match replacement {
            Some(word) => self.replacement(word)?,
            None => Replacement { pieces: vec![Str::EMPTY] },
        };
        let anchored = matches!(mode, ReplaceMode::Prefix | ReplaceMode::Suffix);
        if pattern.literal().is_some_and(<[u8]>::is_empty) && !anchored {
            return Ok(got);
        }
        let cancel = self.shell.cancel.clone();
        let limit = self.shell.budget.limits().memory_bytes;
        let reaches_nothing = pattern.starts_with_any();
        self.mapped(got, &mut |value| {
            // Bash tries an empty value only with a pattern that begins with `*`.
            if value.is_empty() && !reaches_nothing && mode != ReplaceMode::Suffix {
                return Ok(Cow::Borrowed(value));
            }
            let on = pattern.on(value).until(&cancel);
            let whole = replace(&on, value, mode, &replacement, limit);
            whole.map_or(Ok(Cow::Borrowed(value)), |text| Ok(Cow::Owned(text)))
        })
    }

    fn replacement(&mut self, word: &Word) -> Expanded<Replacement> {
        if !self.shell.options.has(Opt::PatsubReplacement) {
            return Ok(Replacement { pieces: vec![self.single(word)?] });
        }
        let field = self.single_field(word, Quoting::None)?;
        let mut pieces = vec![Vec::new()];
        for (piece, active) in field.pieces() {
            let mut bytes = piece.iter();
            while let Some(&byte) = bytes.next() {
                let next = bytes.as_slice().first().copied();
                match (byte, next) {
                    (b'&', _) if active => pieces.push(Vec::new()),
                    (b'\\', Some(escaped @ (b'&' | b'\\'))) if active => {
                        bytes.next();
                        pieces.last_mut().into_iter().for_each(|text| text.push(escaped));
                    }
                    _ => pieces.last_mut().into_iter().for_each(|text| text.push(byte)),
                }
            }
        }
        Ok(Replacement { pieces: pieces.into_iter().map(Str::from).collect() })
    }

    /// `${x^p}` and the like.
    pub(super) fn recased(
        &mut self,
        got: Got,
        mode: CaseMode,
        all: bool,
        pattern: Option<&Pattern>,
    ) -> Expanded<Got> {
        let extglob = self.shell.options.has(Opt::ExtGlob);
        let pattern = match pattern {
            Some(pattern) if !pattern.word.parts.is_empty() => {
                Some(self.pattern(pattern, extglob)?)
            }
            _ => None,
        };
        let bytes = self.shell.counts_bytes();
        self.mapped(got, &mut |value| {
            use bstr::ByteSlice;
            let mut out = Vec::with_capacity(value.len());
            if bytes && !value.is_ascii() {
                recased_bytes(value, mode, all, pattern.as_deref(), &mut out);
                return Ok(Cow::Owned(out));
            }
            for (at, (start, end, letter)) in value.char_indices().enumerate() {
                let raw = value.get(start..end).unwrap_or_default();
                let fits = |pattern: &Ready<'_>| pattern.is_match(raw);
                if (at > 0 && !all) || !pattern.as_ref().is_none_or(fits) {
                    out.extend_from_slice(raw);
                    continue;
                }
                let upper = match mode {
                    CaseMode::Upper => true,
                    CaseMode::Lower => false,
                    CaseMode::Toggle => !letter.is_uppercase(),
                };
                super::case::push(letter, raw, upper, &mut out);
            }
            Ok(Cow::Owned(out))
        })
    }
}

/// As `recased` where a character is a byte: only ASCII has case.
fn recased_bytes(
    value: &[u8],
    mode: CaseMode,
    all: bool,
    pattern: Option<&Compiled>,
    out: &mut Vec<u8>,
) {
    for (at, byte) in value.iter().enumerate() {
        let fits = (at == 0 || all) && pattern.is_none_or(|p| p.is_match(&[*byte]));
        out.push(match mode {
            _ if !fits => *byte,
            CaseMode::Upper => byte.to_ascii_uppercase(),
            CaseMode::Lower => byte.to_ascii_lowercase(),
            CaseMode::Toggle if byte.is_ascii_uppercase() => byte.to_ascii_lowercase(),
            CaseMode::Toggle => byte.to_ascii_uppercase(),
        });
    }
}

/// A replacement: the match stands between each two pieces.
struct Replacement {
    pieces: Vec<Str>,
}

impl Replacement {
    fn push(&self, matched: &[u8], out: &mut Vec<u8>) {
        for (at, piece) in self.pieces.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(matched);
            }
            out.extend_from_slice(piece);
        }
    }
}

/// The text with its matches replaced; `None` if there are none. Stops growing past `limit`, which
/// the budget then refuses.
fn replace(
    on: &Matcher<'_>,
    text: &[u8],
    mode: ReplaceMode,
    replacement: &Replacement,
    limit: u64,
) -> Option<Vec<u8>> {
    let range = match mode {
        ReplaceMode::Prefix => 0..on.prefix(Reach::Longest)?,
        ReplaceMode::Suffix => on.suffix(Reach::Longest)?..text.len(),
        ReplaceMode::First => on.find(0)?,
        ReplaceMode::All => return replace_all(on, text, replacement, limit),
    };
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let mut out = part(0..range.start).to_vec();
    replacement.push(part(range.clone()), &mut out);
    out.extend_from_slice(part(range.end..text.len()));
    Some(out)
}

fn replace_all(
    on: &Matcher<'_>,
    text: &[u8],
    replacement: &Replacement,
    limit: u64,
) -> Option<Vec<u8>> {
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let mut found = on.find(0)?;
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    loop {
        out.extend_from_slice(part(at..found.start));
        replacement.push(part(found.clone()), &mut out);
        at = found.end;
        if found.is_empty() {
            // Nothing was matched: go one character on.
            let (_, size) = bstr::decode_utf8(part(at..text.len()));
            out.extend_from_slice(part(at..at + size.max(1)));
            at += size.max(1);
        }
        if at >= text.len() || out.len() as u64 > limit {
            break;
        }
        match on.find(at) {
            Some(next) if next.start < text.len() => found = next,
            _ => {
                out.extend_from_slice(part(at..text.len()));
                break;
            }
        }
    }
    Some(out)
}

/// A regular expression in which what was quoted stands for itself.
fn regex_of(field: &Field) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.bytes.len() + 8);
    if field.pieces().all(|(_, active)| active) {
        field.pieces().for_each(|(piece, _)| text.extend_from_slice(piece));
        return text;
    }
    let all = |(piece, active): (_, bool)| <[u8]>::iter(piece).map(move |byte| (*byte, !active));
    let letters: Vec<Letter> = field.pieces().flat_map(all).collect();
    let mut closes = true;
    let mut at = 0;
    while let Some(&(byte, quoted)) = letters.get(at) {
        if (byte, quoted) == (b'[', false) && closes {
            if let Some(end) = bracket_end(&letters, at) {
                text.extend(letters.get(at..end).unwrap_or_default().iter().map(|letter| letter.0));
                at = end;
                continue;
            }
            closes = false;
        }
        if quoted && b"\\.[()*+?{|^$".contains(&byte) {
            text.push(b'\\');
        }
        text.push(byte);
        at += 1;
    }
    text
}

/// A byte of an expression, and whether it was quoted.
type Letter = (u8, bool);

/// Where bash takes a bracket expression to end, whose `[` is at `at`. It takes what follows a `]` at
/// the beginning for one of the characters, even if that is a `]` too.
fn bracket_end(letters: &[Letter], at: usize) -> Option<usize> {
    let is = |at: usize, byte: u8| letters.get(at) == Some(&(byte, false));
    let mut end = at + 1;
    end += usize::from(is(end, b'^'));
    end += usize::from(is(end, b']'));
    let mut unclosed = Vec::new();
    let first = end;
    while end == first || !is(end, b']') {
        letters.get(end)?;
        if is(end, b'[')
            && let Some(kind @ &(b':' | b'=' | b'.', false)) = letters.get(end + 1)
            && !unclosed.contains(kind)
        {
            let inside = letters.get(end + 2..).unwrap_or_default();
            match inside.windows(2).position(|pair| pair == [*kind, (b']', false)]) {
                Some(length) => end += length + 3,
                None => unclosed.push(*kind),
            }
        }
        end += 1;
    }
    Some(end + 1)
}
