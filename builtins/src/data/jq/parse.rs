//! Reads a program by recursive descent; operators by precedence climbing.
//!
//! The depth of brackets and the height of the tree are bounded, so that nothing that walks the
//! tree can run out of stack. Pipes, commas and `elif`s are lists and add no height.

use super::ast::{Assign, Ast, Def, Import, Module, Operator, Param, Pattern, Piece};
use super::lex::{Fault, KEYWORDS, Token, Word, lex};
use super::value::Value;
use super::{number, print};

/// How deep brackets may be nested.
const NESTING_MAX: usize = 150;
/// How high the tree may be.
const HEIGHT_MAX: usize = 400;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    /// Of what was read last.
    height: usize,
    lines: Vec<usize>,
}

type Parsed<T = Ast> = Result<T, Fault>;

/// Reads a main program or a module's file.
///
/// # Errors
/// [`Fault`], in jq's words.
pub(super) fn parse(text: &str) -> Parsed<Module> {
    let tokens = lex(text)?;
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let mut parser = Parser { tokens, at: 0, nesting: 0, height: 0, lines };
    let module = parser.module()?;
    match parser.peek() {
        Word::End => Ok(module),
        _ => Err(parser.unexpected(", expecting $end")),
    }
}

/// One definition of the prelude.
pub(super) fn parse_def(text: &str) -> Parsed<Option<Def>> {
    Ok(parse(text)?.defs.into_iter().next())
}

impl Parser {
    fn peek(&self) -> &Word {
        self.tokens.get(self.at).map_or(&Word::End, |token| &token.word)
    }

    fn second(&self) -> &Word {
        self.tokens.get(self.at + 1).map_or(&Word::End, |token| &token.word)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.at)
    }

    fn next(&mut self) -> Word {
        let word = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        word
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Word::Mark(found) if *found == mark)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.next();
        }
        found
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Word::Name(name) if name == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, mark: &str, hint: &str) -> Parsed<()> {
        if self.eat(mark) { Ok(()) } else { Err(self.unexpected(hint)) }
    }

    fn unexpected(&self, hint: &str) -> Fault {
        let message = format!(
            "syntax error, unexpected {}{hint} (Unix shell quoting issues?)",
            self.peek().named()
        );
        Fault { message, at: self.place() }
    }

    fn grow(&mut self, others: usize) -> Parsed<()> {
        self.height = self.height.max(others) + 1;
        if self.height > HEIGHT_MAX {
            return Err(Fault {
                message: "the program is nested too deeply".into(),
                at: self.place(),
            });
        }
        Ok(())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == NESTING_MAX {
            return Err(Fault {
                message: "the program is nested too deeply".into(),
                at: self.place(),
            });
        }
        self.nesting += 1;
        let read = read(self);
        self.nesting -= 1;
        read
    }

    fn module(&mut self) -> Parsed<Module> {
        let mut module = Module::default();
        if self.eat_word("module") {
            module.meta = Some(self.term()?);
            self.expect(";", "")?;
        }
        while self.is_word("import") || self.is_word("include") {
            module.imports.push(self.import()?);
        }
        let mut main = Vec::new();
        while self.is_word("def") {
            main.push(self.def()?);
        }
        if *self.peek() == Word::End {
            module.defs = main;
            return Ok(module);
        }
        if matches!(self.peek(), Word::Invalid) || !self.starts_term() {
            return Err(self.unexpected(", expecting $end"));
        }
        module.defs = main;
        module.body = Some(self.pipe()?);
        Ok(module)
    }

    fn starts_term(&self) -> bool {
        match self.peek() {
            Word::Name(name) => !matches!(
                name.as_str(),
                "then"
                    | "elif"
                    | "else"
                    | "as"
                    | "catch"
                    | "and"
                    | "or"
                    | "end"
                    | "import"
                    | "include"
                    | "module"
            ),
            Word::Field(_) | Word::Format(_) | Word::Number(_) | Word::Quote => true,
            Word::Mark(mark) => matches!(*mark, "." | ".." | "$" | "(" | "[" | "{" | "-"),
            _ => false,
        }
    }

    fn import(&mut self) -> Parsed<Import> {
        let at = self.place();
        let include = self.is_word("include");
        self.next();
        let path = match self.string(None)? {
            Ast::Literal(Value::String(path)) => path.as_str().to_owned(),
            _ => return Err(Fault { message: "Import path must be constant".into(), at }),
        };
        let (mut name, mut data) = (None, false);
        if !include {
            if !self.eat_word("as") {
                return Err(self.unexpected(", expecting as"));
            }
            data = self.eat("$");
            match self.next() {
                Word::Name(found) => name = Some(found),
                _ => return Err(self.unexpected("")),
            }
        }
        let meta = if self.is(";") { None } else { Some(self.term()?) };
        self.expect(";", "")?;
        Ok(Import { path, name, data, meta })
    }

    fn def(&mut self) -> Parsed<Def> {
        self.next();
        let name = match self.peek().clone() {
            Word::Name(name) => name,
            _ => return Err(self.unexpected(", expecting IDENT")),
        };
        self.next();
        let mut params = Vec::new();
        if self.eat("(") {
            loop {
                let value = self.eat("$");
                match self.peek().clone() {
                    Word::Name(name) => params.push(Param { name, value }),
                    _ => {
                        return Err(self.unexpected(if value {
                            ""
                        } else {
                            ", expecting IDENT or '$'"
                        }));
                    }
                }
                self.next();
                if !self.eat(";") {
                    break;
                }
            }
            self.expect(")", ", expecting ';' or ')'")?;
        }
        self.expect(
            ":",
            if params.is_empty() { ", expecting '(' or ':'" } else { ", expecting ':'" },
        )?;
        let body = self.nested(Self::pipe)?;
        self.expect(";", "")?;
        self.grow(0)?;
        Ok(Def { name, params, body })
    }

    fn pipe(&mut self) -> Parsed {
        if self.is_word("def") {
            return self.nested(|parser| {
                let def = parser.def()?;
                let height = parser.height;
                let rest = parser.pipe()?;
                parser.grow(height)?;
                Ok(Ast::Def(Box::new(def), Box::new(rest)))
            });
        }
        let mut stages = vec![self.comma()?];
        let mut height = self.height;
        while self.eat("|") {
            // What follows a definition or a binding is all within it.
            stages.push(if self.is_word("def") { self.pipe()? } else { self.comma()? });
            height = height.max(self.height);
        }
        self.height = height;
        one_or(stages, Ast::Pipe, self)
    }

    fn comma(&mut self) -> Parsed {
        let mut items = vec![self.binary(0)?];
        let mut height = self.height;
        while self.eat(",") {
            items.push(self.binary(0)?);
            height = height.max(self.height);
        }
        self.height = height;
        one_or(items, Ast::Comma, self)
    }

    fn operator(&self) -> Option<(u8, Fixity, Infix)> {
        use Fixity::{Left, None as Non, Right};
        use Operator::{
            Add, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, Modulo, Multiply, NotEqual,
            Subtract,
        };
        let binary = |level, fixity, operator| Some((level, fixity, Infix::Binary(operator)));
        let assign = |assign| Some((1, Non, Infix::Assign(assign)));
        match self.peek() {
            Word::Name(name) if name == "or" => Some((2, Left, Infix::Or)),
            Word::Name(name) if name == "and" => Some((3, Left, Infix::And)),
            Word::Mark(mark) => match *mark {
                "//" => Some((0, Right, Infix::Alternative)),
                "=" => assign(Assign::Set),
                "|=" => assign(Assign::Update),
                "+=" => assign(Assign::Arithmetic(Add)),
                "-=" => assign(Assign::Arithmetic(Subtract)),
                "*=" => assign(Assign::Arithmetic(Multiply)),
                "/=" => assign(Assign::Arithmetic(Divide)),
                "%=" => assign(Assign::Arithmetic(Modulo)),
                "//=" => assign(Assign::Alternative),
                "==" => binary(4, Non, Equal),
                "!=" => binary(4, Non, NotEqual),
                "<" => binary(4, Non, Less),
                "<=" => binary(4, Non, LessEqual),
                ">" => binary(4, Non, Greater),
                ">=" => binary(4, Non, GreaterEqual),
                "+" => binary(5, Left, Add),
                "-" => binary(5, Left, Subtract),
                "*" => binary(6, Left, Multiply),
                "/" => binary(6, Left, Divide),
                "%" => binary(6, Left, Modulo),
                _ => None,
            },
            _ => None,
        }
    }

    fn binary(&mut self, level_min: u8) -> Parsed {
        let mut left = self.unary()?;
        let mut taken = None;
        while let Some((level, fixity, infix)) = self.operator() {
            if level < level_min {
                break;
            }
            if fixity == Fixity::None && taken == Some(level) {
                return Err(self.unexpected(""));
            }
            taken = Some(level);
            self.next();
            let height = self.height;
            let right = match fixity {
                Fixity::Right => self.nested(|parser| parser.binary(level))?,
                _ => self.nested(|parser| parser.binary(level + 1))?,
            };
            self.grow(height)?;
            let (one, two) = (Box::new(left), Box::new(right));
            left = match infix {
                Infix::Binary(operator) => Ast::Binary(operator, one, two),
                Infix::And => Ast::And(one, two),
                Infix::Or => Ast::Or(one, two),
                Infix::Alternative => Ast::Alternative(one, two),
                Infix::Assign(assign) => Ast::Assign(assign, one, two),
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        if self.eat("-") {
            let of = self.nested(|parser| parser.binary(6))?;
            self.grow(0)?;
            return Ok(Ast::Negate(Box::new(of)));
        }
        if self.is_word("def") {
            return self.pipe();
        }
        if self.eat_word("label") {
            self.expect("$", ", expecting '$'")?;
            let name = self.name()?;
            self.expect("|", ", expecting '|'")?;
            let body = self.nested(Self::pipe)?;
            self.grow(0)?;
            return Ok(Ast::Label(name, Box::new(body)));
        }
        if self.eat_word("try") {
            let body = self.nested(Self::unary)?;
            let height = self.height;
            let handler = match self.eat_word("catch") {
                true => Some(Box::new(self.nested(Self::unary)?)),
                false => None,
            };
            self.grow(height)?;
            return Ok(Ast::Try(Box::new(body), handler));
        }
        let term = self.term()?;
        if !self.eat_word("as") {
            return Ok(term);
        }
        let height = self.height;
        let patterns = self.patterns()?;
        self.expect("|", ", expecting '|'")?;
        let body = self.nested(Self::pipe)?;
        self.grow(height)?;
        Ok(Ast::Bind(Box::new(term), patterns, Box::new(body)))
    }

    fn patterns(&mut self) -> Parsed<Vec<Pattern>> {
        let mut patterns = vec![self.pattern()?];
        while self.eat("?//") {
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    fn pattern(&mut self) -> Parsed<Pattern> {
        if self.eat("$") {
            return Ok(Pattern::Name(self.name()?));
        }
        if self.eat("[") {
            let mut items = vec![self.nested(Self::pattern)?];
            while self.eat(",") {
                items.push(self.nested(Self::pattern)?);
            }
            self.expect("]", ", expecting ',' or ']'")?;
            return Ok(Pattern::Array(items));
        }
        if !self.eat("{") {
            return Err(self.unexpected(", expecting '$' or '[' or '{'"));
        }
        let mut entries = Vec::new();
        loop {
            let mut name = None;
            let mut colon_due = true;
            let key = match self.peek().clone() {
                Word::Mark("$") => {
                    self.next();
                    let found = self.name()?;
                    name = Some(found.clone());
                    colon_due = false;
                    Ast::Literal(Value::from(found.as_str()))
                }
                Word::Name(found) => {
                    self.next();
                    Ast::Literal(Value::from(found.as_str()))
                }
                Word::Quote => self.string(None)?,
                Word::Mark("(") => {
                    self.next();
                    let key = self.nested(Self::pipe)?;
                    self.expect(")", "")?;
                    key
                }
                _ => return Err(self.unexpected("")),
            };
            let pattern = if self.eat(":") {
                Some(self.nested(Self::pattern)?)
            } else if colon_due {
                return Err(self.unexpected(", expecting ':'"));
            } else {
                None
            };
            entries.push((key, name, pattern));
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}", ", expecting ',' or '}'")?;
        Ok(Pattern::Object(entries))
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            Word::Name(name) => {
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected(", expecting IDENT")),
        }
    }

    fn term(&mut self) -> Parsed {
        let mut term = self.nested(Self::primary)?;
        loop {
            match self.peek().clone() {
                Word::Field(name) => {
                    self.next();
                    term = index(term, Ast::Literal(Value::from(name.as_str())));
                }
                Word::Mark("?") => {
                    self.next();
                    term = Ast::Try(Box::new(term), None);
                }
                Word::Mark("[") => term = self.bracket(term)?,
                Word::Mark(".") => match self.second() {
                    Word::Quote => {
                        self.next();
                        let key = self.string(None)?;
                        term = index(term, key);
                    }
                    Word::Mark("[") => {
                        self.next();
                        term = self.bracket(term)?;
                    }
                    _ => {
                        self.next();
                        return Err(self.unexpected(", expecting FORMAT or QQSTRING_START"));
                    }
                },
                _ => return Ok(term),
            }
            self.grow(0)?;
        }
    }

    fn bracket(&mut self, term: Ast) -> Parsed {
        self.next();
        let height = self.height;
        let of = Box::new(term);
        if self.eat("]") {
            return Ok(Ast::Iterate(of));
        }
        let result = if self.eat(":") {
            let end = self.nested(Self::pipe)?;
            Ast::Slice(of, None, Some(Box::new(end)))
        } else {
            let start = self.nested(Self::pipe)?;
            if !self.eat(":") {
                self.expect("]", "")?;
                self.grow(height)?;
                return Ok(Ast::Index(of, Box::new(start)));
            }
            if self.is("]") {
                Ast::Slice(of, Some(Box::new(start)), None)
            } else {
                let height = self.height;
                let end = self.nested(Self::pipe)?;
                self.height = self.height.max(height);
                Ast::Slice(of, Some(Box::new(start)), Some(Box::new(end)))
            }
        };
        self.expect("]", "")?;
        self.grow(height)?;
        Ok(result)
    }

    fn primary(&mut self) -> Parsed {
        self.height = 1;
        let at = self.place();
        match self.peek().clone() {
            Word::Number(text) => {
                self.next();
                Ok(Ast::Literal(number::read(text.as_bytes()).unwrap_or(Value::Number(f64::NAN))))
            }
            Word::Quote => self.string(None),
            Word::Format(format) => {
                self.next();
                if *self.peek() == Word::Quote {
                    return self.string(Some(format));
                }
                Ok(Ast::Format(format))
            }
            Word::Field(name) => {
                self.next();
                Ok(index(Ast::Identity, Ast::Literal(Value::from(name.as_str()))))
            }
            Word::Name(name) => self.named(name, at),
            Word::Mark("..") => {
                self.next();
                Ok(Ast::Descend)
            }
            Word::Mark(".") => {
                self.next();
                if *self.peek() == Word::Quote {
                    let key = self.string(None)?;
                    self.grow(0)?;
                    return Ok(index(Ast::Identity, key));
                }
                Ok(Ast::Identity)
            }
            Word::Mark("$") => {
                self.next();
                let name = match self.peek().clone() {
                    Word::Name(name) => name,
                    _ => return Err(self.unexpected("")),
                };
                self.next();
                if name == "__loc__" {
                    return Ok(Ast::Location(self.line(at)));
                }
                Ok(Ast::Variable(name, at))
            }
            Word::Mark("(") => {
                self.next();
                let inner = self.pipe()?;
                self.expect(")", "")?;
                Ok(inner)
            }
            Word::Mark("[") => {
                self.next();
                if self.eat("]") {
                    return Ok(Ast::Array(None));
                }
                let inner = self.pipe()?;
                self.expect("]", "")?;
                self.grow(0)?;
                Ok(Ast::Array(Some(Box::new(inner))))
            }
            Word::Mark("{") => self.object(),
            Word::Mark("-") => self.unary(),
            _ => Err(self.unexpected("")),
        }
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|newline| *newline < at) + 1
    }

    fn named(&mut self, name: String, at: usize) -> Parsed {
        match name.as_str() {
            "reduce" | "foreach" => return self.fold(name == "reduce"),
            "if" => return self.conditional(at),
            "def" | "label" | "try" => return self.unary(),
            "break" => {
                self.next();
                if !self.eat("$") {
                    let mut fault = self.unexpected(", expecting '$'");
                    fault.message.push_str("\0break requires a label to break to");
                    return Err(fault);
                }
                return Ok(Ast::Break(self.name()?, at));
            }
            "__loc__" => {}
            keyword if KEYWORDS.contains(&keyword) => return Err(self.unexpected("")),
            _ => {}
        }
        self.next();
        let mut args = Vec::new();
        let mut height = 0;
        if self.eat("(") {
            loop {
                args.push(self.pipe()?);
                height = height.max(self.height);
                if !self.eat(";") {
                    break;
                }
            }
            self.expect(")", "")?;
        }
        self.height = 0;
        self.grow(height)?;
        Ok(Ast::Call(name, args, at))
    }

    fn fold(&mut self, reduce: bool) -> Parsed {
        self.next();
        let source = Box::new(self.term()?);
        let mut height = self.height;
        if !self.eat_word("as") {
            return Err(self.unexpected(", expecting as"));
        }
        let patterns = self.patterns()?;
        self.expect("(", ", expecting '('")?;
        let init = Box::new(self.pipe()?);
        height = height.max(self.height);
        self.expect(";", "")?;
        let update = Box::new(self.pipe()?);
        height = height.max(self.height);
        let mut extract = None;
        if !reduce && self.eat(";") {
            extract = Some(Box::new(self.pipe()?));
        }
        self.expect(")", "")?;
        self.grow(height)?;
        Ok(if reduce {
            Ast::Reduce(source, patterns, init, update)
        } else {
            Ast::Foreach(source, patterns, init, update, extract)
        })
    }

    fn conditional(&mut self, at: usize) -> Parsed {
        let unterminated = |mut fault: Fault| {
            if !fault.message.contains('\0') {
                fault.message.push_str("\0Possibly unterminated 'if' statement");
                fault.message.push_str(&format!("\0{at}"));
            }
            fault
        };
        let mut arms = Vec::new();
        let mut height = 0;
        loop {
            self.next();
            let condition = self.pipe()?;
            height = height.max(self.height);
            if !self.eat_word("then") {
                return Err(self.unexpected(""));
            }
            let then = self.pipe().map_err(unterminated)?;
            height = height.max(self.height);
            arms.push((condition, then));
            if !self.is_word("elif") {
                break;
            }
        }
        let otherwise = match self.eat_word("else") {
            true => Some(Box::new(self.pipe()?)),
            false => None,
        };
        if !self.eat_word("end") {
            return Err(unterminated(self.unexpected("")));
        }
        self.grow(height)?;
        Ok(Ast::If(arms, otherwise))
    }

    fn string(&mut self, format: Option<String>) -> Parsed {
        let at = self.place();
        if *self.peek() != Word::Quote {
            return Err(self.unexpected(", expecting FORMAT or QQSTRING_START"));
        }
        self.next();
        let mut pieces = Vec::new();
        let mut height = 0;
        loop {
            match self.peek().clone() {
                Word::Text(text) => {
                    self.next();
                    pieces.push(Piece::Text(text));
                }
                Word::Open => {
                    self.next();
                    pieces.push(Piece::Filter(self.nested(Self::pipe)?));
                    height = height.max(self.height);
                    if *self.peek() != Word::Close {
                        return Err(self.unexpected(""));
                    }
                    self.next();
                }
                Word::Unquote => {
                    self.next();
                    break;
                }
                _ => {
                    return Err(self.unexpected(
                        ", expecting QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END",
                    ));
                }
            }
        }
        self.height = height;
        self.grow(0)?;
        Ok(match &pieces[..] {
            [] => Ast::Literal(Value::from("")),
            [Piece::Text(text)] => Ast::Literal(Value::from(text.as_str())),
            _ => Ast::Text { format, pieces, at },
        })
    }

    fn object(&mut self) -> Parsed {
        self.next();
        let mut entries = Vec::new();
        let mut height = 0;
        while !self.is("}") {
            let at = self.place();
            let (key, value) = self.entry()?;
            entries.push((key, value, at));
            height = height.max(self.height);
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}", ", expecting '}'")?;
        self.height = height;
        self.grow(0)?;
        Ok(Ast::Object(entries))
    }

    fn entry(&mut self) -> Parsed<(Ast, Ast)> {
        let at = self.place();
        let literal = |name: &str| Ast::Literal(Value::from(name));
        self.height = 1;
        let key = match self.peek().clone() {
            Word::Mark("$") => {
                self.next();
                let name = self.name()?;
                if name == "__loc__" {
                    return Ok((literal(&name), Ast::Location(self.line(at))));
                }
                if !self.is(":") {
                    return Ok((literal(&name), Ast::Variable(name, at)));
                }
                Ast::Variable(name, at)
            }
            Word::Name(name) => {
                self.next();
                if !self.is(":") {
                    return Ok((literal(&name), index(Ast::Identity, literal(&name))));
                }
                literal(&name)
            }
            Word::Number(text) => {
                self.next();
                let number = number::read(text.as_bytes()).unwrap_or_default();
                if !self.is(":") {
                    return Err(self.unexpected(""));
                }
                let shown = print::compact(&number);
                let message = format!("Object keys must be strings (number {shown})");
                return Err(Fault { message, at });
            }
            Word::Quote | Word::Format(_) => {
                let format = match self.peek().clone() {
                    Word::Format(format) => {
                        self.next();
                        Some(format)
                    }
                    _ => None,
                };
                let start = self.at;
                let key = self.string(format.clone())?;
                if !self.is(":") {
                    // The same string again, as the key to look up.
                    let end = std::mem::replace(&mut self.at, start);
                    let again = self.string(format)?;
                    self.at = end;
                    return Ok((key, index(Ast::Identity, again)));
                }
                key
            }
            Word::Mark("(") => {
                self.next();
                let key = self.nested(Self::pipe)?;
                self.expect(")", "")?;
                key
            }
            _ => return Err(self.unexpected("")),
        };
        let height = self.height;
        self.expect(":", "")?;
        let mut stages = vec![self.nested(|parser| parser.binary(0))?];
        let mut value_height = self.height;
        while self.eat("|") {
            stages.push(self.nested(|parser| parser.binary(0))?);
            value_height = value_height.max(self.height);
        }
        self.height = value_height.max(height);
        let value = one_or(stages, Ast::Pipe, self)?;
        Ok((key, value))
    }
}

#[derive(PartialEq, Clone, Copy)]
enum Fixity {
    Left,
    Right,
    None,
}

enum Infix {
    Binary(Operator),
    And,
    Or,
    Alternative,
    Assign(Assign),
}

fn index(of: Ast, key: Ast) -> Ast {
    Ast::Index(Box::new(of), Box::new(key))
}

fn one_or(mut list: Vec<Ast>, many: fn(Vec<Ast>) -> Ast, parser: &mut Parser) -> Parsed {
    if list.len() == 1
        && let Some(only) = list.pop()
    {
        return Ok(only);
    }
    parser.grow(0)?;
    Ok(many(list))
}
