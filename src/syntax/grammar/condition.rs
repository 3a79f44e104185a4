//! `[[ … ]]`

use crate::syntax::ast::{CommandKind, Cond, CondOp, MatchOp, Pattern};
use crate::syntax::error::{CondMessage, Open, ParseError, ParseErrorKind};
use crate::syntax::reader::{Parsed, Reader, text};
use crate::syntax::scan::{Quoting, RawWord};
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;

const NO_OPERAND: &[u8] = b"unexpected argument to conditional binary operator";

impl Reader<'_, '_> {
    /// The expression and `]]`, the opening brackets being taken.
    pub fn condition(&mut self) -> Parsed<CommandKind> {
        let outer = std::mem::replace(&mut self.condition_start, self.input.number);
        let ended = |reader: &Self, error| {
            let line = reader.condition_start;
            followed(error, line, b"unexpected EOF while looking for `]]'")
        };
        let condition = self.cond_or().map_err(|error| ended(self, error))?;
        let token = self.take(Place::Condition).map_err(|error| ended(self, error))?;
        if !token.is_word(b"]]") {
            return Err(self.end_error(&token));
        }
        self.condition_start = outer;
        Ok(CommandKind::Cond(Box::new(condition)))
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
        let first = match self.skip_condition_newlines() {
            Ok(()) => self.take(Place::Condition),
            Err(error) => Err(error),
        };
        // The end of the input has no name: the byte that bash prints for it is its number.
        let first = first
            .map_err(|error| self.at_end(error, b"unexpected token `\xff' in conditional command"));
        match first? {
            Token::Op(Op::Open) => {
                let line = self.input.number;
                let inside = self.nested(|reader| reader.cond_or());
                let inside = inside.map_err(|error| in_parentheses(error, line))?;
                let close = self.take(Place::Condition);
                match close.map_err(|error| followed(error, line, b"expected `)'"))? {
                    Token::Op(Op::Close) => Ok(Cond::Group(Box::new(inside))),
                    token => Err(self.parenthesis_error(&token, line)),
                }
            }
            Token::Word(raw) if raw.plain && &*raw.text == b"!" => {
                let inside = self.nested(|reader| reader.cond_term())?;
                Ok(Cond::Not(Box::new(inside)))
            }
            Token::Word(raw) if raw.plain && &*raw.text == b"]]" => {
                let token = Token::Word(raw);
                Err(self.term_error(&token))
            }
            Token::Word(raw) => self.cond_word(raw),
            token => Err(self.term_error(&token)),
        }
    }

    fn cond_word(&mut self, raw: RawWord) -> Parsed<Cond> {
        if raw.plain
            && let [b'-', letter] = &*raw.text
            && is_unary(*letter)
        {
            let letter = *letter;
            let message = b"unexpected argument to conditional unary operator";
            if let Err(error) = self.peek(Place::Condition) {
                return Err(self.at_end(error, message));
            }
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
        if let Err(error) = self.peek(Place::Condition) {
            return Err(self.at_end(error, b"conditional binary operator expected"));
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
            Operator::Regex => {
                let right = self.regex().map_err(|error| self.at_end(error, NO_OPERAND))?;
                Cond::Regex(Box::new((left, right)))
            }
        })
    }

    fn cond_operand(&mut self, place: Place) -> Parsed<RawWord> {
        match self.take(place).map_err(|error| self.at_end(error, NO_OPERAND))? {
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
        let expected = "conditional binary operator expected";
        self.cond_error(
            token,
            match name_of(token) {
                Some(name) => format!("unexpected token `{name}', {expected}"),
                None => expected.to_owned(),
            },
        )
    }

    /// A token where an operand should be.
    fn operand_error(&self, token: &Token, kind: &str) -> ParseError {
        let name = match token {
            Token::Word(raw) => Some(raw.printed().to_string()),
            token => name_of(token),
        };
        self.cond_error(
            token,
            match name {
                Some(name) => {
                    format!("unexpected argument `{name}' to conditional {kind} operator")
                }
                None => format!("unexpected argument to conditional {kind} operator"),
            },
        )
    }

    /// A token where a term should begin.
    fn term_error(&self, token: &Token) -> ParseError {
        self.cond_error(
            token,
            match (token, name_of(token)) {
                // Bash says nothing here.
                (Token::Word(_), _) => String::new(),
                (Token::End, _) => "unexpected token `EOF' in conditional command".to_owned(),
                // The numbers that bash has for these tokens.
                (Token::Number(_), _) => "unexpected token 284 in conditional command".to_owned(),
                (Token::FdVariable(_), _) => {
                    "unexpected token 283 in conditional command".to_owned()
                }
                (_, name) => {
                    format!(
                        "unexpected token `{}' in conditional command",
                        name.unwrap_or_default()
                    )
                }
            },
        )
    }

    /// A token where the parenthesis should be closed.
    fn parenthesis_error(&self, token: &Token, line: u32) -> ParseError {
        let name = match token {
            Token::Word(raw) if raw.plain && &*raw.text == b"]]" => Some("]]".to_owned()),
            Token::End => Some("EOF".to_owned()),
            token => name_of(token),
        };
        let message = match name {
            Some(name) => format!("unexpected token `{name}', expected `)'"),
            None => "expected `)'".to_owned(),
        };
        self.cond_error_at(token, line, message)
    }

    /// A token where `]]` should be.
    fn end_error(&self, token: &Token) -> ParseError {
        let message = match (token, name_of(token)) {
            (Token::End, _) => return self.never_ended(),
            (_, Some(name)) => {
                format!("syntax error in conditional expression: unexpected token `{name}'")
            }
            (_, None) => "syntax error in conditional expression".to_owned(),
        };
        self.cond_error_at(token, self.condition_start, message)
    }

    /// The end of the input where `]]` should be: bash names the line of `[[`.
    fn never_ended(&self) -> ParseError {
        let message = text(b"unexpected EOF while looking for `]]'");
        let line = self.condition_start;
        let kind = ParseErrorKind::Cond(Box::new([CondMessage { line, text: message }]));
        self.incomplete(kind, Open::Command, line)
    }

    fn cond_error(&self, token: &Token, message: String) -> ParseError {
        self.cond_error_at(token, self.input.number, message)
    }

    fn cond_error_at(&self, token: &Token, line: u32, message: String) -> ParseError {
        let mut messages = Vec::new();
        if !message.is_empty() {
            messages.push(CondMessage { line, text: text(message.as_bytes()) });
        }
        let kind = ParseErrorKind::Cond(messages.into());
        let ends = match token {
            Token::End => true,
            Token::Newline => self.input.completed && self.input.rest().is_empty(),
            _ => false,
        };
        let mut error = if ends {
            self.incomplete(kind, Open::Command, self.input.number)
        } else {
            self.error(kind)
        };
        error.source_line = None;
        error
    }

    /// What ended within a quote or a bracket lacks something else besides, in the line after.
    fn at_end(&self, error: ParseError, message: &[u8]) -> ParseError {
        followed(error, self.input.number, message)
    }
}

/// A second message, if `error` is that a quote or a bracket isn't closed.
fn followed(error: ParseError, line: u32, message: &[u8]) -> ParseError {
    if !matches!(error.kind, ParseErrorKind::Unmatched(_)) {
        return error;
    }
    let mut messages: Vec<CondMessage> = error
        .numbered()
        .into_iter()
        .map(|(line, message)| CondMessage { line, text: text(&message) })
        .collect();
    messages.push(CondMessage { line, text: text(message) });
    ParseError { kind: ParseErrorKind::Cond(messages.into()), source_line: None, ..error }
}

/// Operators and newlines are named in messages, words and numbers are not.
fn name_of(token: &Token) -> Option<String> {
    match token {
        Token::Op(op) => Some(op.text().to_owned()),
        Token::Newline => Some("newline".to_owned()),
        _ => None,
    }
}

/// An error inside of parentheses has a second message.
fn in_parentheses(mut error: ParseError, line: u32) -> ParseError {
    let message = b"expected `)'";
    if let ParseErrorKind::Cond(messages) = &mut error.kind {
        if !messages.is_empty() {
            let mut all = std::mem::take(messages).into_vec();
            all.push(CondMessage { line, text: text(message) });
            *messages = all.into();
        }
        return error;
    }
    followed(error, line, message)
}

fn is_unary(letter: u8) -> bool {
    b"abcdefghknoprstuvwxzGLNORS".contains(&letter)
}
