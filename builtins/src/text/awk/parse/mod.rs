//! From tokens to a program: items, rules and functions.

mod expr;
mod stmt;

use std::collections::HashMap;

use bstr::ByteSlice;
use bytes::Bytes;

use super::ast::{Builtin, Expr, Function, Pattern, Program, Rule, Special, Stmt, Var};
use super::lex::{Lexer, SyntaxError, Token, Word};

/// How deep expressions and statements may nest.
const DEPTH_MAX: u32 = 2000;

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// Reads a whole program; with `bytes` a character of its patterns is a byte.
///
/// # Errors
/// The first thing that is wrong, and its line.
pub(super) fn parse(text: &[u8], bytes: bool) -> Parsed<Program> {
    let mut parser = Parser::new(text, bytes)?;
    parser.program()?;
    parser.finish()
}

/// A call, whose function may be defined later.
struct Called {
    index: usize,
    name: Bytes,
    line: u32,
    arguments: usize,
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    line: u32,
    /// Whether a `/` after the last token divides.
    after_operand: bool,
    program: Program,
    globals: HashMap<Bytes, usize>,
    /// Parameters of the function that is being read.
    locals: Vec<Bytes>,
    functions: HashMap<Bytes, usize>,
    /// Functions that were called, perhaps before they are defined.
    called: Vec<Called>,
    defined: Vec<bool>,
    depth: u32,
    loops: u32,
    in_function: bool,
    /// The action that has no record: `BEGIN` or `END`.
    in_special: Option<&'static str>,
    /// Inside `print …`, where `>` redirects and is no comparison.
    no_greater: bool,
    /// Inside `for (`, where `in` may end the expression.
    no_in: bool,
    bytes: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8], bytes: bool) -> Parsed<Self> {
        let mut parser = Self {
            lexer: Lexer::new(text),
            token: Token::Newline,
            line: 1,
            after_operand: false,
            program: Program::default(),
            globals: HashMap::new(),
            locals: Vec::new(),
            functions: HashMap::new(),
            called: Vec::new(),
            defined: Vec::new(),
            depth: 0,
            loops: 0,
            in_function: false,
            in_special: None,
            no_greater: false,
            no_in: false,
            bytes,
        };
        for (_, name) in Special::ALL {
            parser.global(&Bytes::from_static(name.as_bytes()));
        }
        parser.advance()?;
        Ok(parser)
    }

    fn finish(mut self) -> Parsed<Program> {
        let mut warnings = std::mem::take(&mut self.lexer.warnings);
        for Called { index, name, line, arguments } in std::mem::take(&mut self.called) {
            let name = name.as_bstr();
            if self.defined.get(index) != Some(&true) {
                let message = format!("fatal: function `{name}' not defined");
                return Err(SyntaxError { message, line, at: None });
            }
            let known = self.program.functions.get(index);
            if known.is_some_and(|function| function.parameters.len() < arguments) {
                let message = format!("function `{name}' called with more arguments than declared");
                warnings.push((line, message));
            }
        }
        self.program.warnings = warnings;
        Ok(self.program)
    }

    fn advance(&mut self) -> Parsed<Token> {
        let next = self.lexer.next(!self.after_operand)?;
        self.line = self.lexer.line;
        self.after_operand = match &next {
            Token::Number(_)
            | Token::Text(_)
            | Token::Regex(_)
            | Token::StrongRegex(_)
            | Token::Name(_) => true,
            Token::Sign(sign) => matches!(*sign, ")" | "]" | "$" | "++" | "--"),
            Token::Word(word) => matches!(word, Word::Getline),
            _ => false,
        };
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(given) if given == sign)
    }

    fn is_word(&self, word: Word) -> bool {
        self.token == Token::Word(word)
    }

    /// Takes the sign if it is the next token.
    fn take(&mut self, sign: &str) -> Parsed<bool> {
        let found = self.is(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign)? { Ok(()) } else { self.unexpected() }
    }

    fn unexpected<T>(&self) -> Parsed<T> {
        self.fail(match self.token {
            Token::Newline | Token::End => "unexpected newline or end of string",
            _ => "syntax error",
        })
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(SyntaxError { message: message.into(), line: self.line, at: Some(self.lexer.start) })
    }

    /// What is wrong with a program whose syntax is right.
    fn refuse<T>(&self, message: impl std::fmt::Display) -> Parsed<T> {
        Err(SyntaxError { message: format!("error: {message}"), line: self.line, at: None })
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail("program is nested too deeply");
        }
        Ok(())
    }

    fn skip_newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    fn skip_ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance()?;
        }
        Ok(())
    }

    fn global(&mut self, name: &Bytes) -> usize {
        if let Some(slot) = self.globals.get(name) {
            return *slot;
        }
        let slot = self.program.globals.len();
        self.program.globals.push(name.clone());
        self.globals.insert(name.clone(), slot);
        slot
    }

    fn variable(&mut self, name: &Bytes) -> Var {
        match self.locals.iter().position(|local| local == name) {
            Some(slot) => Var::Local(slot),
            None => Var::Global(self.global(name)),
        }
    }

    fn function(&mut self, name: &Bytes) -> usize {
        if let Some(index) = self.functions.get(name) {
            return *index;
        }
        let index = self.defined.len();
        self.functions.insert(name.clone(), index);
        self.defined.push(false);
        let body = Stmt::Block(Box::default());
        self.program.functions.push(Function { name: name.clone(), parameters: Vec::new(), body });
        index
    }

    fn program(&mut self) -> Parsed<()> {
        loop {
            self.skip_ends()?;
            match &self.token {
                Token::End => return Ok(()),
                Token::Word(Word::Function | Word::Func) => self.function_item()?,
                Token::Word(
                    word @ (Word::Begin | Word::EndRule | Word::BeginFile | Word::EndFile),
                ) => {
                    let word = *word;
                    self.advance()?;
                    if !self.is("{") {
                        let name = match word {
                            Word::Begin => "BEGIN",
                            Word::EndRule => "END",
                            Word::BeginFile => "BEGINFILE",
                            _ => "ENDFILE",
                        };
                        return match self.token {
                            Token::Newline | Token::End | Token::Sign(";") => {
                                Err(self.without_action(name))
                            }
                            _ => self.unexpected(),
                        };
                    }
                    self.in_special = match word {
                        Word::Begin => Some("BEGIN"),
                        Word::EndRule => Some("END"),
                        _ => None,
                    };
                    let body = self.block();
                    self.in_special = None;
                    let body = body?;
                    match word {
                        Word::Begin => self.program.begin.push(body),
                        Word::BeginFile => self.program.begin_file.push(body),
                        Word::EndFile => self.program.end_file.push(body),
                        _ => self.program.end.push(body),
                    }
                    self.program.reads_input |= word != Word::Begin;
                }
                _ => self.rule()?,
            }
        }
    }

    fn without_action(&self, name: &str) -> SyntaxError {
        let message = format!("{name} blocks must have an action part");
        SyntaxError { message, line: self.line, at: None }
    }

    fn rule(&mut self) -> Parsed<()> {
        // As a value it is nothing that could be true or false.
        if matches!(self.token, Token::StrongRegex(_)) {
            return self.unexpected();
        }
        self.program.reads_input = true;
        let line = self.line;
        let pattern = if self.is("{") {
            Pattern::Always
        } else {
            let first = self.expression()?;
            if self.take(",")? {
                self.skip_newlines()?;
                let last = self.expression()?;
                let index = self.program.ranges;
                self.program.ranges += 1;
                Pattern::Range(first, last, index)
            } else {
                Pattern::When(first)
            }
        };
        let body = if self.is("{") {
            Some(self.block()?)
        } else {
            match self.token {
                Token::Newline | Token::End => None,
                Token::Sign(";") => None,
                _ => return self.unexpected(),
            }
        };
        self.program.rules.push(Rule { line, pattern, body });
        Ok(())
    }

    fn function_item(&mut self) -> Parsed<()> {
        self.advance()?;
        let (Token::Name(name) | Token::Function(name)) = self.advance()? else {
            return self.unexpected();
        };
        if Builtin::by_name(&name).is_some() {
            let name = String::from_utf8_lossy(&name).into_owned();
            return self.fail(format!("`{name}' is a built-in function, it cannot be redefined"));
        }
        let index = self.function(&name);
        let special = Special::ALL.iter().any(|(_, known)| known.as_bytes() == name);
        if special || self.defined.get(index) == Some(&true) {
            let name = name.as_bstr();
            return self.refuse(format!("function name `{name}' previously defined"));
        }
        self.expect("(")?;
        let mut locals = Vec::new();
        self.skip_newlines()?;
        while !self.is(")") {
            let Token::Name(local) = self.advance()? else { return self.unexpected() };
            if local == name {
                let name = String::from_utf8_lossy(&name).into_owned();
                let message = "cannot use function name as parameter name";
                return self.refuse(format!("function `{name}': {message}"));
            }
            if let Some(first) = locals.iter().position(|known| *known == local) {
                let (name, local) = (name.as_bstr(), local.as_bstr());
                let (first, second) = (first + 1, locals.len() + 1);
                return self.refuse(format!(
                    "function `{name}': parameter #{second}, `{local}', duplicates parameter #{first}"
                ));
            }
            locals.push(local);
            self.skip_newlines()?;
            if !self.take(",")? {
                break;
            }
            self.skip_newlines()?;
        }
        self.expect(")")?;
        self.skip_newlines()?;
        if let Some(defined) = self.defined.get_mut(index) {
            *defined = true;
        }
        let parameters = locals.clone();
        self.locals = locals;
        self.in_function = true;
        let loops = std::mem::take(&mut self.loops);
        let body = self.block();
        self.loops = loops;
        self.in_function = false;
        self.locals.clear();
        let body = body?;
        if let Some(slot) = self.program.functions.get_mut(index) {
            *slot = Function { name, parameters, body };
        }
        Ok(())
    }

    /// A list of expressions up to a closing sign, which is not taken.
    fn list(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        self.skip_newlines()?;
        while !self.is(close) {
            items.push(self.expression()?);
            self.skip_newlines()?;
            if !self.take(",")? {
                break;
            }
            self.skip_newlines()?;
        }
        Ok(items)
    }
}
