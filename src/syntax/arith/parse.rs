//! The grammar of expressions, by precedence.

use super::lex::{Lexer, Token};
use super::{ARITH_NESTING_MAX, ArithSyntaxError, error};
use crate::syntax::ast::{
    Arith, ArithAssign, ArithOp, ArithPlace, ArithRight, ArithStep, ArithUnary,
};

type Parsed<T> = Result<T, ArithSyntaxError>;

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    /// The name that was read last, if the token before the current one was a name: what an
    /// assignment operator assigns to.
    place: Option<ArithPlace>,
    depth: u32,
    operands: Vec<usize>,
    /// After an error: the operands to its left, which bash has evaluated by then.
    before: Vec<Arith>,
}

/// Binary operators from `||` to `*`; the larger binds tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Level(u8);

const LOOSEST: Level = Level(1);
const OR: Level = Level(1);
const AND: Level = Level(2);

impl<'a> Parser<'a> {
    pub fn new(lexer: Lexer<'a>) -> Self {
        Self {
            lexer,
            token: Token::End,
            place: None,
            depth: 0,
            operands: Vec::new(),
            before: Vec::new(),
        }
    }

    /// The numbers of the expansions that are operands, in the order of [`Arith::Operand`].
    pub fn operands(&self) -> &[usize] {
        &self.operands
    }

    /// All of the text. Nothing but blanks is 0.
    pub fn whole(&mut self) -> Parsed<Arith> {
        self.advance()?;
        if matches!(self.token, Token::End) {
            return Ok(Arith::Number(0));
        }
        let value = self.comma()?;
        match self.token {
            Token::End => Ok(value),
            _ => {
                let error = self.error("syntax error in expression");
                self.left(Err(error), value)
            }
        }
    }

    /// What stands to the left of an error, in the order of evaluation.
    pub fn before(self) -> Vec<Arith> {
        self.before
    }

    /// Notes `left` if `result`, what stands to its right, is an error.
    fn left<T>(&mut self, result: Parsed<T>, left: Arith) -> Parsed<T> {
        if result.is_err() {
            self.before.insert(0, left);
        }
        result
    }

    fn error(&self, message: &'static str) -> ArithSyntaxError {
        error(message, self.lexer.start)
    }

    fn advance(&mut self) -> Parsed<()> {
        self.place = match std::mem::replace(&mut self.token, Token::End) {
            Token::Name(place) => Some(place),
            _ => None,
        };
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn comma(&mut self) -> Parsed<Arith> {
        let first = self.assign()?;
        if !matches!(self.token, Token::Comma) {
            return Ok(first);
        }
        let mut values = vec![first];
        while matches!(self.token, Token::Comma) {
            let next = self.advance().and_then(|()| self.assign());
            match next {
                Ok(value) => values.push(value),
                Err(error) => return self.left(Err(error), Arith::Comma(values.into())),
            }
        }
        Ok(Arith::Comma(values.into()))
    }

    fn assign(&mut self) -> Parsed<Arith> {
        self.deeper()?;
        let value = self.choice()?;
        let value = match self.token {
            Token::Assign(op) => {
                let Some(place) = self.place.take().filter(|_| is_place(&value)) else {
                    return Err(self.error("attempted assignment to non-variable"));
                };
                self.advance()?;
                let value = self.assign()?;
                let at = offset(self.lexer.start);
                Arith::Assign(Box::new(ArithAssign { place, op, value, at }))
            }
            _ => value,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn deeper(&mut self) -> Parsed<()> {
        if self.depth >= ARITH_NESTING_MAX {
            return Err(self.error("expression recursion level exceeded"));
        }
        self.depth += 1;
        Ok(())
    }

    fn choice(&mut self) -> Parsed<Arith> {
        let condition = self.binary(LOOSEST)?;
        if !matches!(self.token, Token::Question) {
            return Ok(condition);
        }
        self.deeper()?;
        let (yes, no) = match self.branches() {
            Ok(branches) => branches,
            Err(error) => return self.left(Err(error), condition),
        };
        self.depth -= 1;
        Ok(Arith::Choice(Box::new((condition, yes, no))))
    }

    /// `? yes : no`. Which of them counts isn't known, so none of them is to the left of an error.
    fn branches(&mut self) -> Parsed<(Arith, Arith)> {
        let branches = self.branch_pair();
        if branches.is_err() {
            self.before.clear();
        }
        branches
    }

    fn branch_pair(&mut self) -> Parsed<(Arith, Arith)> {
        self.advance()?;
        if matches!(self.token, Token::End | Token::Colon) {
            return Err(self.error("expression expected"));
        }
        let yes = self.comma()?;
        if !matches!(self.token, Token::Colon) {
            return Err(self.error("`:' expected for conditional expression"));
        }
        self.advance()?;
        if matches!(self.token, Token::End) {
            return Err(self.error("expression expected"));
        }
        Ok((yes, self.choice()?))
    }

    fn level(&self) -> Option<Level> {
        Some(Level(match self.token {
            Token::Or => OR.0,
            Token::And => AND.0,
            Token::Op(op) => match op {
                ArithOp::BitOr => 3,
                ArithOp::BitXor => 4,
                ArithOp::BitAnd => 5,
                ArithOp::Eq | ArithOp::Ne => 6,
                ArithOp::Lt | ArithOp::Le | ArithOp::Gt | ArithOp::Ge => 7,
                ArithOp::ShiftLeft | ArithOp::ShiftRight => 8,
                ArithOp::Add | ArithOp::Sub => 9,
                ArithOp::Mul | ArithOp::Div | ArithOp::Rem => 10,
                ArithOp::Pow => return None,
            },
            _ => return None,
        }))
    }

    /// Operators at least as tight as `min`.
    fn binary(&mut self, min: Level) -> Parsed<Arith> {
        let mut left = self.power()?;
        while let Some(level) = self.level().filter(|level| *level >= min) {
            let tighter = Level(level.0 + 1);
            if level == OR || level == AND {
                let mut terms = vec![left];
                while self.level() == Some(level) {
                    let next = self.advance().and_then(|()| self.binary(tighter));
                    match next {
                        Ok(term) => terms.push(term),
                        Err(error) => return self.left(Err(error), logical(level, terms)),
                    }
                }
                left = logical(level, terms);
                continue;
            }
            let mut rest = Vec::new();
            while self.level() == Some(level)
                && let Token::Op(op) = self.token
            {
                let at = offset(self.lexer.rest_start());
                let next = self.advance().and_then(|()| self.binary(tighter));
                match next {
                    Ok(value) => rest.push(ArithRight { op, value, at }),
                    Err(error) => {
                        let done = Arith::Binary { first: Box::new(left), rest: rest.into() };
                        return self.left(Err(error), done);
                    }
                }
            }
            left = Arith::Binary { first: Box::new(left), rest: rest.into() };
        }
        Ok(left)
    }

    fn power(&mut self) -> Parsed<Arith> {
        let left = self.unary()?;
        if !matches!(self.token, Token::Op(ArithOp::Pow)) {
            return Ok(left);
        }
        self.deeper()?;
        let value = match self.advance().and_then(|()| self.power()) {
            Ok(value) => value,
            Err(error) => return self.left(Err(error), left),
        };
        self.depth -= 1;
        let right = ArithRight { op: ArithOp::Pow, value, at: offset(self.lexer.start) };
        Ok(Arith::Binary { first: Box::new(left), rest: Box::new([right]) })
    }

    fn unary(&mut self) -> Parsed<Arith> {
        let op = match self.token {
            Token::Not => ArithUnary::Not,
            Token::Complement => ArithUnary::Complement,
            Token::Op(ArithOp::Sub) => ArithUnary::Minus,
            Token::Op(ArithOp::Add) => ArithUnary::Plus,
            _ => return self.primary(),
        };
        self.deeper()?;
        self.advance()?;
        let value = self.unary()?;
        self.depth -= 1;
        Ok(match (op, value) {
            (ArithUnary::Minus, Arith::Number(number)) => Arith::Number(number.wrapping_neg()),
            (op, value) => Arith::Unary(op, Box::new(value)),
        })
    }

    fn primary(&mut self) -> Parsed<Arith> {
        match &self.token {
            Token::Before { down } => {
                let down = *down;
                self.advance()?;
                let Token::Name(place) = &self.token else {
                    return Err(
                        self.error("identifier expected after pre-increment or pre-decrement")
                    );
                };
                let place = place.clone();
                self.advance()?;
                if let Token::After { down } = self.token {
                    return Err(self.error(match down {
                        true => "--: assignment requires lvalue",
                        false => "++: assignment requires lvalue",
                    }));
                }
                self.place = None;
                Ok(Arith::Step(Box::new(ArithStep { place, prefix: true, down })))
            }
            Token::Open => {
                self.advance()?;
                let value = self.comma()?;
                if !matches!(self.token, Token::Close) {
                    return Err(self.error("missing `)'"));
                }
                self.advance()?;
                Ok(value)
            }
            Token::Number(number) => {
                let number = *number;
                self.advance()?;
                Ok(Arith::Number(number))
            }
            Token::Operand(index) => {
                let number = u16::try_from(self.operands.len()).map_err(|_| self.error(""))?;
                self.operands.push(*index);
                self.advance()?;
                Ok(Arith::Operand(number))
            }
            Token::Name(_) => self.name(),
            _ => Err(self.error("syntax error: operand expected")),
        }
    }

    fn name(&mut self) -> Parsed<Arith> {
        self.advance()?;
        let Some(place) = self.place.clone() else {
            return Err(self.error("syntax error: operand expected"));
        };
        if let Token::After { down } = self.token {
            self.advance()?;
            return Ok(Arith::Step(Box::new(ArithStep { place, prefix: false, down })));
        }
        Ok(match place.subscript {
            None => Arith::Variable(place.name),
            Some(_) => Arith::Element(Box::new(place)),
        })
    }
}

/// `a && b` or `a || b` of one or more terms.
fn logical(level: Level, terms: Vec<Arith>) -> Arith {
    if level == OR { Arith::Or(terms.into()) } else { Arith::And(terms.into()) }
}

/// Only a name by itself can be assigned to.
fn is_place(value: &Arith) -> bool {
    matches!(value, Arith::Variable(_) | Arith::Element(_))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
