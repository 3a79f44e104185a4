//! `[[ … ]]`

use crate::syntax::ast::{CommandKind, Cond, CondOp, MatchOp, Pattern, Text};
use crate::syntax::error::{Open, ParseError, ParseErrorKind};
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::{Quoting, RawWord};
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;

impl Reader<'_, '_> {
    /// The expression and `]]`, the opening brackets being taken.
    pub fn condition(&mut self) -> Parsed<CommandKind> {
        let outer = std::mem::replace(&mut self.condition_start, self.input.number);
        let condition = self.cond_or()?;
        let token = self.take(Place::Condition)?;
        self.condition_start = outer;
        if token.is_word(b"]]") {
            return Ok(CommandKind::Cond(Box::new(condition)));
        }
        Err(self.cond_unexpected(&token))
    }

    fn skip_condition_newlines(&mut self) -> Parsed<()> {
        while matches!(self.peek(Place::Condition)?, Token::Newline) {
            self.ahead = None;
        }
        Ok(())
    }

    fn cond_or(&mut self) -> Parsed<Cond> {
        let mut terms = vec![self.cond_and()?];
        while self.peek(Place::Condition)?.is_op(Op::OrOr) {
            self.ahead = None;
            terms.push(self.cond_and()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Cond::Or(terms.into()) })
    }

    fn cond_and(&mut self) -> Parsed<Cond> {
        let mut terms = vec![self.cond_term()?];
        loop {
            // Newlines may stand after a term.
            self.skip_condition_newlines()?;
            if !self.peek(Place::Condition)?.is_op(Op::AndAnd) {
                break;
            }
            self.ahead = None;
            terms.push(self.cond_term()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Cond::And(terms.into()) })
    }

    fn cond_term(&mut self) -> Parsed<Cond> {
        self.skip_condition_newlines()?;
        match self.take(Place::Condition)? {
            Token::Op(Op::Open) => {
                let inside = self.nested(|reader| reader.cond_or())?;
                match self.take(Place::Condition)? {
                    Token::Op(Op::Close) => Ok(Cond::Group(Box::new(inside))),
                    token => Err(self.cond_error(&token, "expected `)'", "expected `)'")),
                }
            }
            Token::Word(raw) if raw.plain && &*raw.text == b"!" => {
                let inside = self.nested(|reader| reader.cond_term())?;
                Ok(Cond::Not(Box::new(inside)))
            }
            Token::Word(raw) if raw.plain && &*raw.text == b"]]" => {
                let token = Token::Word(raw);
                Err(self.cond_unexpected(&token))
            }
            Token::Word(raw) => self.cond_word(raw),
            token => Err(self.cond_unexpected(&token)),
        }
    }

    fn cond_word(&mut self, raw: RawWord) -> Parsed<Cond> {
        if raw.plain
            && let [b'-', letter] = &*raw.text
            && is_unary(*letter)
        {
            let letter = *letter;
            return match self.peek(Place::Condition)? {
                Token::Word(operand) if !(operand.plain && &*operand.text == b"]]") => {
                    let operand = self.take(Place::Condition)?;
                    let Token::Word(operand) = operand else {
                        return Err(self.unexpected(&operand));
                    };
                    Ok(Cond::Unary(letter, self.word(&operand, WordRole::Plain)?))
                }
                _ => {
                    let token = self.take(Place::Condition)?;
                    Err(self.operand_error(&token, "unary"))
                }
            };
        }
        self.cond_binary(raw)
    }

    fn cond_binary(&mut self, left: RawWord) -> Parsed<Cond> {
        enum Operator {
            Compare(CondOp),
            Match(MatchOp),
            Regex,
        }
        let operator = match self.peek(Place::Condition)? {
            Token::Op(Op::Less) => Operator::Compare(CondOp::Before),
            Token::Op(Op::Greater) => Operator::Compare(CondOp::After),
            Token::Word(raw) if raw.plain => match &*raw.text {
                b"==" => Operator::Match(MatchOp::Equal),
                b"=" => Operator::Match(MatchOp::EqualOne),
                b"!=" => Operator::Match(MatchOp::NotEqual),
                b"=~" => Operator::Regex,
                b"-eq" => Operator::Compare(CondOp::Eq),
                b"-ne" => Operator::Compare(CondOp::Ne),
                b"-lt" => Operator::Compare(CondOp::Lt),
                b"-le" => Operator::Compare(CondOp::Le),
                b"-gt" => Operator::Compare(CondOp::Gt),
                b"-ge" => Operator::Compare(CondOp::Ge),
                b"-nt" => Operator::Compare(CondOp::Newer),
                b"-ot" => Operator::Compare(CondOp::Older),
                b"-ef" => Operator::Compare(CondOp::SameFile),
                b"]]" => return Ok(Cond::Word(self.word(&left, WordRole::Plain)?)),
                _ => {
                    let token = self.take(Place::Condition)?;
                    return Err(self.operator_error(&token));
                }
            },
            Token::Op(Op::AndAnd | Op::OrOr | Op::Close) => {
                return Ok(Cond::Word(self.word(&left, WordRole::Plain)?));
            }
            _ => {
                let token = self.take(Place::Condition)?;
                return Err(self.operator_error(&token));
            }
        };
        self.ahead = None;
        let left = self.word(&left, WordRole::Plain)?;
        Ok(match operator {
            Operator::Compare(op) => {
                let raw = self.cond_operand(Place::Condition)?;
                Cond::Binary(op, Box::new((left, self.word(&raw, WordRole::Plain)?)))
            }
            Operator::Match(op) => {
                let raw = self.cond_operand(Place::ConditionPattern)?;
                Cond::Match(op, Box::new((left, self.pattern(&raw)?)))
            }
            Operator::Regex => Cond::Regex(Box::new((left, self.regex()?))),
        })
    }

    fn cond_operand(&mut self, place: Place) -> Parsed<RawWord> {
        match self.take(place)? {
            Token::Word(raw) if !(raw.plain && &*raw.text == b"]]") => Ok(raw),
            token => Err(self.operand_error(&token, "binary")),
        }
    }

    /// The right side of `=~`, where parentheses and `|` are part of the word.
    fn regex(&mut self) -> Parsed<Pattern> {
        while matches!(self.input.peek_joined(), Some(b' ' | b'\t')) {
            self.input.bump();
        }
        let mut raw = RawWord { plain: true, ..RawWord::default() };
        while let Some(byte) = self.input.peek() {
            match byte {
                b' ' | b'\t' | b'\n' => break,
                b'&' | b';' | b'<' | b'>' | b')' => break,
                b'\\' => {
                    raw.plain = false;
                    self.copy_escape(&mut raw);
                }
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
                b'(' => {
                    raw.plain = false;
                    self.input.bump();
                    raw.text.push(b'(');
                    self.scan_matched(&mut raw, b'(', b')', Open::Parenthesis)?;
                }
                byte => {
                    self.input.bump();
                    raw.text.push(byte);
                }
            }
        }
        if raw.text.is_empty() || (raw.plain && &*raw.text == b"]]") {
            let token =
                if raw.text.is_empty() { self.take(Place::Condition)? } else { Token::Word(raw) };
            return Err(self.operand_error(&token, "binary"));
        }
        self.pattern(&raw)
    }

    /// A token where an operator should be.
    fn operator_error(&self, token: &Token) -> ParseError {
        self.cond_error(
            token,
            "conditional binary operator expected",
            "conditional binary operator expected",
        )
    }

    /// A token where an operand should be.
    fn operand_error(&self, token: &Token, kind: &str) -> ParseError {
        let message = match token {
            Token::End => format!("unexpected argument to conditional {kind} operator"),
            token => {
                format!("unexpected argument `{}' to conditional {kind} operator", token.text())
            }
        };
        self.cond_message(token, message)
    }

    fn cond_unexpected(&self, token: &Token) -> ParseError {
        let message = match token {
            Token::End => "unexpected EOF in conditional command".to_owned(),
            token => format!("unexpected token `{}' in conditional command", token.text()),
        };
        self.cond_message(token, message)
    }

    /// `with` follows the token that was found, `without` stands where the message names none.
    fn cond_error(&self, token: &Token, with: &str, without: &str) -> ParseError {
        let message = match token {
            Token::Word(_) if with == "conditional binary operator expected" => without.to_owned(),
            Token::End => without.to_owned(),
            token => format!("unexpected token `{}', {with}", token.text()),
        };
        self.cond_message(token, message)
    }

    fn cond_message(&self, token: &Token, message: String) -> ParseError {
        let near: Option<Text> = match token {
            Token::Word(_) | Token::Op(_) | Token::Number(_) | Token::FdVariable(_) => {
                Some(token.text())
            }
            Token::Newline | Token::End => None,
        };
        let kind = ParseErrorKind::Cond { message: text(message.as_bytes()), token: near };
        let mut error = match token {
            Token::End => self.incomplete(kind, Open::Command, self.input.number),
            _ => self.error(kind),
        };
        error.source_line = None;
        error
    }
}

fn is_unary(letter: u8) -> bool {
    b"abcdefghknoprstuvwxzGLNORS".contains(&letter)
}
