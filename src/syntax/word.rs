//! Takes the raw text of words apart: quotes, expansions, tildes, braces.

pub(super) mod ansi_c;
mod arithmetic;
mod brace;
mod cut;
mod param;
mod subscript;
mod tilde;

pub use ansi_c::decode as decode_ansi_c;
pub use tilde::recognise_tilde;

use super::ast::{ArrayElement, BadPart, ParamName, Pattern, Word, WordFlags, WordPart, WordText};
use super::ast::{AssignValue, Assignment, Subscript};
use super::error::ParseError;
use super::options::ParseEnv;
use super::reader::{Parsed, Reader, text, word_text};
use super::scan::{Mark, RawWord};
use super::symbol::{Interner, Symbol};
use super::token::{Place, identifier_len};
use super::tree::WORD_BYTES;
use cut::Cutter;
use std::ops::Range;

/// What a word is for, as far as that changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordRole {
    /// A command word, an argument, a word of `for`, the target of a redirection: braces, tildes.
    Argument,
    /// An element of an array: as an argument, but nothing in it looks like an assignment.
    Element,
    /// A tilde at its beginning: the word of `case`, of `[[`, of `<<<`, a pattern.
    Plain,
    /// The right side of an assignment: a tilde at its beginning and after each `:`.
    Value,
}

/// Which text is read as if it stood between double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    HereDoc,
    /// A prompt, `${x@P}`: a bad substitution is only an error when it is expanded.
    Prompt,
}

impl Reader<'_, '_> {
    /// The word that `raw` is.
    pub fn word(&mut self, raw: &RawWord, role: WordRole) -> Parsed<Word> {
        let mut word = self.cut(raw, 0..raw.text.len(), role)?;
        word.text = word_text(raw);
        Ok(word)
    }

    /// The word that the bytes `range` of `raw` are, without its own text.
    pub fn cut(&mut self, raw: &RawWord, range: Range<usize>, role: WordRole) -> Parsed<Word> {
        self.grow(WORD_BYTES + 2 * range.len())?;
        let bytes = raw.text.get(range.clone()).unwrap_or_default();
        let argument = matches!(role, WordRole::Argument | WordRole::Element);
        if raw.plain && argument && !bytes.iter().any(|byte| is_active(*byte)) {
            let part = WordPart::Literal(text(bytes));
            return Ok(Word {
                parts: Box::new([part]),
                flags: WordFlags::CONST,
                text: WordText::default(),
            });
        }
        let mut parts = Cutter::new(self, &raw.text, &raw.marks).unquoted(range.clone())?;
        let mut looks = WordFlags::default();
        if argument {
            if role == WordRole::Argument && raw.assignment_name_len().is_some() {
                looks |= WordFlags::ASSIGNMENT;
            }
            parts = brace::expand(self, parts)?;
        }
        if !parts.iter().any(|part| matches!(part, WordPart::Brace(_))) {
            tilde::split(&mut parts, tilde::places(role, looks.has(WordFlags::ASSIGNMENT)));
        }
        let flags = cut::flags_of(&parts) | looks;
        Ok(Word { parts: parts.into(), flags, text: WordText::default() })
    }

    pub fn pattern(&mut self, raw: &RawWord) -> Parsed<Pattern> {
        Ok(Pattern { word: self.word(raw, WordRole::Plain)?, ..Pattern::default() })
    }

    /// All of the input as the inside of a double-quoted word.
    pub fn body_word(&mut self, kind: BodyKind) -> Parsed<Word> {
        let mut raw = self.scan_body()?;
        if kind == BodyKind::Prompt {
            self.drop_added_newline(&mut raw);
        }
        let parts = Cutter::new(self, &raw.text, &raw.marks).body(0..raw.text.len(), kind)?;
        Ok(quoted_parts(parts))
    }

    /// `name=value` and the like, if `raw` is one: its value isn't an array.
    pub fn assignment(&mut self, raw: &RawWord) -> Parsed<Option<Assignment>> {
        let Some(name_end) = raw.assignment_name_len() else { return Ok(None) };
        let (name, subscript) = self.reference(raw, 0..name_end)?;
        let append = raw.text.get(name_end) == Some(&b'+');
        let from = name_end + if append { 2 } else { 1 };
        let value = AssignValue::Scalar(self.cut(raw, from..raw.text.len(), WordRole::Value)?);
        Ok(Some(Assignment { name, subscript, append, value, text: word_text(raw) }))
    }

    /// `name` or `name[sub]`, which the bytes `range` of `raw` are known to be.
    pub fn reference(
        &mut self,
        raw: &RawWord,
        range: Range<usize>,
    ) -> Parsed<(Symbol, Option<Box<Subscript>>)> {
        let bytes = raw.text.get(range.clone()).unwrap_or_default();
        let len = identifier_len(bytes);
        let symbol = self.symbol(bytes.get(..len).unwrap_or_default())?;
        if len == bytes.len() {
            return Ok((symbol, None));
        }
        let inside = range.start + len + 1..range.end.saturating_sub(1);
        let subscript = Cutter::new(self, &raw.text, &raw.marks).subscript(inside)?;
        Ok((symbol, Some(Box::new(subscript))))
    }

    /// An element of `a=(…)`.
    pub fn element(&mut self, raw: &RawWord) -> Parsed<ArrayElement> {
        if raw.text.first() == Some(&b'[')
            && let Some(end) = subscript_end(&raw.text, &raw.marks, 0)
        {
            let rest = raw.text.get(end..).unwrap_or_default();
            let append = rest.starts_with(b"+=");
            if append || rest.starts_with(b"=") {
                let whole = self.cut(raw, 0..raw.text.len(), WordRole::Element)?;
                let key = Cutter::new(self, &raw.text, &raw.marks).subscript(1..end - 1)?;
                let from = end + if append { 2 } else { 1 };
                let value = self.cut(raw, from..raw.text.len(), WordRole::Value)?;
                return Ok(ArrayElement {
                    key: Some(Box::new(key)),
                    append,
                    value,
                    braces: whole.flags.has(WordFlags::BRACE).then(|| Box::new(whole)),
                    text: word_text(raw),
                });
            }
        }
        let value = self.cut(raw, 0..raw.text.len(), WordRole::Element)?;
        let text = word_text(raw);
        Ok(ArrayElement { key: None, append: false, value, braces: None, text })
    }

    /// The elements up to `)`, the parenthesis being taken, and the text of all with parentheses.
    pub fn elements(&mut self) -> Parsed<(Box<[ArrayElement]>, RawWord)> {
        let mut elements = Vec::new();
        let mut all = RawWord { text: b"(".to_vec(), ..RawWord::default() };
        let line = self.input.number;
        loop {
            match self.take(Place::Element)? {
                super::token::Token::Newline => {}
                super::token::Token::Op(super::token::Op::Close) => break,
                super::token::Token::Word(raw) => {
                    elements.push(self.element(&raw)?);
                    if all.text.len() > 1 {
                        all.text.push(b' ');
                    }
                    all.append(raw);
                }
                super::token::Token::End => {
                    return Err(self.unmatched(b')', super::error::Open::Parenthesis, line));
                }
                token => return Err(self.unexpected(&token)),
            }
        }
        all.text.push(b')');
        Ok((elements.into(), all))
    }
}

/// Bytes that a word without quotes can hold and that mean something.
fn is_active(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'{' | b'~' | b'=')
}

fn quoted_parts(parts: Vec<WordPart>) -> Word {
    let flags = cut::flags_of(&parts);
    Word { parts: parts.into(), flags, text: WordText::default() }
}

/// A word that is `value` and nothing else, quoted.
pub(super) fn quoted_word(value: &[u8]) -> Word {
    quoted_parts(vec![WordPart::Quoted(text(value))])
}

/// A word that can't be expanded because of `error`.
pub(super) fn bad_word(body: &[u8], error: ParseError) -> Word {
    quoted_parts(vec![WordPart::Bad(Box::new(BadPart::Syntax {
        text: text(body),
        error: Box::new(error),
    }))])
}

/// Where the subscript that begins at `at` ends: after its `]`.
pub(super) fn subscript_end(bytes: &[u8], marks: &[Mark], at: usize) -> Option<usize> {
    let mut level = 0u32;
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        if let Some(mark) = mark_at(marks, at) {
            at = mark.end.max(at + 1);
            continue;
        }
        match byte {
            b'\\' => at += 1,
            b'\'' => at = skip_single(bytes, at)?,
            b'"' => at = skip_double(bytes, marks, at)?,
            b'[' => level += 1,
            b']' => {
                level = level.saturating_sub(1);
                if level == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The index of the quote that ends the one at `at`.
fn skip_single(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at + 1..)?;
    Some(at + 1 + memchr::memchr(b'\'', rest)?)
}

fn skip_double(bytes: &[u8], marks: &[Mark], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        if let Some(mark) = mark_at(marks, at) {
            at = mark.end.max(at + 1);
            continue;
        }
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

pub(super) fn mark_at(marks: &[Mark], at: usize) -> Option<&Mark> {
    let index = marks.binary_search_by_key(&at, |mark| mark.at).ok()?;
    marks.get(index)
}

impl RawWord {
    /// Adds `other` behind.
    pub fn append(&mut self, other: Self) {
        let shift = self.text.len();
        self.text.extend_from_slice(&other.text);
        self.marks.extend(other.marks.into_iter().map(|mark| Mark {
            at: mark.at + shift,
            end: mark.end + shift,
            kind: mark.kind,
        }));
    }
}

/// Reads `body` as the inside of a double-quoted word, whose first line has the number `line`.
///
/// # Errors
/// When a bracket or quote in it isn't closed, or a `$(…)` in it doesn't parse.
pub fn parse_double_quoted(
    body: &[u8],
    line: u32,
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<Word, ParseError> {
    with_reader(body, line, env, interner, |reader| reader.body_word(BodyKind::Prompt))
}

/// Reads `text` as the value of an array, with its parentheses: `(1 [3]=x "y z")`.
///
/// # Errors
/// When it doesn't parse or doesn't end with its parenthesis.
pub fn parse_array(
    text: &[u8],
    line: u32,
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<Box<[ArrayElement]>, ParseError> {
    with_reader(text, line, env, interner, |reader| {
        let open = reader.take(Place::Element)?;
        if !open.is_op(super::token::Op::Open) {
            return Err(reader.unexpected(&open));
        }
        let (elements, _) = reader.elements()?;
        match reader.take(Place::Element)? {
            super::token::Token::End => Ok(elements),
            token => Err(reader.unexpected(&token)),
        }
    })
}

/// Reads `text` as `name` or `name[sub]`; `None` if it is neither.
///
/// # Errors
/// When the subscript doesn't parse.
pub fn parse_reference(
    text: &[u8],
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<Option<(Symbol, Option<Box<Subscript>>)>, ParseError> {
    let name = identifier_len(text);
    if name == 0 {
        return Ok(None);
    }
    if name == text.len() {
        // Most names are known; a reader is for those that are new, and for the one that it watches.
        if text != b"BASH_COMMAND"
            && let Some(symbol) = interner.get(text)
        {
            return Ok(Some((symbol, None)));
        }
        return with_reader(b"", 1, env, interner, |reader| Ok(Some((reader.symbol(text)?, None))));
    }
    with_reader(text, 1, env, interner, |reader| {
        let raw = reader.scan_loosely()?;
        match subscript_end(&raw.text, &raw.marks, name) {
            Some(end) if end == raw.text.len() && raw.text.get(name) == Some(&b'[') => {
                reader.reference(&raw, 0..end).map(Some)
            }
            _ => Ok(None),
        }
    })
}

/// Reads `text` as what stands between the brackets of a subscript.
///
/// # Errors
/// When a bracket or quote in it isn't closed, or a `$(…)` in it doesn't parse.
pub fn parse_subscript(
    text: &[u8],
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<Subscript, ParseError> {
    with_reader(text, 1, env, interner, |reader| {
        let raw = reader.scan_loosely()?;
        Cutter::new(reader, &raw.text, &raw.marks).subscript(0..raw.text.len())
    })
}

/// Reads `text` as one whole word: blanks and operators in it are text.
///
/// # Errors
/// When a bracket or quote in it isn't closed, or a `$(…)` in it doesn't parse.
pub fn parse_word(
    text: &[u8],
    line: u32,
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<Word, ParseError> {
    with_reader(text, line, env, interner, |reader| {
        let raw = reader.scan_loosely()?;
        reader.word(&raw, WordRole::Plain)
    })
}

/// Reads the expression that `text` is where arithmetic is expanded: `$((text))`.
///
/// # Errors
/// When a bracket or quote in it isn't closed, or a `$(…)` in it doesn't parse.
pub fn parse_arithmetic(
    text: &[u8],
    line: u32,
    env: ParseEnv<'_>,
    interner: &Interner,
) -> Result<super::ast::ArithExpr, ParseError> {
    with_reader(text, line, env, interner, |reader| {
        let raw = reader.scan_loosely()?;
        reader.arithmetic(&raw, 0..raw.text.len())
    })
}

fn with_reader<T>(
    text: &[u8],
    line: u32,
    env: ParseEnv<'_>,
    interner: &Interner,
    read: impl FnOnce(&mut Reader<'_, '_>) -> Parsed<T>,
) -> Parsed<T> {
    let mut input =
        super::input::Input::new(Box::new(super::input::Lines::new(text)), line.saturating_sub(1));
    let mut warnings = Vec::new();
    read(&mut Reader::new(&mut input, env, interner, &mut warnings, 0))
}

impl Reader<'_, '_> {
    /// All of the input as one word, whatever is in it.
    fn scan_loosely(&mut self) -> Parsed<RawWord> {
        let mut raw = RawWord::default();
        let special = |byte| matches!(byte, b'\\' | b'\'' | b'"' | b'`' | b'$' | b'<' | b'>');
        while let Some(byte) = self.copy_until(&mut raw, special) {
            match byte {
                b'\\' => self.copy_escape(&mut raw),
                b'\'' => self.scan_single(&mut raw)?,
                b'"' => self.scan_double(&mut raw)?,
                b'`' => self.scan_backtick(&mut raw)?,
                b'$' => self.scan_dollar(&mut raw, super::scan::Quoting::None)?,
                _ if self.after_bump() == Some(b'(') => self.scan_process(&mut raw)?,
                byte => {
                    self.input.bump();
                    raw.text.push(byte);
                }
            }
        }
        self.drop_added_newline(&mut raw);
        Ok(raw)
    }

    /// The last line is read with a newline; one that the text itself lacks is no part of it.
    fn drop_added_newline(&self, raw: &mut RawWord) {
        if self.input.completed && raw.text.last() == Some(&b'\n') {
            raw.text.pop();
        }
    }
}

/// The parameter that the byte is after a `$`, if it is a special one.
pub(super) fn special_parameter(byte: u8) -> Option<ParamName> {
    Some(match byte {
        b'@' => ParamName::At,
        b'*' => ParamName::Star,
        b'#' => ParamName::Count,
        b'?' => ParamName::Status,
        b'-' => ParamName::Flags,
        b'$' => ParamName::Pid,
        b'!' => ParamName::LastBackground,
        b'0' => ParamName::Zero,
        b'1'..=b'9' => ParamName::Positional(u32::from(byte - b'0')),
        _ => return None,
    })
}

/// A subscript that has neither quotes nor expansions.
pub(super) fn literal_subscript(inside: &[u8], interner: &Interner) -> Subscript {
    subscript::literal(inside, interner)
}

pub(super) use subscript::of_parts as subscript_of_parts;
