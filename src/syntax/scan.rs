//! Finds where words, quotes and expansions end, as bash's lexer does, and keeps their raw text.
//!
//! Raw text is what bash would print: line continuations are gone, `$'…'` has become `'…'`, and a
//! command substitution, which is parsed on the way, leaves `$()` behind and its commands in a
//! [`Mark`]. `word` takes the text apart; every bracket in it is known to match by then.

mod lines;
mod matched;

use super::ast::{List, ProcessDirection, Text};
use super::error::{Open, ParseError, ParseErrorKind, Verdict};
use super::lexeme::LexemeKind;
use super::reader::{Parsed, Reader, text};
use super::token::{Place, identifier_len};
use super::word::ansi_c;
use std::sync::Arc;

/// The text of a word before it is taken apart.
#[derive(Debug, Default)]
pub(super) struct RawWord {
    pub text: Vec<u8>,
    /// In the order of `at`.
    pub marks: Vec<Mark>,
    /// No quotes, no expansions: it may be a reserved word, an alias, an operand of `[[`.
    pub plain: bool,
}

/// An expansion in a raw text, from its first byte (`$`, `` ` ``, `<`) to after its last.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub at: usize,
    pub end: usize,
    pub kind: MarkKind,
}

#[derive(Debug, Clone)]
pub(super) enum MarkKind {
    /// `$()`
    Command { list: Arc<List>, line: u32 },
    /// `<()` or `>()`
    Process { direction: ProcessDirection, list: Arc<List>, line: u32 },
    /// `` `…` ``
    Backtick,
    /// `$((…)…)`, which bash takes for arithmetic until it runs: the line it ends in.
    Doubled { line: u32 },
    /// `${…}`
    Brace,
    /// `$((…))`
    Arith,
    /// `$[…]`
    Bracket,
}

impl RawWord {
    /// The text with the commands in it, for a message.
    pub fn printed(&self) -> Text {
        if self.marks.is_empty() {
            return text(&self.text);
        }
        super::print::text_of(&super::reader::word_text(self))
    }

    /// Whether an assignment could have this as its name: `name` or `name[sub]` before `=` or `+=`.
    pub fn assignment_name_len(&self) -> Option<usize> {
        let name = identifier_len(&self.text);
        if name == 0 {
            return None;
        }
        let mut at = name;
        if self.text.get(at) == Some(&b'[') {
            at = super::word::subscript_end(&self.text, &self.marks, at)?;
        }
        match self.text.get(at..) {
            Some([b'=', ..] | [b'+', b'=', ..]) => Some(at),
            _ => None,
        }
    }
}

/// Bytes that say nothing about the structure of an unquoted word.
const PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let special = b" \t\n|&;()<>\\'\"`$[?*+@!";
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = false;
        at += 1;
    }
    table
};

impl Reader<'_, '_> {
    /// A word; the input stands at its first byte.
    pub fn scan_word(&mut self, place: Place) -> Parsed<RawWord> {
        let mut raw = RawWord { plain: true, ..RawWord::default() };
        let extglob = self.options().extglob || place == Place::ConditionPattern;
        let assignable = matches!(place, Place::Command | Place::Prefix);
        loop {
            let rest = self.input.rest();
            let run = rest.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(rest.len());
            if run > 0 {
                raw.text.extend_from_slice(rest.get(..run).unwrap_or_default());
                self.input.advance(run);
            }
            let Some(byte) = self.input.peek() else { break };
            match byte {
                b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'(' | b')' => break,
                b'<' | b'>' => {
                    if self.after_bump() != Some(b'(') {
                        break;
                    }
                    raw.plain = false;
                    self.scan_process(&mut raw)?;
                }
                b'\\' => self.scan_backslash(&mut raw),
                b'\'' => {
                    raw.plain = false;
                    self.scan_single(&mut raw)?;
                }
                b'"' => {
                    raw.plain = false;
                    self.scan_double(&mut raw)?;
                }
                b'`' => {
                    raw.plain = false;
                    self.scan_backtick(&mut raw)?;
                }
                b'$' => {
                    raw.plain = false;
                    self.scan_dollar(&mut raw, Quoting::None)?;
                }
                b'[' if (assignable && is_name(&raw.text))
                    || (place == Place::Element && raw.text.is_empty()) =>
                {
                    self.input.bump();
                    raw.text.push(b'[');
                    self.scan_matched(&mut raw, b'[', b']', Open::Bracket)?;
                }
                b'?' | b'*' | b'+' | b'@' | b'!' if extglob && self.after_bump() == Some(b'(') => {
                    raw.plain = false;
                    self.input.bump();
                    self.input.skip_continuations();
                    self.input.bump();
                    raw.text.extend_from_slice(&[byte, b'(']);
                    self.scan_matched(&mut raw, b'(', b')', Open::Parenthesis)?;
                }
                _ => {
                    self.input.bump();
                    raw.text.push(byte);
                }
            }
        }
        Ok(raw)
    }

    fn scan_backslash(&mut self, raw: &mut RawWord) {
        if self.input.second() == Some(b'\n') {
            self.input.advance(2);
            return;
        }
        raw.plain = false;
        self.input.bump();
        raw.text.push(b'\\');
        // The last byte of a text stands for itself.
        raw.text.push(self.input.next().unwrap_or(b'\\'));
    }

    /// `'…'`, the input being at the first quote.
    pub fn scan_single(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let start = self.input.offset();
        let outer = std::mem::replace(&mut self.input.verbatim, true);
        let result = self.scan_single_inside(raw);
        self.input.verbatim = outer;
        self.input.note(start, LexemeKind::String);
        result
    }

    fn scan_single_inside(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let line = self.input.number;
        self.input.bump();
        raw.text.push(b'\'');
        loop {
            if self.input.peek().is_none() {
                return Err(self.unmatched(b'\'', Open::SingleQuote, line));
            }
            let rest = self.input.rest();
            let end = memchr::memchr(b'\'', rest);
            let count = end.map_or(rest.len(), |end| end + 1);
            raw.text.extend_from_slice(rest.get(..count).unwrap_or_default());
            self.input.advance(count);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// `"…"`, the input being at the first quote.
    pub fn scan_double(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let start = self.input.offset();
        let outer = std::mem::replace(&mut self.input.verbatim, true);
        let result = self.scan_double_inside(raw);
        self.input.verbatim = outer;
        self.input.note(start, LexemeKind::String);
        result
    }

    fn scan_double_inside(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let line = self.input.number;
        self.input.bump();
        raw.text.push(b'"');
        loop {
            let Some(byte) =
                self.copy_until(raw, |byte| matches!(byte, b'"' | b'\\' | b'$' | b'`'))
            else {
                return Err(self.unmatched(b'"', Open::DoubleQuote, line));
            };
            match byte {
                b'"' => {
                    self.input.bump();
                    raw.text.push(b'"');
                    return Ok(());
                }
                b'\\' => self.copy_escape(raw),
                b'$' => self.scan_dollar(raw, Quoting::Double)?,
                _ => self.scan_backtick(raw)?,
            }
        }
    }

    /// The body of a here-document or a prompt: all the input, as if between double quotes.
    pub fn scan_body(&mut self) -> Parsed<RawWord> {
        self.scan_text(Quoting::Body)
    }

    /// All of the input, in which `'` and `"` are text.
    pub fn scan_text(&mut self, quoting: Quoting) -> Parsed<RawWord> {
        let mut raw = RawWord::default();
        while let Some(byte) = self.copy_until(&mut raw, |byte| matches!(byte, b'\\' | b'$' | b'`'))
        {
            match byte {
                b'\\' => self.copy_escape(&mut raw),
                b'$' => self.scan_dollar(&mut raw, quoting)?,
                _ => self.scan_backtick(&mut raw)?,
            }
        }
        Ok(raw)
    }

    /// Copies bytes up to one that `stops`, over lines; `None` at the end of the input.
    pub fn copy_until(&mut self, raw: &mut RawWord, stops: impl Fn(u8) -> bool) -> Option<u8> {
        loop {
            self.input.peek()?;
            let rest = self.input.rest();
            let stop = rest.iter().position(|byte| stops(*byte));
            let count = stop.unwrap_or(rest.len());
            raw.text.extend_from_slice(rest.get(..count).unwrap_or_default());
            self.input.advance(count);
            if stop.is_some() {
                return self.input.peek();
            }
        }
    }

    /// A backslash and what it escapes, which stays; a line continuation goes.
    pub fn copy_escape(&mut self, raw: &mut RawWord) {
        if self.input.second() == Some(b'\n') {
            self.input.advance(2);
            return;
        }
        self.input.bump();
        raw.text.push(b'\\');
        if let Some(next) = self.input.next() {
            raw.text.push(next);
        }
    }

    /// `` `…` ``, the input being at the first one.
    pub fn scan_backtick(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let line = self.input.number;
        let start = self.input.offset();
        let at = raw.text.len();
        self.input.bump();
        raw.text.push(b'`');
        loop {
            match self.copy_until(raw, |byte| matches!(byte, b'`' | b'\\')) {
                None => {
                    self.input.note(start, LexemeKind::Expansion);
                    return Err(self.unmatched(b'`', Open::Backtick, line));
                }
                Some(b'\\') => self.copy_escape(raw),
                Some(_) => break,
            }
        }
        self.input.bump();
        raw.text.push(b'`');
        self.input.note(start, LexemeKind::Expansion);
        let kind = MarkKind::Backtick;
        raw.marks.push(Mark { at, end: raw.text.len(), kind });
        Ok(())
    }

    /// `$` and what belongs to it.
    pub fn scan_dollar(&mut self, raw: &mut RawWord, quoting: Quoting) -> Parsed<()> {
        let start = self.input.offset();
        self.input.bump();
        let at = raw.text.len();
        match self.input.peek_joined() {
            Some(b'(') => {
                self.input.bump();
                self.input.note(start, LexemeKind::Expansion);
                let line = self.input.number;
                let doubled = self.input.peek_joined() == Some(b'(');
                if doubled {
                    let scanned = if self.closes_as_arithmetic()? {
                        self.scan_arithmetic(raw, at, line)
                    } else {
                        self.scan_commands_as_text(raw, at)
                    };
                    self.input.note(start, LexemeKind::Expansion);
                    return scanned;
                }
                let (list, line) = self.scan_commands().map_err(wrong_inside)?;
                raw.text.extend_from_slice(b"$()");
                let kind = MarkKind::Command { list, line };
                raw.marks.push(Mark { at, end: raw.text.len(), kind });
            }
            Some(b'{') => {
                let scanned = self.scan_brace(raw, at, quoting);
                self.input.note(start, LexemeKind::Expansion);
                scanned?;
            }
            Some(b'[') => {
                self.input.bump();
                raw.text.extend_from_slice(b"$[");
                let mark = raw.open_mark(at, MarkKind::Bracket);
                self.scan_matched(raw, b'[', b']', Open::Bracket)?;
                raw.close_mark(mark);
                self.input.note(start, LexemeKind::Expansion);
            }
            Some(b'\'') if matches!(quoting, Quoting::None | Quoting::DoubleOperand) => {
                let scanned = self.scan_ansi(raw, quoting);
                self.input.note(start, LexemeKind::String);
                scanned?;
            }
            // A string to translate: there is no catalogue.
            Some(b'"') if matches!(quoting, Quoting::None | Quoting::DoubleOperand) => {
                self.scan_double(raw)?
            }
            Some(b'$') => {
                self.input.bump();
                raw.text.extend_from_slice(b"$$");
                self.input.note(start, LexemeKind::Expansion);
            }
            next => {
                raw.text.push(b'$');
                let special = next.is_some_and(|byte| b"0123456789?!#@*-".contains(&byte));
                let name = identifier_len(self.input.rest()).max(usize::from(special));
                if name > 0 {
                    self.input.note_span(start, start + 1 + name, LexemeKind::Expansion);
                }
            }
        }
        Ok(())
    }

    /// `$'…'`, the input being at the quote: what it stands for, in single quotes.
    pub fn scan_ansi(&mut self, raw: &mut RawWord, quoting: Quoting) -> Parsed<()> {
        let line = self.input.number;
        self.input.bump();
        let mut inside = RawWord::default();
        loop {
            match self.copy_until(&mut inside, |byte| matches!(byte, b'\'' | b'\\')) {
                None => return Err(self.unmatched(b'\'', Open::SingleQuote, line)),
                Some(b'\\') => {
                    self.input.bump();
                    inside.text.push(b'\\');
                    if let Some(next) = self.input.next() {
                        inside.text.push(next);
                    }
                }
                Some(_) => break,
            }
        }
        self.input.bump();
        let value = ansi_c::decode(&inside.text);
        if quoting == Quoting::DoubleOperand {
            raw.text.extend_from_slice(&value);
        } else {
            ansi_c::push_single_quoted(&mut raw.text, &value);
        }
        Ok(())
    }

    /// `<(…)` or `>(…)`, the input being at its first byte.
    pub fn scan_process(&mut self, raw: &mut RawWord) -> Parsed<()> {
        let at = raw.text.len();
        let direction = match self.input.peek() {
            Some(b'<') => ProcessDirection::Read,
            _ => ProcessDirection::Write,
        };
        self.input.bump();
        self.input.skip_continuations();
        self.input.bump();
        let (list, line) = self.scan_commands().map_err(wrong_inside)?;
        raw.text.extend_from_slice(match direction {
            ProcessDirection::Read => b"<()",
            ProcessDirection::Write => b">()",
        });
        let kind = MarkKind::Process { direction, list, line };
        raw.marks.push(Mark { at, end: raw.text.len(), kind });
        Ok(())
    }
}

/// An error in the commands of a substitution ends more than the command around it.
fn wrong_inside(error: ParseError) -> ParseError {
    let ends = matches!(error.kind, ParseErrorKind::Unexpected(_) | ParseErrorKind::Cond(_));
    match error.verdict {
        Verdict::Wrong if ends => ParseError { verdict: Verdict::WrongInside, ..error },
        _ => error,
    }
}

impl RawWord {
    /// A mark whose end isn't known yet: [`Self::close_mark`] takes what this returns.
    pub fn open_mark(&mut self, at: usize, kind: MarkKind) -> usize {
        self.marks.push(Mark { at, end: usize::MAX, kind });
        self.marks.len() - 1
    }

    pub fn close_mark(&mut self, mark: usize) {
        let end = self.text.len();
        if let Some(mark) = self.marks.get_mut(mark) {
            mark.end = end;
        }
    }
}

/// What stands around a `$`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    None,
    /// Double quotes.
    Double,
    /// A here-document: `$'…'` doesn't count, wherever it stands.
    Body,
    /// An operand of `${…}` that is itself in double quotes, where `$'…'` still counts.
    DoubleOperand,
}

fn is_name(text: &[u8]) -> bool {
    !text.is_empty() && identifier_len(text) == text.len()
}
