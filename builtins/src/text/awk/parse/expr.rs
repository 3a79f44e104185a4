//! Expressions, by precedence (POSIX awk, table "Expressions in Decreasing Precedence").

use super::super::ast::{Arith, Builtin, Compare, Expr, Place, Source, Var};
use super::super::lex::{Token, Word};
use super::super::regex::Regex;
use super::super::value::Value;
use super::{Called, Parsed, Parser};

impl Parser<'_> {
    /// Parses with what surrounds it forgotten: inside parentheses and brackets `>` compares.
    pub(super) fn inside<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = (self.no_greater, self.no_in);
        (self.no_greater, self.no_in) = (false, false);
        let parsed = parse(self);
        (self.no_greater, self.no_in) = outer;
        parsed
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let expression = self.assignment();
        self.depth -= 1;
        expression
    }

    fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.ternary()?;
        let Token::Sign(sign) = self.token else { return Ok(left) };
        let op = match sign {
            "=" => None,
            "+=" => Some(Arith::Add),
            "-=" => Some(Arith::Sub),
            "*=" => Some(Arith::Mul),
            "/=" => Some(Arith::Div),
            "%=" => Some(Arith::Rem),
            "^=" => Some(Arith::Pow),
            _ => return Ok(left),
        };
        // `a ~ b = c` and the like: the assignment belongs to the right-most operand.
        self.assign_to(left, op)
    }

    fn assign_to(&mut self, left: Expr, op: Option<Arith>) -> Parsed<Expr> {
        match left {
            Expr::Var(_) | Expr::Element(..) | Expr::Field(_) => {
                self.advance()?;
                self.skip_newlines()?;
                let value = Box::new(self.expression()?);
                let target = Box::new(left);
                Ok(match op {
                    None => Expr::Assign(target, value),
                    Some(op) => Expr::AssignOp(op, target, value),
                })
            }
            Expr::And(sides) => {
                let (one, two) = *sides;
                Ok(Expr::And(Box::new((one, self.assign_to(two, op)?))))
            }
            Expr::Or(sides) => {
                let (one, two) = *sides;
                Ok(Expr::Or(Box::new((one, self.assign_to(two, op)?))))
            }
            Expr::Compare(compare, sides) => {
                let (one, two) = *sides;
                Ok(Expr::Compare(compare, Box::new((one, self.assign_to(two, op)?))))
            }
            Expr::Match { negated, sides } => {
                let (one, two) = *sides;
                Ok(Expr::Match { negated, sides: Box::new((one, self.assign_to(two, op)?)) })
            }
            Expr::Concat(sides) => {
                let (one, two) = *sides;
                Ok(Expr::Concat(Box::new((one, self.assign_to(two, op)?))))
            }
            Expr::Not(inner) => Ok(Expr::Not(Box::new(self.assign_to(*inner, op)?))),
            Expr::Negate(inner) => Ok(Expr::Negate(Box::new(self.assign_to(*inner, op)?))),
            _ => self.unexpected(),
        }
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let test = self.or()?;
        if !self.take("?")? {
            return Ok(test);
        }
        self.skip_newlines()?;
        let yes = self.expression()?;
        self.skip_newlines()?;
        self.expect(":")?;
        self.skip_newlines()?;
        let no = self.expression()?;
        Ok(Expr::Choice(Box::new((test, yes, no))))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.take("||")? {
            self.skip_newlines()?;
            left = Expr::Or(Box::new((left, self.and()?)));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.membership()?;
        while self.take("&&")? {
            self.skip_newlines()?;
            left = Expr::And(Box::new((left, self.membership()?)));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while self.is_word(Word::In) && !self.no_in {
            self.advance()?;
            let array = self.place()?;
            let subscripts = match left {
                Expr::List(items) => items,
                other => Box::new([other]),
            };
            left = Expr::In(subscripts, array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let negated = match self.token {
                Token::Sign("~") => false,
                Token::Sign("!~") => true,
                _ => return Ok(left),
            };
            self.advance()?;
            self.skip_newlines()?;
            let right = self.comparison()?;
            left = Expr::Match { negated, sides: Box::new((left, right)) };
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.concatenation()?;
        let compare = match self.token {
            Token::Sign("<") => Compare::Lt,
            Token::Sign("<=") => Compare::Le,
            Token::Sign("==") => Compare::Eq,
            Token::Sign("!=") => Compare::Ne,
            Token::Sign(">=") => Compare::Ge,
            Token::Sign(">") if !self.no_greater => Compare::Gt,
            _ => return Ok(left),
        };
        self.advance()?;
        let right = self.concatenation()?;
        Ok(Expr::Compare(compare, Box::new((left, right))))
    }

    /// `a b c`, and `a b | getline`.
    pub(super) fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.additive()?;
        loop {
            let both_ways = self.is("|&");
            if (both_ways || self.is("|")) && self.lexer.word_after_ends(b"getline") {
                self.advance()?;
                self.advance()?;
                let target = self.optional_target()?;
                let command = Box::new(left);
                let source = match both_ways {
                    true => Source::Coprocess(command),
                    false => Source::Command(command),
                };
                left = Expr::Getline { source, target };
            } else if self.starts_operand() {
                left = Expr::Concat(Box::new((left, self.additive()?)));
            } else {
                return Ok(left);
            }
        }
    }

    /// Whether the next token begins an operand that is joined to what came before.
    fn starts_operand(&self) -> bool {
        match &self.token {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::StrongRegex(_) => true,
            Token::Name(_) | Token::Function(_) | Token::Indirect(_) => true,
            Token::Sign(sign) => matches!(*sign, "(" | "$" | "!" | "++" | "--" | "-" | "+"),
            _ => false,
        }
    }

    fn additive(&mut self) -> Parsed<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let op = match self.token {
                Token::Sign("+") => Arith::Add,
                Token::Sign("-") => Arith::Sub,
                _ => return Ok(left),
            };
            self.advance()?;
            left = Expr::Arith(op, Box::new((left, self.multiplicative()?)));
        }
    }

    fn multiplicative(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let op = match self.token {
                Token::Sign("*") => Arith::Mul,
                Token::Sign("/") => Arith::Div,
                Token::Sign("%") => Arith::Rem,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.unary()?;
            let zero = matches!(right, Expr::Constant(Value::Number(0.0)));
            match op {
                Arith::Div if zero => return self.refuse("division by zero attempted"),
                Arith::Rem if zero => return self.refuse("division by zero attempted in `%'"),
                _ => {}
            }
            left = Expr::Arith(op, Box::new((left, right)));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let expression = match self.token {
            Token::Sign("!") => {
                self.advance()?;
                Expr::Not(Box::new(self.unary()?))
            }
            Token::Sign("-") => {
                self.advance()?;
                Expr::Negate(Box::new(self.unary()?))
            }
            Token::Sign("+") => {
                self.advance()?;
                Expr::Plus(Box::new(self.unary()?))
            }
            _ => self.power()?,
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.postfix()?;
        if !self.take("^")? {
            return Ok(base);
        }
        // To the right, and a sign may stand before the exponent.
        let exponent = match self.token {
            Token::Sign("-" | "+" | "!") => self.unary()?,
            _ => self.power()?,
        };
        Ok(Expr::Arith(Arith::Pow, Box::new((base, exponent))))
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let operand = self.primary()?;
        let by = match self.token {
            Token::Sign("++") => 1.0,
            Token::Sign("--") => -1.0,
            _ => return Ok(operand),
        };
        if !is_target(&operand) {
            return Ok(operand);
        }
        self.advance()?;
        Ok(Expr::Step { target: Box::new(operand), by, prefix: false })
    }

    /// An operand without any operator but `$`, `++` and `--` in front.
    pub(super) fn primary_operand(&mut self) -> Parsed<Expr> {
        self.primary()
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.token.clone() {
            Token::Number(number) => {
                self.advance()?;
                Ok(Expr::Constant(Value::Number(number)))
            }
            Token::Text(text) => {
                self.advance()?;
                Ok(Expr::Constant(Value::Text(text)))
            }
            Token::Regex(pattern) => {
                self.advance()?;
                match Regex::new(&pattern, false, self.bytes) {
                    Ok(regex) => Ok(Expr::Regex(regex.into())),
                    Err(message) => self.refuse(message),
                }
            }
            Token::StrongRegex(pattern) => {
                self.advance()?;
                match Regex::new(&pattern, false, self.bytes) {
                    Ok(_) => Ok(Expr::Constant(Value::Regex(pattern))),
                    Err(message) => self.refuse(message),
                }
            }
            Token::Sign("(") => self.group(),
            Token::Sign("$") => {
                self.advance()?;
                Ok(Expr::Field(Box::new(self.primary()?)))
            }
            Token::Sign(sign @ ("++" | "--")) => {
                self.advance()?;
                let target = self.primary()?;
                if !is_target(&target) {
                    return self.unexpected();
                }
                let by = if sign == "++" { 1.0 } else { -1.0 };
                Ok(Expr::Step { target: Box::new(target), by, prefix: true })
            }
            Token::Sign("-" | "+" | "!") => self.unary(),
            Token::Word(Word::Getline) => {
                self.advance()?;
                let target = self.optional_target()?;
                let source = if self.take("<")? { self.file_source()? } else { Source::Input };
                Ok(Expr::Getline { source, target })
            }
            Token::Name(name) => {
                self.advance()?;
                if let Some(function) = Builtin::by_name(&name) {
                    // Only `length` may stand without parentheses, or with a blank before them.
                    if self.is("(") {
                        return self.builtin(function);
                    }
                    if function == Builtin::Length {
                        return Ok(Expr::Builtin { function, args: Box::default() });
                    }
                    return self.unexpected();
                }
                let variable = self.variable(&name);
                self.element_or(variable)
            }
            Token::Indirect(name) => {
                self.advance()?;
                let name = self.variable(&name);
                let args = self.arguments()?.into();
                self.advance()?;
                Ok(Expr::Indirect { name, args })
            }
            Token::Function(name) => {
                self.advance()?;
                match Builtin::by_name(&name) {
                    Some(function) => self.builtin(function),
                    None => self.call(&name),
                }
            }
            _ => self.unexpected(),
        }
    }

    fn element_or(&mut self, variable: Var) -> Parsed<Expr> {
        if !self.is("[") {
            return Ok(Expr::Var(variable));
        }
        let mut place = Place::Var(variable);
        loop {
            let subscripts = self.subscripts()?;
            if !self.is("[") {
                return Ok(Expr::Element(place, subscripts));
            }
            place = Place::Element(Box::new(place), subscripts);
        }
    }

    /// `[…]`
    pub(super) fn subscripts(&mut self) -> Parsed<Box<[Expr]>> {
        self.expect("[")?;
        let subscripts = self.inside(|parser| parser.list("]"))?;
        self.expect("]")?;
        if subscripts.is_empty() {
            return self.unexpected();
        }
        Ok(subscripts.into())
    }

    /// The name of an array, or an element that is one.
    pub(super) fn place(&mut self) -> Parsed<Place> {
        let Token::Name(name) = self.advance()? else { return self.unexpected() };
        let mut place = Place::Var(self.variable(&name));
        while self.is("[") {
            place = Place::Element(Box::new(place), self.subscripts()?);
        }
        Ok(place)
    }

    fn group(&mut self) -> Parsed<Expr> {
        self.advance()?;
        let mut items = self.inside(|parser| parser.list(")"))?;
        self.expect(")")?;
        match items.len() {
            0 => self.unexpected(),
            1 => match items.pop() {
                Some(only) => Ok(Expr::Group(Box::new(only))),
                None => self.unexpected(),
            },
            _ => Ok(Expr::List(items.into())),
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        let args = self.inside(|parser| parser.list(")"))?;
        if !self.is(")") {
            return self.unexpected();
        }
        Ok(args)
    }

    fn builtin(&mut self, function: Builtin) -> Parsed<Expr> {
        let args = self.arguments()?;
        let (least, most) = function.arity();
        if args.len() < least || args.len() > most {
            let name = format!("{function:?}").to_lowercase();
            let message = format!("{} is invalid as number of arguments for {name}", args.len());
            return self.fail(message);
        }
        self.advance()?;
        Ok(Expr::Builtin { function, args: args.into() })
    }

    fn call(&mut self, name: &bytes::Bytes) -> Parsed<Expr> {
        let function = self.function(name);
        let line = self.line;
        let args: Box<[Expr]> = self.arguments()?.into();
        let arguments = args.len();
        self.called.push(Called { index: function, name: name.clone(), line, arguments });
        self.advance()?;
        Ok(Expr::Call { function, args })
    }

    /// What `getline` may read into.
    fn optional_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        match &self.token {
            Token::Sign("$") => {}
            Token::Name(name) if Builtin::by_name(name).is_none() => {}
            _ => return Ok(None),
        }
        let target = self.primary()?;
        if is_target(&target) { Ok(Some(Box::new(target))) } else { self.unexpected() }
    }
}

fn is_target(expression: &Expr) -> bool {
    matches!(expression, Expr::Var(_) | Expr::Element(..) | Expr::Field(_))
}
