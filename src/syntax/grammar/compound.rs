//! Groups, subshells, `((…))`, `if`, `while`, `for` and `select`.

use crate::syntax::ast::{ArithFor, CommandKind, For, If, List, While, Word};
use crate::syntax::error::ParseErrorKind;
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::RawWord;
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;
use std::sync::Arc;

impl Reader<'_, '_> {
    /// `{ … }`, the brace being taken.
    pub fn group(&mut self) -> Parsed<CommandKind> {
        let list = self.full_list()?;
        self.expect_word(b"}")?;
        Ok(CommandKind::Group(Arc::new(list)))
    }

    /// `((…))` or `( … )`, the first parenthesis being taken.
    pub fn parentheses(&mut self) -> Parsed<CommandKind> {
        let line = self.input.number;
        if self.input.peek_joined() == Some(b'(') && self.closes_as_arithmetic()? {
            self.input.bump();
            let raw = self.double_parentheses(line)?;
            let inside = 0..raw.text.len().saturating_sub(2);
            return Ok(CommandKind::Arith(Box::new(self.arithmetic(&raw, inside)?)));
        }
        let list = self.full_list()?;
        self.expect_op(Op::Close, Place::Command)?;
        Ok(CommandKind::Subshell(Arc::new(list)))
    }

    /// What is inside of `((…))`, with the closing parentheses.
    fn double_parentheses(&mut self, line: u32) -> Parsed<RawWord> {
        let mut raw = RawWord::default();
        self.scan_double_parentheses(&mut raw, line)?;
        Ok(raw)
    }

    pub fn if_(&mut self) -> Parsed<CommandKind> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.full_list()?;
            self.expect_word(b"then")?;
            branches.push((condition, self.full_list()?));
            let token = self.take(Place::Command)?;
            if token.is_word(b"elif") {
                continue;
            }
            if token.is_word(b"else") {
                otherwise = Some(self.full_list()?);
                self.expect_word(b"fi")?;
            } else if !token.is_word(b"fi") {
                return Err(self.unexpected(&token));
            }
            break;
        }
        Ok(CommandKind::If(Box::new(If { branches: branches.into(), otherwise })))
    }

    pub fn while_(&mut self, until: bool) -> Parsed<CommandKind> {
        let condition = self.full_list()?;
        self.expect_word(b"do")?;
        let body = self.full_list()?;
        self.expect_word(b"done")?;
        Ok(CommandKind::While(Box::new(While { until, condition, body })))
    }

    pub fn for_(&mut self) -> Parsed<CommandKind> {
        if let Some(header) = self.arith_header()? {
            return self.arith_for(header);
        }
        Ok(CommandKind::For(Box::new(self.for_words()?)))
    }

    pub fn select(&mut self) -> Parsed<CommandKind> {
        Ok(CommandKind::Select(Box::new(self.for_words()?)))
    }

    fn for_words(&mut self) -> Parsed<For> {
        let name = match self.take(Place::Argument)? {
            Token::Word(raw) => raw.printed(),
            token => return Err(self.unexpected(&token)),
        };
        let symbol = self.symbol(&name)?;
        let words = if self.peek(Place::Argument)?.is_op(Op::Semi) {
            self.ahead = None;
            self.skip_newlines()?;
            None
        } else {
            self.skip_newlines()?;
            if self.peek(Place::Command)?.is_word(b"in") {
                self.ahead = None;
                let words = self.for_list()?;
                self.skip_newlines()?;
                Some(words)
            } else {
                None
            }
        };
        Ok(For { name, symbol, words, body: self.loop_body()? })
    }

    /// The words after `in`, up to `;` or the end of the line.
    fn for_list(&mut self) -> Parsed<Box<[Word]>> {
        let mut words = Vec::new();
        loop {
            match self.take(Place::Argument)? {
                Token::Word(raw) => words.push(self.word(&raw, WordRole::Argument)?),
                Token::Newline | Token::Op(Op::Semi) => return Ok(words.into()),
                token => return Err(self.unexpected(&token)),
            }
        }
    }

    /// `do … done` or `{ … }`.
    fn loop_body(&mut self) -> Parsed<List> {
        let token = self.take(Place::Command)?;
        let close: &[u8] = if token.is_word(b"do") {
            b"done"
        } else if token.is_word(b"{") {
            b"}"
        } else {
            return Err(self.unexpected(&token));
        };
        let body = self.full_list()?;
        self.expect_word(close)?;
        Ok(body)
    }

    /// `((a; b; c))` after `for`, if it is there: without the parentheses that close it.
    fn arith_header(&mut self) -> Parsed<Option<RawWord>> {
        if !self.peek(Place::Argument)?.is_op(Op::Open) {
            return Ok(None);
        }
        if self.input.peek_joined() != Some(b'(') {
            return Ok(None);
        }
        self.ahead = None;
        self.input.bump();
        let line = self.input.number;
        let mut raw = self.double_parentheses(line)?;
        raw.text.truncate(raw.text.len().saturating_sub(2));
        Ok(Some(raw))
    }

    fn arith_for(&mut self, header: RawWord) -> Parsed<CommandKind> {
        let ends = self.header_parts(&header)?;
        let mut parts = Vec::with_capacity(3);
        let mut from = 0;
        for end in ends {
            let bytes = header.text.get(from..end).unwrap_or_default();
            let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            parts.push(if blanks == bytes.len() {
                None
            } else {
                Some(self.arithmetic(&header, from + blanks..end)?)
            });
            from = end + 1;
        }
        if self.peek(Place::Command)?.is_op(Op::Semi) {
            self.ahead = None;
        }
        self.skip_newlines()?;
        let body = self.loop_body()?;
        let mut parts = parts.into_iter();
        let (init, condition, update) =
            (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
        Ok(CommandKind::ArithFor(Box::new(ArithFor { init, condition, update, body })))
    }

    /// Where the three parts of the header end.
    fn header_parts(&mut self, header: &RawWord) -> Parsed<[usize; 3]> {
        let mut semicolons = Vec::new();
        let mut at = 0;
        while let Some(&byte) = header.text.get(at) {
            if let Some(mark) = crate::syntax::word::mark_at(&header.marks, at) {
                at = mark.end.max(at + 1);
                continue;
            }
            match byte {
                b'\\' => at += 1,
                b'\'' | b'"' => {
                    let rest = header.text.get(at + 1..).unwrap_or_default();
                    at += 1 + memchr::memchr(byte, rest).unwrap_or(rest.len());
                }
                b';' => semicolons.push(at),
                _ => {}
            }
            at += 1;
        }
        let message: &[u8] = match *semicolons {
            [first, second] => return Ok([first, second, header.text.len()]),
            [] | [_] => b"syntax error: arithmetic expression required",
            _ => b"syntax error: `;' unexpected",
        };
        let kind = ParseErrorKind::ForHeader { message: text(message), header: header.printed() };
        let mut error = self.error(kind);
        error.source_line = None;
        Err(error)
    }
}
