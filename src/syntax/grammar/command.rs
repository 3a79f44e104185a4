//! Which command begins here.

use crate::syntax::ast::{Command, CommandKind};
use crate::syntax::reader::{Parsed, Reader};
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::tree::COMMAND_BYTES;

impl Reader<'_, '_> {
    pub fn command(&mut self) -> Parsed<Command> {
        self.grow(COMMAND_BYTES)?;
        self.peek(Place::Command)?;
        let line = self.input.number;
        self.command_line = line;
        if let Some(kind) = self.compound()? {
            let redirects = self.redirects()?;
            return Ok(Command { kind, redirects, line });
        }
        let token = self.peek(Place::Command)?;
        match token {
            Token::Word(raw) if raw.plain => match &*raw.text {
                b"function" => {
                    self.ahead = None;
                    self.function(line)
                }
                b"coproc" => {
                    self.ahead = None;
                    self.coproc(line)
                }
                b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}" | b"in"
                | b"!" => {
                    let token = self.take(Place::Command)?;
                    Err(self.unexpected(&token))
                }
                _ => self.simple(),
            },
            Token::Word(_) => self.simple(),
            token if token.is_redirect() => self.simple(),
            _ => {
                let token = self.take(Place::Command)?;
                Err(self.unexpected(&token))
            }
        }
    }

    /// A compound command, if one begins here.
    pub fn compound(&mut self) -> Parsed<Option<CommandKind>> {
        let word = match self.peek(Place::Command)? {
            Token::Op(Op::Open) => {
                self.ahead = None;
                return self.nested(|reader| reader.parentheses()).map(Some);
            }
            Token::Word(raw) if raw.plain => &*raw.text,
            _ => return Ok(None),
        };
        let read: fn(&mut Self) -> Parsed<CommandKind> = match word {
            b"{" => Self::group,
            b"if" => Self::if_,
            b"while" => |reader| reader.while_(false),
            b"until" => |reader| reader.while_(true),
            b"for" => Self::for_,
            b"select" => Self::select,
            b"case" => Self::case,
            b"[[" => Self::condition,
            _ => return Ok(None),
        };
        self.ahead = None;
        self.nested(read).map(Some)
    }
}
