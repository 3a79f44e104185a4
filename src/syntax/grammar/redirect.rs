//! Redirections.

use crate::syntax::ast::{FdVariable, Redirect, RedirectFd, RedirectOp, RedirectTarget};
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::RawWord;
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;

impl Reader<'_, '_> {
    /// The redirections that stand here, after a compound command.
    pub fn redirects(&mut self) -> Parsed<Box<[Redirect]>> {
        let mut redirects = Vec::new();
        while self.peek(Place::Argument)?.is_redirect() {
            redirects.push(self.redirect()?);
        }
        Ok(redirects.into())
    }

    /// One redirection; its first token is ahead.
    pub fn redirect(&mut self) -> Parsed<Redirect> {
        let line = self.input.number;
        let first = self.take(Place::Argument)?;
        let (fd, operator) = match first {
            Token::Number(number) => (RedirectFd::Number(number), self.take(Place::Argument)?),
            Token::FdVariable(name) => (self.fd_variable(name)?, self.take(Place::Argument)?),
            token => (RedirectFd::Default, token),
        };
        let Token::Op(operator) = operator else { return Err(self.unexpected(&operator)) };
        let op = match operator {
            Op::Less => RedirectOp::Read,
            Op::Greater => RedirectOp::Write,
            Op::Append => RedirectOp::Append,
            Op::Clobber => RedirectOp::Clobber,
            Op::ReadWrite => RedirectOp::ReadWrite,
            Op::DupIn => RedirectOp::DupIn,
            Op::DupOut => RedirectOp::DupOut,
            Op::WriteBoth => RedirectOp::WriteBoth,
            Op::AppendBoth => RedirectOp::AppendBoth,
            Op::HereString => RedirectOp::HereString,
            Op::HereDoc | Op::HereDocTabs => RedirectOp::HereDoc,
            _ => return Err(self.unexpected(&Token::Op(operator))),
        };
        let raw = match self.take(Place::Argument)? {
            Token::Word(raw) => raw,
            token => return Err(self.unexpected(&token)),
        };
        let target = match op {
            RedirectOp::HereDoc => self.here_document(&raw, operator == Op::HereDocTabs)?,
            RedirectOp::HereString => RedirectTarget::Word(self.word(&raw, WordRole::Plain)?),
            _ => RedirectTarget::Word(self.word(&raw, WordRole::Argument)?),
        };
        Ok(Redirect { fd, op, target, line })
    }

    fn fd_variable(&mut self, name: Vec<u8>) -> Parsed<RedirectFd> {
        let raw = RawWord { text: name, ..RawWord::default() };
        let (symbol, subscript) = self.reference(&raw, 0..raw.text.len())?;
        let variable = FdVariable { name: symbol, subscript, text: text(&raw.text) };
        Ok(RedirectFd::Variable(Box::new(variable)))
    }
}
