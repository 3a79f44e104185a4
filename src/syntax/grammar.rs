//! Lists and pipelines. The commands in them are in files of their own.

mod case;
mod command;
mod compound;
mod condition;
mod function;
mod redirect;
mod simple;

use super::ast::{
    AndOr, AndOrOp, CommandKind, CompleteCommand, List, ListEnd, ListItem, Pipeline, Redirect,
    RedirectFd, RedirectOp, RedirectTarget, TimeFormat, Word,
};
use super::reader::{Parsed, Reader};
use super::token::{Op, Place, Token};
use std::sync::Arc;

impl Reader<'_, '_> {
    /// A whole input line or more; `None` at the end of the input.
    pub fn complete_command(&mut self) -> Parsed<Option<CompleteCommand>> {
        loop {
            match self.peek(Place::Command)? {
                Token::Newline => {
                    self.ahead = None;
                    self.input.begin_command();
                }
                Token::End => {
                    if let Some(failure) = &self.input.failure {
                        let kind = super::error::ParseErrorKind::Input(super::reader::text(
                            failure.to_string().as_bytes(),
                        ));
                        let mut error = self.error(kind);
                        error.source_line = None;
                        return Err(error);
                    }
                    return Ok(None);
                }
                _ => break,
            }
        }
        let start = self.input.command_start();
        let line = self.input.number;
        let mut items = Vec::new();
        loop {
            let and_or = Arc::new(self.and_or()?);
            let (end, more) = match self.take(Place::Argument)? {
                Token::Op(Op::Semi) => (ListEnd::Sequence, true),
                Token::Op(Op::Amp) => (ListEnd::Background, true),
                Token::Newline | Token::End => (ListEnd::Sequence, false),
                token => return Err(self.unexpected(&token)),
            };
            items.push(ListItem { and_or, end, newline: false });
            if !more {
                break;
            }
            if matches!(self.peek(Place::Command)?, Token::Newline | Token::End) {
                self.ahead = None;
                break;
            }
        }
        let list = Arc::new(List { items: items.into() });
        let held = std::mem::take(&mut self.tree).into_held().map(Arc::new);
        Ok(Some(CompleteCommand { list, span: start..self.input.offset(), line, held }))
    }

    /// All of the input as one list.
    pub fn whole_list(&mut self) -> Parsed<List> {
        let list = self.list()?;
        match self.take(Place::Command)? {
            Token::End => Ok(list),
            token => Err(self.unexpected(&token)),
        }
    }

    /// Commands up to a token that ends a list and is left there; there may be none.
    pub fn list(&mut self) -> Parsed<List> {
        let mut items = Vec::new();
        self.skip_newlines()?;
        while !self.at_list_end()? {
            let and_or = Arc::new(self.and_or()?);
            let newline =
                matches!(self.peek(Place::Argument)?, Token::Newline) && self.substitutions > 0;
            let end = match self.peek(Place::Argument)? {
                Token::Op(Op::Semi) | Token::Newline => ListEnd::Sequence,
                Token::Op(Op::Amp) => ListEnd::Background,
                _ => {
                    items.push(ListItem { and_or, end: ListEnd::Sequence, newline: false });
                    break;
                }
            };
            self.ahead = None;
            items.push(ListItem { and_or, end, newline });
            self.skip_newlines()?;
        }
        Ok(List { items: items.into() })
    }

    /// Like [`Self::list`], but one command at least.
    pub fn full_list(&mut self) -> Parsed<List> {
        let list = self.list()?;
        if list.items.is_empty() {
            let token = self.take(Place::Command)?;
            return Err(self.unexpected(&token));
        }
        Ok(list)
    }

    fn at_list_end(&mut self) -> Parsed<bool> {
        let token = self.peek(Place::Command)?;
        Ok(match token {
            Token::End => true,
            Token::Op(op) => {
                matches!(op, Op::Close | Op::SemiSemi | Op::SemiAmp | Op::SemiSemiAmp)
            }
            Token::Word(raw) => raw.plain && ends_list(&raw.text),
            _ => false,
        })
    }

    fn and_or(&mut self) -> Parsed<AndOr> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let op = match self.peek(Place::Argument)? {
                Token::Op(Op::AndAnd) => AndOrOp::And,
                Token::Op(Op::OrOr) => AndOrOp::Or,
                _ => break,
            };
            self.ahead = None;
            self.skip_newlines()?;
            rest.push((op, self.pipeline()?));
        }
        Ok(AndOr { first, rest: rest.into() })
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline =
            Pipeline { negated: false, time: None, commands: Arc::from([]), line: 0 };
        let mut prefixed = false;
        loop {
            let token = self.peek(Place::Command)?;
            if token.is_word(b"!") {
                self.ahead = None;
                pipeline.negated = !pipeline.negated;
            } else if token.is_word(b"time") {
                self.ahead = None;
                pipeline.time = Some(self.time_format()?);
            } else {
                break;
            }
            prefixed = true;
        }
        pipeline.line = self.input.number;
        if prefixed
            && matches!(
                self.peek(Place::Command)?,
                Token::Newline | Token::End | Token::Op(Op::Semi)
            )
        {
            return Ok(pipeline);
        }
        let mut commands = vec![self.command()?];
        loop {
            let both = match self.peek(Place::Argument)? {
                Token::Op(Op::Pipe) => false,
                Token::Op(Op::PipeBoth) => true,
                _ => break,
            };
            self.ahead = None;
            if both && let Some(command) = commands.last_mut() {
                redirect_errors(command, self.input.number);
            }
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        pipeline.commands = commands.into();
        Ok(pipeline)
    }

    /// The options of `time`.
    fn time_format(&mut self) -> Parsed<TimeFormat> {
        let mut format = TimeFormat::Shell;
        if self.peek(Place::Command)?.is_word(b"-p") {
            self.ahead = None;
            format = TimeFormat::Posix;
        }
        if self.peek(Place::Command)?.is_word(b"--") {
            self.ahead = None;
        }
        Ok(format)
    }
}

/// Reserved words that can't begin a command.
fn ends_list(word: &[u8]) -> bool {
    matches!(word, b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}")
}

/// `|&`: the redirection comes after all others. That of a function definition is its body's.
fn redirect_errors(command: &mut super::ast::Command, line: u32) {
    let redirect = Redirect {
        fd: RedirectFd::Number(2),
        op: RedirectOp::DupOut,
        target: RedirectTarget::Word(Word {
            parts: Box::new([super::ast::WordPart::Literal(super::reader::text(b"1"))]),
            flags: super::ast::WordFlags::CONST,
            text: super::ast::WordText::from(&b"1"[..]),
        }),
        line,
    };
    let redirects = match &mut command.kind {
        CommandKind::Function(function) => {
            match Arc::get_mut(function).map(|function| &mut function.body) {
                Some(body) => match Arc::get_mut(body) {
                    Some(body) => &mut body.redirects,
                    None => return,
                },
                None => return,
            }
        }
        _ => &mut command.redirects,
    };
    let mut all = std::mem::take(redirects).into_vec();
    all.push(redirect);
    *redirects = all.into();
}
