//! Tokens of an expression.

use super::{ArithSyntaxError, MARK, constant_error, error, number};
use crate::syntax::ast::{ArithOp, ArithPlace, ParamName, Subscript, SubscriptKind, WordPart};
use crate::syntax::options::ParseEnv;
use crate::syntax::print;
use crate::syntax::symbol::Interner;
use crate::syntax::token::identifier_len;
use crate::syntax::word;

#[derive(Debug)]
pub(super) enum Token {
    End,
    Number(i64),
    Name(ArithPlace),
    /// The expansion with this number.
    Operand(usize),
    Op(ArithOp),
    /// `=`, or with an operator `+=` and the like.
    Assign(Option<ArithOp>),
    And,
    Or,
    Not,
    Complement,
    Question,
    Colon,
    Comma,
    Open,
    Close,
    /// `++` or (`down`) `--` after a name
    After {
        down: bool,
    },
    /// The same before one.
    Before {
        down: bool,
    },
}

/// What the token before was, as far as it changes the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Name,
    Value,
    Operator,
}

pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    operands: &'a [WordPart],
    pub interner: &'a Interner,
    at: usize,
    /// Where the last token started: what bash's messages call the error token.
    pub start: usize,
    last: Last,
}

impl<'a> Lexer<'a> {
    pub fn new(bytes: &'a [u8], operands: &'a [WordPart], interner: &'a Interner) -> Self {
        Self { bytes, operands, interner, at: 0, start: 0, last: Last::Nothing }
    }

    /// Where the text after the last token starts, without blanks.
    pub fn rest_start(&self) -> usize {
        self.at + self.blanks(self.at)
    }

    fn blanks(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count()
    }

    pub fn next(&mut self) -> Result<Token, ArithSyntaxError> {
        self.at = self.rest_start();
        let Some(&byte) = self.bytes.get(self.at) else {
            return Ok(Token::End);
        };
        self.start = self.at;
        match byte {
            b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.name(),
            MARK if !self.operands.is_empty() => self.operand(),
            _ => self.operator(byte),
        }
    }

    fn number(&mut self) -> Result<Token, ArithSyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'@' | b'_');
        let len = rest.iter().take_while(part).count();
        let value = number::parse(rest.get(..len).unwrap_or_default())
            .map_err(|message| constant_error(message, self.start..self.at + len))?;
        self.at += len;
        self.not_glued()?;
        self.last = Last::Value;
        Ok(Token::Number(value))
    }

    /// An expansion right after a name or number would become a part of it.
    fn not_glued(&self) -> Result<(), ArithSyntaxError> {
        if !self.operands.is_empty() && self.bytes.get(self.at) == Some(&MARK) {
            return Err(error("", self.at));
        }
        Ok(())
    }

    fn name(&mut self) -> Result<Token, ArithSyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = identifier_len(rest);
        let name = rest.get(..len).unwrap_or_default();
        let symbol = self.interner.intern(name).map_err(|_| error("too many names", self.start))?;
        self.at += len;
        self.not_glued()?;
        let mut subscript = None;
        if rest.get(len) == Some(&b'[') {
            let Some(end) = closing_bracket(rest, len) else {
                return Err(error("bad array subscript", self.start));
            };
            let inside = rest.get(len + 1..end).unwrap_or_default();
            subscript = Some(Box::new(self.subscript(inside)));
            self.at += end + 1 - len;
        }
        self.last = Last::Name;
        Ok(Token::Name(ArithPlace { name: symbol, subscript }))
    }

    fn subscript(&self, inside: &[u8]) -> Subscript {
        if self.operands.is_empty() {
            let plain =
                !inside.iter().any(|byte| matches!(byte, b'$' | b'`' | b'\'' | b'"' | b'\\'));
            if plain {
                return word::literal_subscript(inside, self.interner);
            }
            return word::parse_subscript(inside, ParseEnv::default(), self.interner)
                .unwrap_or_else(|_| word::literal_subscript(inside, self.interner));
        }
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut shown = Vec::new();
        let mut rest = inside;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match (byte, rest) {
                (MARK, [high, low, after @ ..]) => {
                    rest = after;
                    if !literal.is_empty() {
                        parts.push(WordPart::Literal(super::owned(&literal)));
                        literal.clear();
                    }
                    if let Some(part) = self.operands.get(index_of(*high, *low)) {
                        self.show(&mut shown, part);
                        parts.push(part.clone());
                    }
                }
                _ => {
                    shown.push(byte);
                    literal.push(byte);
                }
            }
        }
        if !literal.is_empty() {
            parts.push(WordPart::Literal(super::owned(&literal)));
        }
        let kind = match &*parts {
            [WordPart::Literal(text)] if &***text == b"@" => SubscriptKind::At,
            [WordPart::Literal(text)] if &***text == b"*" => SubscriptKind::Star,
            _ => SubscriptKind::Key,
        };
        word::subscript_of_parts(kind, &shown, parts, self.interner)
    }

    /// Appends an expansion as it stands in the script.
    fn show(&self, shown: &mut Vec<u8>, part: &WordPart) {
        match part {
            WordPart::Var(ParamName::Variable(symbol)) => {
                shown.push(b'$');
                shown.extend_from_slice(&self.interner.name(*symbol));
            }
            WordPart::Var(ParamName::Positional(number)) => {
                shown.extend_from_slice(format!("${number}").as_bytes());
            }
            WordPart::Var(name) => shown.extend_from_slice(match name {
                ParamName::At => b"$@",
                ParamName::Star => b"$*",
                ParamName::Count => b"$#",
                ParamName::Status => b"$?",
                ParamName::Flags => b"$-",
                ParamName::Pid => b"$$",
                ParamName::LastBackground => b"$!",
                _ => b"$0",
            }),
            WordPart::Param(param) => shown.extend_from_slice(&param.text),
            WordPart::Arith(expression) => {
                shown.extend_from_slice(b"$((");
                shown.extend_from_slice(&expression.text);
                shown.extend_from_slice(b"))");
            }
            WordPart::Command(command) => {
                shown.extend_from_slice(b"$(");
                shown.extend_from_slice(&print::substitution(&command.body));
                shown.push(b')');
            }
            _ => {}
        }
    }

    fn operand(&mut self) -> Result<Token, ArithSyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let [_, high, low, after @ ..] = rest else { return Err(error("", self.at)) };
        // What follows would become a part of the number, or the number of an operator.
        let glued = after.first().is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'#' | b'@' | b'[' | MARK)
        });
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        if glued || (before == Some(&b'-') && self.minus_joins()) {
            return Err(error("", self.at));
        }
        self.at += 3;
        self.last = Last::Value;
        Ok(Token::Operand(index_of(*high, *low)))
    }

    /// Whether `x-` and a negative number would be read as `x--`: after a name.
    fn minus_joins(&self) -> bool {
        let before = self.bytes.get(..self.at.saturating_sub(1)).unwrap_or_default();
        match before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n')) {
            Some(byte) => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b']' | b'-'),
            None => false,
        }
    }

    fn operator(&mut self, byte: u8) -> Result<Token, ArithSyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if matches!(rest, [b'+', b'+', ..] | [b'-', b'-', ..]) {
            let down = byte == b'-';
            if self.last == Last::Name {
                self.at += 2;
                self.last = Last::Value;
                return Ok(Token::After { down });
            }
            let next = self.bytes.get(self.at + 2 + self.blanks(self.at + 2));
            if next.is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_') {
                self.at += 2;
                self.last = Last::Operator;
                return Ok(Token::Before { down });
            }
        }
        use ArithOp as Op;
        let (token, len) = match rest {
            [b'<', b'<', b'=', ..] => (Token::Assign(Some(Op::ShiftLeft)), 3),
            [b'>', b'>', b'=', ..] => (Token::Assign(Some(Op::ShiftRight)), 3),
            [b'*', b'*', ..] => (Token::Op(Op::Pow), 2),
            [b'<', b'<', ..] => (Token::Op(Op::ShiftLeft), 2),
            [b'>', b'>', ..] => (Token::Op(Op::ShiftRight), 2),
            [b'<', b'=', ..] => (Token::Op(Op::Le), 2),
            [b'>', b'=', ..] => (Token::Op(Op::Ge), 2),
            [b'=', b'=', ..] => (Token::Op(Op::Eq), 2),
            [b'!', b'=', ..] => (Token::Op(Op::Ne), 2),
            [b'&', b'&', ..] => (Token::And, 2),
            [b'|', b'|', ..] => (Token::Or, 2),
            [b'+', b'=', ..] => (Token::Assign(Some(Op::Add)), 2),
            [b'-', b'=', ..] => (Token::Assign(Some(Op::Sub)), 2),
            [b'*', b'=', ..] => (Token::Assign(Some(Op::Mul)), 2),
            [b'/', b'=', ..] => (Token::Assign(Some(Op::Div)), 2),
            [b'%', b'=', ..] => (Token::Assign(Some(Op::Rem)), 2),
            [b'&', b'=', ..] => (Token::Assign(Some(Op::BitAnd)), 2),
            [b'^', b'=', ..] => (Token::Assign(Some(Op::BitXor)), 2),
            [b'|', b'=', ..] => (Token::Assign(Some(Op::BitOr)), 2),
            [b'=', ..] => (Token::Assign(None), 1),
            [b'+', ..] => (Token::Op(Op::Add), 1),
            [b'-', ..] => (Token::Op(Op::Sub), 1),
            [b'*', ..] => (Token::Op(Op::Mul), 1),
            [b'/', ..] => (Token::Op(Op::Div), 1),
            [b'%', ..] => (Token::Op(Op::Rem), 1),
            [b'<', ..] => (Token::Op(Op::Lt), 1),
            [b'>', ..] => (Token::Op(Op::Gt), 1),
            [b'&', ..] => (Token::Op(Op::BitAnd), 1),
            [b'^', ..] => (Token::Op(Op::BitXor), 1),
            [b'|', ..] => (Token::Op(Op::BitOr), 1),
            [b'!', ..] => (Token::Not, 1),
            [b'~', ..] => (Token::Complement, 1),
            [b'?', ..] => (Token::Question, 1),
            [b':', ..] => (Token::Colon, 1),
            [b',', ..] => (Token::Comma, 1),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            _ => {
                let message = match self.last {
                    Last::Nothing | Last::Operator => "syntax error: operand expected",
                    Last::Name | Last::Value => "syntax error: invalid arithmetic operator",
                };
                return Err(error(message, self.start));
            }
        };
        self.at += len;
        self.last = Last::Operator;
        Ok(token)
    }
}

fn index_of(high: u8, low: u8) -> usize {
    (usize::from(high & 0x7f) << 7) | usize::from(low & 0x7f)
}

/// The index of the bracket that closes the one at `open`.
fn closing_bracket(text: &[u8], open: usize) -> Option<usize> {
    let mut level = 0u32;
    let mut quote = None;
    let mut bytes = text.iter().copied().enumerate().skip(open);
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => {
                bytes.next();
            }
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'[') => level += 1,
            (None, b']') => {
                level = level.saturating_sub(1);
                if level == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
