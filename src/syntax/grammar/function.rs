//! Function definitions and `coproc`.

use crate::syntax::ast::{
    Command, CommandKind, Coproc, Function, Text, Word, WordFlags, WordPart, WordText,
};
use crate::syntax::error::ParseErrorKind;
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::{Mark, MarkKind, RawWord};
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;
use std::sync::Arc;

impl Reader<'_, '_> {
    /// `function name [()] body`, the first word being taken.
    pub fn function(&mut self, line: u32) -> Parsed<Command> {
        let (name, quoted) = match self.take(Place::Argument)? {
            Token::Word(raw) => (raw.printed(), is_quoted(&raw)),
            token => return Err(self.unexpected(&token)),
        };
        // `function f ((…))` and `function f (…)` have bodies that begin with a parenthesis.
        if self.peek(Place::Command)?.is_op(Op::Open) && self.closes_at_once() {
            self.ahead = None;
            self.expect_op(Op::Close, Place::Argument)?;
        }
        self.function_body(name, quoted, line)
    }

    /// Whether `)` comes next but for blanks.
    fn closes_at_once(&mut self) -> bool {
        let rest = self.input.rest();
        rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')) == Some(&b')')
    }

    /// The body of the function `name`; any `()` is taken.
    pub fn function_body(&mut self, name: Text, quoted: bool, line: u32) -> Parsed<Command> {
        self.skip_newlines()?;
        let (body_line, start) = (self.input.number, self.input.offset());
        let Some(kind) = self.compound()? else {
            let token = self.take(Place::Command)?;
            return Err(self.unexpected(&token));
        };
        let redirects = self.redirects()?;
        let body = Arc::new(Command { kind, redirects, line: body_line });
        let symbol = self.symbol(&name)?;
        let bytes = self.input.offset().saturating_sub(start);
        let function = Function { name, quoted, symbol, body, bytes, line };
        let kind = CommandKind::Function(Arc::new(function));
        Ok(Command { kind, redirects: Box::default(), line })
    }

    /// `coproc [NAME] command`, the first word being taken.
    pub fn coproc(&mut self, line: u32) -> Parsed<Command> {
        let body_line = self.input.number;
        let default = || Word {
            parts: Box::new([WordPart::Literal(text(b"COPROC"))]),
            flags: WordFlags::CONST,
            text: WordText::from(&b"COPROC"[..]),
        };
        let (name, body) = if let Some(kind) = self.compound()? {
            let redirects = self.redirects()?;
            (default(), Command { kind, redirects, line: body_line })
        } else {
            match self.take(Place::Command)? {
                Token::Word(raw) => match self.compound()? {
                    Some(kind) => {
                        let name = self.word(&raw, WordRole::Plain)?;
                        let redirects = self.redirects()?;
                        (name, Command { kind, redirects, line: body_line })
                    }
                    None => (default(), self.simple_after(raw)?),
                },
                token if token.is_redirect() => {
                    self.ahead = Some(token);
                    (default(), self.simple()?)
                }
                token => return Err(self.unexpected(&token)),
            }
        };
        let kind = CommandKind::Coproc(Box::new(Coproc { name, body: Arc::new(body) }));
        Ok(Command { kind, redirects: Box::default(), line })
    }

    /// In posix mode a function must have a proper name.
    pub fn check_function_name(&self, name: &[u8]) -> Parsed<()> {
        if self.options().posix && !crate::syntax::token::is_identifier(name) {
            let mut message = b"`".to_vec();
            message.extend_from_slice(name);
            message.extend_from_slice(b"': not a valid identifier");
            return Err(self.error(ParseErrorKind::Message(text(&message))));
        }
        Ok(())
    }
}

/// Whether a name has quotes or a `$` in it, which bash refuses when the definition runs.
pub fn is_quoted(name: &RawWord) -> bool {
    let counts = |at: usize| {
        let backtick = |mark: &&Mark| matches!(mark.kind, MarkKind::Backtick);
        !name.marks.iter().filter(backtick).any(|mark| (mark.at..mark.end).contains(&at))
    };
    let special = |byte: &u8| matches!(byte, b'\'' | b'"' | b'\\' | b'$');
    name.text.iter().enumerate().any(|(at, byte)| special(byte) && counts(at))
}
