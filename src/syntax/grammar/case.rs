//! `case … in … esac`

use crate::syntax::ast::{Case, CaseClause, CaseEnd, CommandKind, Pattern};
use crate::syntax::reader::{Parsed, Reader};
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;

impl Reader<'_, '_> {
    pub fn case(&mut self) -> Parsed<CommandKind> {
        let word = match self.take(Place::Argument)? {
            Token::Word(raw) => self.word(&raw, WordRole::Plain)?,
            token => return Err(self.unexpected(&token)),
        };
        while matches!(self.peek(Place::Pattern)?, Token::Newline) {
            self.ahead = None;
        }
        let token = self.take(Place::Pattern)?;
        if !token.is_word(b"in") {
            return Err(self.unexpected(&token));
        }
        let mut clauses = Vec::new();
        while let Some(patterns) = self.case_patterns()? {
            let body = self.list()?;
            let (end, more) = match self.take(Place::Command)? {
                Token::Op(Op::SemiSemi) => (CaseEnd::Break, true),
                Token::Op(Op::SemiAmp) => (CaseEnd::FallThrough, true),
                Token::Op(Op::SemiSemiAmp) => (CaseEnd::TestNext, true),
                token if token.is_word(b"esac") => (CaseEnd::Break, false),
                token => return Err(self.unexpected(&token)),
            };
            clauses.push(CaseClause { patterns, body, end });
            if !more {
                break;
            }
        }
        Ok(CommandKind::Case(Box::new(Case { word, clauses: clauses.into() })))
    }

    /// The patterns of a clause and the `)` after them; `None` at `esac`.
    fn case_patterns(&mut self) -> Parsed<Option<Box<[Pattern]>>> {
        while matches!(self.peek(Place::Pattern)?, Token::Newline) {
            self.ahead = None;
        }
        let mut token = self.take(Place::Pattern)?;
        if token.is_word(b"esac") {
            return Ok(None);
        }
        if token.is_op(Op::Open) {
            token = self.take(Place::Pattern)?;
        }
        let mut patterns = Vec::with_capacity(1);
        loop {
            match token {
                Token::Word(raw) => patterns.push(self.pattern(&raw)?),
                token => return Err(self.unexpected(&token)),
            }
            match self.take(Place::Pattern)? {
                Token::Op(Op::Pipe) => token = self.take(Place::Pattern)?,
                Token::Op(Op::Close) => return Ok(Some(patterns.into())),
                token => return Err(self.unexpected(&token)),
            }
        }
    }
}
