//! Statements.

use super::super::ast::{Case, Expr, Place, Redirect, RedirectKind, Source, Stmt};
use super::super::lex::{SyntaxError, Token, Word};
use super::super::regex::Regex;
use super::super::value::Value;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `{ … }`
    pub(super) fn block(&mut self) -> Parsed<Stmt> {
        self.expect("{")?;
        let mut body = Vec::new();
        loop {
            self.skip_ends()?;
            if self.take("}")? {
                return Ok(Stmt::Block(body.into()));
            }
            body.push(self.statement()?);
        }
    }

    /// What ends a simple statement: `;`, a newline, or a `}` that is not taken.
    fn end(&mut self) -> Parsed<()> {
        match self.token {
            Token::Newline | Token::Sign(";") => {
                self.advance()?;
                Ok(())
            }
            Token::Sign("}") | Token::End => Ok(()),
            _ => self.unexpected(),
        }
    }

    /// The body of `if`, `while` and the like: after newlines, or an empty one by `;`.
    fn body(&mut self) -> Parsed<Box<Stmt>> {
        self.skip_newlines()?;
        if self.take(";")? {
            return Ok(Box::new(Stmt::Block(Box::default())));
        }
        Ok(Box::new(self.statement()?))
    }

    fn loop_body(&mut self) -> Parsed<Box<Stmt>> {
        self.loops += 1;
        let body = self.body();
        self.loops -= 1;
        body
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        self.deeper()?;
        let line = self.line;
        let statement = self.statement_here();
        self.depth -= 1;
        Ok(match statement? {
            block @ Stmt::Block(_) => block,
            statement => Stmt::At(line, Box::new(statement)),
        })
    }

    fn statement_here(&mut self) -> Parsed<Stmt> {
        if self.is("{") {
            return self.block();
        }
        let Token::Word(word) = self.token else { return self.simple_end() };
        match word {
            Word::If => self.if_statement(),
            Word::While => self.while_statement(),
            Word::Do => self.do_statement(),
            Word::For => self.for_statement(),
            Word::Switch => self.switch_statement(),
            _ => self.simple_end(),
        }
    }

    fn simple_end(&mut self) -> Parsed<Stmt> {
        let statement = self.simple()?;
        self.end()?;
        Ok(statement)
    }

    fn condition(&mut self) -> Parsed<Expr> {
        self.advance()?;
        self.expect("(")?;
        let condition = self.inside(Self::expression)?;
        self.expect(")")?;
        Ok(condition)
    }

    fn if_statement(&mut self) -> Parsed<Stmt> {
        let condition = self.condition()?;
        let then = self.body()?;
        // `;` and newlines may stand before `else`; without one they end the statement.
        while self.token == Token::Newline || self.is(";") {
            if !self.else_follows() {
                break;
            }
            self.advance()?;
        }
        if !self.is_word(Word::Else) {
            return Ok(Stmt::If(condition, then, None));
        }
        self.advance()?;
        let otherwise = self.body()?;
        Ok(Stmt::If(condition, then, Some(otherwise)))
    }

    /// Whether the next token but ends is `else`.
    fn else_follows(&mut self) -> bool {
        self.lexer.word_after_ends(b"else")
    }

    fn while_statement(&mut self) -> Parsed<Stmt> {
        let condition = self.condition()?;
        if self.take(";")? {
            return Ok(Stmt::While(condition, Box::new(Stmt::Block(Box::default()))));
        }
        let body = self.loop_body()?;
        Ok(Stmt::While(condition, body))
    }

    fn do_statement(&mut self) -> Parsed<Stmt> {
        self.advance()?;
        let body = self.loop_body()?;
        self.skip_ends()?;
        if !self.is_word(Word::While) {
            return self.unexpected();
        }
        let condition = self.condition()?;
        self.end()?;
        Ok(Stmt::DoWhile(body, condition))
    }

    fn for_statement(&mut self) -> Parsed<Stmt> {
        self.advance()?;
        self.expect("(")?;
        let init = if self.is(";") {
            None
        } else {
            self.no_in = true;
            let init = self.simple();
            self.no_in = false;
            let init = init?;
            if self.is_word(Word::In) {
                return self.for_in(init);
            }
            Some(Box::new(init))
        };
        self.expect(";")?;
        self.skip_newlines()?;
        let test = if self.is(";") { None } else { Some(self.inside(Self::expression)?) };
        self.expect(";")?;
        self.skip_newlines()?;
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        let body = self.loop_body()?;
        Ok(Stmt::For { init, test, step, body })
    }

    fn for_in(&mut self, init: Stmt) -> Parsed<Stmt> {
        let target = match init {
            Stmt::Expr(target @ (Expr::Var(_) | Expr::Element(..) | Expr::Field(_))) => target,
            // `for ((i, j) in a)` is `in` itself; it comes here as a list.
            _ => return self.unexpected(),
        };
        self.advance()?;
        let array = self.place()?;
        if self.take(")")? {
            let body = self.loop_body()?;
            return Ok(Stmt::ForIn { target, array, body });
        }
        // It was the first part of a C-style loop: `for (x in a; …)`.
        let test = Expr::In(Box::new([target]), array);
        self.expect(";")?;
        let condition = if self.is(";") { None } else { Some(self.inside(Self::expression)?) };
        self.expect(";")?;
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        let body = self.loop_body()?;
        Ok(Stmt::For { init: Some(Box::new(Stmt::Expr(test))), test: condition, step, body })
    }

    fn switch_statement(&mut self) -> Parsed<Stmt> {
        let subject = self.condition()?;
        self.skip_newlines()?;
        self.expect("{")?;
        let mut cases = Vec::new();
        self.loops += 1;
        loop {
            self.skip_ends()?;
            if self.take("}")? {
                break;
            }
            let case = match self.advance()? {
                Token::Word(Word::Default) => Case::Default,
                Token::Word(Word::Case) => self.case_value()?,
                _ => return self.unexpected(),
            };
            self.skip_newlines()?;
            self.expect(":")?;
            let mut body = Vec::new();
            loop {
                self.skip_ends()?;
                if self.is("}") || self.is_word(Word::Case) || self.is_word(Word::Default) {
                    break;
                }
                body.push(self.statement()?);
            }
            cases.push((case, body.into()));
        }
        self.loops -= 1;
        Ok(Stmt::Switch(subject, cases.into()))
    }

    fn case_value(&mut self) -> Parsed<Case> {
        Ok(match self.advance()? {
            Token::Number(number) => Case::Value(Value::Number(number)),
            Token::Text(text) => Case::Value(Value::Text(text)),
            Token::Regex(pattern) | Token::StrongRegex(pattern) => {
                match Regex::new(&pattern, false, self.bytes) {
                    Ok(regex) => Case::Regex(regex.into()),
                    Err(message) => return self.refuse(message),
                }
            }
            Token::Sign("-") => match self.advance()? {
                Token::Number(number) => Case::Value(Value::Number(-number)),
                _ => return self.unexpected(),
            },
            _ => return self.unexpected(),
        })
    }

    /// A statement that `for (` may hold.
    fn simple(&mut self) -> Parsed<Stmt> {
        let Token::Word(word) = self.token else { return Ok(Stmt::Expr(self.expression()?)) };
        let statement = match word {
            Word::Print | Word::Printf => return self.print(),
            Word::Delete => return self.delete(),
            Word::Getline => return Ok(Stmt::Expr(self.expression()?)),
            Word::Exit | Word::Return => {
                if word == Word::Return && !self.in_function {
                    return self.fail("`return' used outside function context");
                }
                self.advance()?;
                let value = match self.token {
                    Token::Newline | Token::Sign(";" | "}") | Token::End => None,
                    _ => Some(self.expression()?),
                };
                if word == Word::Exit {
                    return Ok(Stmt::Exit(value));
                }
                return Ok(Stmt::Return(value));
            }
            Word::Next | Word::NextFile if self.in_special.is_some() => {
                let name = if word == Word::Next { "next" } else { "nextfile" };
                let section = self.in_special.unwrap_or_default();
                return self.refuse(format!("`{name}' used in {section} action"));
            }
            Word::Next => Stmt::Next,
            Word::NextFile => Stmt::NextFile,
            Word::Break if self.loops > 0 => Stmt::Break,
            Word::Continue if self.loops > 0 => Stmt::Continue,
            Word::Break => return self.refuse("`break' is not allowed outside a loop or switch"),
            Word::Continue => return self.refuse("`continue' is not allowed outside a loop"),
            _ => return self.unexpected(),
        };
        self.advance()?;
        Ok(statement)
    }

    fn delete(&mut self) -> Parsed<Stmt> {
        self.advance()?;
        Ok(match self.place()? {
            Place::Element(array, subscripts) => Stmt::Delete(*array, subscripts),
            whole @ Place::Var(_) => Stmt::DeleteAll(whole),
        })
    }

    fn print(&mut self) -> Parsed<Stmt> {
        let formatted = self.is_word(Word::Printf);
        self.advance()?;
        let mut args = Vec::new();
        let ends = |parser: &Self| {
            matches!(
                parser.token,
                Token::Newline
                    | Token::End
                    | Token::Sign(";" | "}" | ">" | ">>" | "|" | "|&" | ")")
            )
        };
        let outer = std::mem::replace(&mut self.no_greater, true);
        if !ends(self) {
            args.push(self.expression()?);
            while self.take(",")? {
                self.skip_newlines()?;
                args.push(self.expression()?);
            }
        }
        self.no_greater = outer;
        // `print (a, b) > f`: the list is the arguments.
        if let [Expr::List(_)] = args.as_slice()
            && let Some(Expr::List(items)) = args.pop()
        {
            args = items.into_vec();
        }
        let kind = match self.token {
            Token::Sign(">") => Some(RedirectKind::Write),
            Token::Sign(">>") => Some(RedirectKind::Append),
            Token::Sign("|") => Some(RedirectKind::Pipe),
            Token::Sign("|&") => Some(RedirectKind::Coprocess),
            _ => None,
        };
        let to = match kind {
            None => None,
            Some(kind) => {
                self.advance()?;
                Some(Redirect { kind, to: self.concatenation_free()? })
            }
        };
        if formatted && args.is_empty() {
            let message = "fatal: printf: no arguments".to_owned();
            return Err(SyntaxError { message, line: self.line, at: None });
        }
        let args = args.into();
        Ok(if formatted { Stmt::Printf { args, to } } else { Stmt::Print { args, to } })
    }

    /// What follows `>`: a primary or a concatenation of such, no comparison.
    fn concatenation_free(&mut self) -> Parsed<Expr> {
        let outer = std::mem::replace(&mut self.no_greater, true);
        let target = self.concatenation();
        self.no_greater = outer;
        target
    }

    /// `getline < file` binds to what follows tightly.
    pub(super) fn file_source(&mut self) -> Parsed<Source> {
        Ok(Source::File(Box::new(self.primary_operand()?)))
    }
}
