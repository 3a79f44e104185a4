//! Brackets that must match: `${…}`, `$((…))`, subscripts, extended patterns, and `$(…)`.

use super::lines::count_from;
use super::{Mark, MarkKind, Quoting, RawWord};
use crate::syntax::ast::List;
use crate::syntax::error::{Open, ParseError, ParseErrorKind};
use crate::syntax::reader::{Parsed, Reader};
use crate::syntax::token::{Op, Place, Token};
use std::sync::Arc;

/// How far a `${…}` was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first byte of the name, which may be `#`, `!` or another special parameter.
    First,
    Name,
    /// After an operator whose operand is a word.
    Word,
    /// After an operator whose operand is a pattern, where single quotes quote even within double
    /// quotes.
    Pattern,
}

impl Reader<'_, '_> {
    /// Copies up to and including the `close` that matches an `open` already taken.
    pub fn scan_matched(
        &mut self,
        raw: &mut RawWord,
        open: u8,
        close: u8,
        what: Open,
    ) -> Parsed<()> {
        let line = self.input.number;
        self.scan_matched_from(raw, open, close, what, line, open == b'(')
    }

    /// The same; the opening byte stood in `line`. In arithmetic `<(` begins no substitution.
    fn scan_matched_from(
        &mut self,
        raw: &mut RawWord,
        open: u8,
        close: u8,
        what: Open,
        line: u32,
        processes: bool,
    ) -> Parsed<()> {
        let mut level = 1u32;
        loop {
            let special = |byte| {
                byte == open
                    || byte == close
                    || matches!(byte, b'\\' | b'\'' | b'"' | b'`' | b'$' | b'<' | b'>')
            };
            let Some(byte) = self.copy_until(raw, special) else {
                return Err(self.unmatched(close, what, line));
            };
            match byte {
                b'\\' => self.copy_escape(raw),
                b'\'' => self.scan_single(raw)?,
                b'"' => self.scan_double(raw)?,
                b'`' => self.scan_backtick(raw)?,
                b'$' => self.nested(|reader| reader.scan_dollar(raw, Quoting::None))?,
                b'<' | b'>' if processes && self.after_bump() == Some(b'(') => {
                    self.scan_process(raw)?
                }
                _ => {
                    self.input.bump();
                    raw.text.push(byte);
                    if byte == close {
                        level -= 1;
                        if level == 0 {
                            return Ok(());
                        }
                    } else if byte == open {
                        level += 1;
                    }
                }
            }
        }
    }

    /// `${…}`, the input being at the brace and the `$` already taken.
    pub fn scan_brace(&mut self, raw: &mut RawWord, at: usize, quoting: Quoting) -> Parsed<()> {
        self.nested(|reader| reader.scan_brace_inside(raw, at, quoting))
    }

    fn scan_brace_inside(&mut self, raw: &mut RawWord, at: usize, quoting: Quoting) -> Parsed<()> {
        let line = self.input.number;
        let quoted = quoting != Quoting::None;
        self.input.bump();
        raw.text.extend_from_slice(b"${");
        let mark = raw.open_mark(at, MarkKind::Brace);
        let mut stage = Stage::First;
        loop {
            let Some(byte) = self.input.peek() else {
                return Err(self.unmatched(b'}', Open::Brace, line));
            };
            let literal_quotes = quoted && stage != Stage::Pattern;
            let inner = match quoting {
                Quoting::Body => Quoting::Body,
                _ if literal_quotes => Quoting::DoubleOperand,
                _ => Quoting::None,
            };
            match byte {
                b'}' => {
                    self.input.bump();
                    raw.text.push(b'}');
                    raw.close_mark(mark);
                    return Ok(());
                }
                // Quotes count in a subscript, whatever is around.
                b'[' if stage == Stage::Name => {
                    self.input.bump();
                    raw.text.push(b'[');
                    self.scan_matched(raw, b'[', b']', Open::Bracket)?;
                }
                b'\\' => self.copy_escape(raw),
                b'\'' if !literal_quotes => self.scan_single(raw)?,
                b'\'' if !self.options().posix => self.scan_literal_quotes(raw, quoting)?,
                b'"' => self.scan_double(raw)?,
                b'`' => self.scan_backtick(raw)?,
                b'$' => self.scan_dollar(raw, inner)?,
                b'<' | b'>'
                    if !quoted && stage != Stage::Name && self.after_bump() == Some(b'(') =>
                {
                    self.scan_process(raw)?;
                }
                byte => {
                    self.input.bump();
                    raw.text.push(byte);
                    stage = match (stage, byte) {
                        (Stage::First, _) => Stage::Name,
                        (Stage::Name, b'#' | b'%' | b'^' | b',' | b'~' | b'/') => Stage::Pattern,
                        (Stage::Name, b':' | b'-' | b'=' | b'?' | b'+' | b'@') => Stage::Word,
                        (stage, _) => stage,
                    };
                    if matches!(stage, Stage::Word | Stage::Pattern) {
                        self.copy_plain_operand(raw);
                    }
                    continue;
                }
            }
            if stage == Stage::First {
                stage = Stage::Name;
            }
        }
    }

    /// `'…'` in an operand that is between double quotes: it hides what would end the operand, but
    /// its quotes are text and expansions in it are made.
    fn scan_literal_quotes(&mut self, raw: &mut RawWord, quoting: Quoting) -> Parsed<()> {
        let line = self.input.number;
        let mut quotes = RawWord::default();
        self.scan_single(&mut quotes)?;
        let inside = self.within(&quotes.text, line, |reader| reader.scan_text(quoting));
        raw.append(inside.unwrap_or(quotes));
        Ok(())
    }

    /// Takes what says nothing about the end of an operand.
    fn copy_plain_operand(&mut self, raw: &mut RawWord) {
        let rest = self.input.rest();
        let stops =
            |byte: &u8| matches!(byte, b'}' | b'\\' | b'\'' | b'"' | b'`' | b'$' | b'<' | b'>');
        let count = rest.iter().position(stops).unwrap_or(rest.len());
        raw.text.extend_from_slice(rest.get(..count).unwrap_or_default());
        self.input.advance(count);
    }

    /// `$((…))`, the input being at the second parenthesis.
    pub fn scan_arithmetic(&mut self, raw: &mut RawWord, at: usize, line: u32) -> Parsed<()> {
        self.input.bump();
        raw.text.extend_from_slice(b"$((");
        let mark = raw.open_mark(at, MarkKind::Arith);
        self.nested(|reader| reader.scan_double_parentheses(raw, line))?;
        raw.close_mark(mark);
        Ok(())
    }

    /// `$((…)…)`, the input being at the second parenthesis: what bash keeps of it is its text.
    pub fn scan_commands_as_text(&mut self, raw: &mut RawWord, at: usize) -> Parsed<()> {
        let mut inside = RawWord::default();
        self.nested(|reader| reader.scan_matched(&mut inside, b'(', b')', Open::Parenthesis))?;
        raw.text.extend_from_slice(b"$(");
        raw.text.extend_from_slice(&inside.printed());
        let kind = MarkKind::Doubled { line: self.input.number };
        raw.marks.push(Mark { at, end: raw.text.len(), kind });
        Ok(())
    }

    /// Copies up to and including the `))` that matches a `((` already taken, in `line`.
    pub fn scan_double_parentheses(&mut self, raw: &mut RawWord, line: u32) -> Parsed<()> {
        self.scan_matched_from(raw, b'(', b')', Open::Parenthesis, line, false)?;
        if self.input.peek_joined() == Some(b')') {
            self.input.bump();
            raw.text.push(b')');
            return Ok(());
        }
        // One parenthesis is too few; bash says nothing of it and takes it as the end of the input.
        let nothing = ParseErrorKind::Cond(Box::default());
        while self.input.peek_joined() == Some(b'\n') {
            self.input.bump();
        }
        let mut error = match self.input.peek_joined() {
            Some(_) => self.error(nothing),
            None => self.incomplete(nothing, Open::Parenthesis, line),
        };
        error.source_line = None;
        Err(error)
    }

    /// Whether `((`, whose second parenthesis comes next, ends in `))` that belong together. Else
    /// it is two nested subshells, or a substitution that begins with one.
    ///
    /// Only parentheses and quotes are looked at, without parsing what is inside: parsing it here
    /// and again afterwards would double the time at each level of nesting.
    pub fn closes_as_arithmetic(&mut self) -> Parsed<bool> {
        if self.input.looked_too_far() {
            return Err(self.error(ParseErrorKind::TooDeep));
        }
        let start = self.input.checkpoint();
        let arithmetic = self.skip_parentheses();
        self.input.rewind(start);
        Ok(arithmetic)
    }

    fn skip_parentheses(&mut self) -> bool {
        self.input.bump();
        let mut level = 1u32;
        while let Some(byte) = self.input.next() {
            match byte {
                b'(' => level += 1,
                b')' => {
                    level -= 1;
                    if level == 0 {
                        return self.input.peek_joined() == Some(b')');
                    }
                }
                b'\\' => {
                    self.input.next();
                }
                b'\'' => while self.input.next().is_some_and(|byte| byte != b'\'') {},
                b'"' | b'`' => {
                    while let Some(inner) = self.input.next()
                        && inner != byte
                    {
                        if inner == b'\\' {
                            self.input.next();
                        }
                    }
                }
                _ => {}
            }
        }
        // It never ends: the real reading says so.
        true
    }

    /// The commands of `$(…)`, the parenthesis being taken, and the line they begin in.
    pub fn scan_commands(&mut self) -> Parsed<(Arc<List>, u32)> {
        let line = self.input.number;
        let ahead = self.ahead.take();
        let command_line = self.command_line;
        let outer = std::mem::take(&mut self.pending);
        let condition = std::mem::take(&mut self.condition_start);
        let verbatim = std::mem::take(&mut self.input.verbatim);
        self.substitutions += 1;
        let list =
            self.nested(|reader| reader.closed_list()).map_err(|error| ended_early(self, error));
        self.substitutions -= 1;
        self.input.verbatim = verbatim;
        self.condition_start = condition;
        self.ahead = ahead;
        self.command_line = command_line;
        let inner = std::mem::replace(&mut self.pending, outer);
        let mut list = list?;
        if self.input.number > line {
            count_from(&mut list, self.input.number);
        }
        if !inner.is_empty() {
            let message = format!(
                "command substitution: {} unterminated here-document{}",
                inner.len(),
                if inner.len() == 1 { "" } else { "s" }
            );
            self.warn(self.input.number, message);
            self.pending.splice(0..0, inner);
        }
        Ok((Arc::new(list), line))
    }

    fn closed_list(&mut self) -> Parsed<List> {
        let list = self.list()?;
        match self.take(Place::Command)? {
            Token::Op(Op::Close) => Ok(list),
            token => Err(self.unexpected(&token)),
        }
    }
}

/// The end of the input inside of `$(` is a missing parenthesis.
fn ended_early(reader: &Reader<'_, '_>, error: ParseError) -> ParseError {
    if error.kind == ParseErrorKind::UnexpectedEnd {
        return reader.unmatched(b')', Open::Parenthesis, error.line);
    }
    error
}
