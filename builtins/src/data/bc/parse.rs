//! Compiles input to instructions of a stack machine.
//!
//! Addresses in messages are those that GNU bc's byte code would have: each instruction knows how
//! many bytes it stands for.

use std::collections::HashMap;
use std::rc::Rc;

use super::lex::{Token, Word};

/// How deep expressions and blocks may be nested.
const NESTING_MAX: usize = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Variable(usize),
    /// The index is on the stack.
    Element(usize),
    Scale,
    InputBase,
    OutputBase,
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    Length,
    Root,
    Scale,
    Read,
    Random,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Value,
    Array(usize),
}

#[derive(Debug, Clone)]
pub(super) enum Instruction {
    /// A constant; read by the input base of the moment.
    Push(String),
    Load(Place),
    /// Leaves the value on the stack.
    Store(Place),
    /// By 1 or -1; the value before or after stays on the stack.
    Step {
        place: Place,
        by: i64,
        after: bool,
    },
    Duplicate,
    Drop,
    Operator(&'static str),
    Negate,
    Not,
    Truth,
    Builtin(Builtin),
    Call(usize, Rc<[Argument]>),
    Jump(usize),
    JumpIfZero(usize),
    /// Prints with a newline.
    Show,
    Print,
    Text(Rc<[u8]>),
    /// With escapes replaced.
    PrintText(Rc<[u8]>),
    Return,
    Halt,
    Limits,
    Warranty,
}

#[derive(Debug, Default)]
pub(super) struct Code {
    pub instructions: Vec<Instruction>,
    /// The address after each instruction.
    pub ends: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Param {
    pub name: usize,
    pub array: bool,
    /// The caller's array, not a copy.
    pub shared: bool,
}

#[derive(Debug)]
pub(super) struct Function {
    pub name: usize,
    pub params: Vec<Param>,
    pub autos: Vec<(usize, bool)>,
    pub code: Rc<Code>,
    pub void: bool,
}

/// Names by number; the same name may be a variable, an array and a function.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, usize>,
    pub list: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    pub fn of(&self, number: usize) -> &str {
        self.list.get(number).map_or("", String::as_str)
    }
}

/// Why nothing was compiled.
#[derive(Debug)]
pub(super) enum Stop {
    /// The unit goes on in the next line.
    Incomplete,
    Wrong {
        line: usize,
        message: String,
    },
    /// `quit`, which acts as soon as it is read.
    Quit,
}

type Parsed<T = ()> = Result<T, Stop>;

pub(super) struct Parser<'a> {
    pub names: &'a mut Names,
    pub void: &'a dyn Fn(usize) -> bool,
    tokens: &'a [Token],
    at: usize,
    code: Code,
    nesting: usize,
    /// Jumps to be filled in: `break` and `continue` of the loops around.
    loops: Vec<Loop>,
    in_function: bool,
    /// The token that the last assignment began with.
    assignment: Option<usize>,
    pub functions: Vec<Function>,
}

#[derive(Default)]
struct Loop {
    breaks: Vec<usize>,
    continues: Vec<usize>,
}

impl<'a> Parser<'a> {
    pub fn new(tokens: &'a [Token], names: &'a mut Names, void: &'a dyn Fn(usize) -> bool) -> Self {
        Self {
            names,
            void,
            tokens,
            at: 0,
            code: Code::default(),
            nesting: 0,
            loops: Vec::new(),
            in_function: false,
            assignment: None,
            functions: Vec::new(),
        }
    }

    /// Compiles to the end of a line that nothing leaves open; gives the code and how many tokens
    /// it took.
    pub fn unit(&mut self) -> Parsed<(Code, usize)> {
        loop {
            match self.peek() {
                Word::Newline => {
                    self.at += 1;
                    return Ok((std::mem::take(&mut self.code), self.at));
                }
                Word::End => return Err(Stop::Incomplete),
                Word::Mark(";") => self.at += 1,
                Word::Name(name) if name == "define" => {
                    self.define()?;
                    self.separator()?;
                }
                _ => {
                    self.statement()?;
                    self.separator()?;
                }
            }
        }
    }

    fn separator(&mut self) -> Parsed {
        match self.peek() {
            Word::Newline | Word::End | Word::Mark(";" | "}") => Ok(()),
            _ => Err(self.wrong()),
        }
    }

    fn peek(&self) -> &Word {
        self.tokens.get(self.at).map_or(&Word::End, |token| &token.word)
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Word::Mark(found) if *found == mark)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.at += 1;
        }
        found
    }

    fn wrong(&self) -> Stop {
        self.refuse("syntax error")
    }

    fn refuse(&self, message: &str) -> Stop {
        match self.tokens.get(self.at) {
            None | Some(Token { word: Word::End, .. }) => Stop::Incomplete,
            Some(token) => Stop::Wrong { line: token.line, message: message.into() },
        }
    }

    fn expect(&mut self, mark: &str) -> Parsed {
        if self.eat(mark) { Ok(()) } else { Err(self.wrong()) }
    }

    fn emit(&mut self, instruction: Instruction, bytes: usize) -> usize {
        let end = self.code.ends.last().copied().unwrap_or(0) + bytes;
        self.code.instructions.push(instruction);
        self.code.ends.push(end);
        self.code.instructions.len() - 1
    }

    fn here(&self) -> usize {
        self.code.instructions.len()
    }

    fn land(&mut self, jump: usize, to: usize) {
        if let Some(Instruction::Jump(target) | Instruction::JumpIfZero(target)) =
            self.code.instructions.get_mut(jump)
        {
            *target = to;
        }
    }

    fn newlines(&mut self) {
        while *self.peek() == Word::Newline {
            self.at += 1;
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING_MAX {
            return Err(self.refuse("nested too deeply"));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    fn name(&mut self) -> Parsed<usize> {
        match self.peek().clone() {
            Word::Name(name) if !is_keyword(&name) => {
                self.at += 1;
                Ok(self.names.number(&name))
            }
            _ => Err(self.wrong()),
        }
    }

    fn define(&mut self) -> Parsed {
        self.at += 1;
        let void = matches!(self.peek(), Word::Name(name) if name == "void");
        if void {
            self.at += 1;
        }
        let name = self.name()?;
        self.expect("(")?;
        let mut params: Vec<Param> = Vec::new();
        while !self.is(")") {
            let shared = self.eat("*") || self.eat("&");
            let param = self.name()?;
            let array = self.eat("[");
            if array {
                self.expect("]")?;
            }
            if params.iter().any(|known| known.name == param && known.array == array) {
                return Err(self.refuse("duplicate parameter names"));
            }
            params.push(Param { name: param, array, shared });
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        self.newlines();
        self.expect("{")?;
        self.newlines();
        let outer = std::mem::take(&mut self.code);
        let loops = std::mem::take(&mut self.loops);
        self.in_function = true;
        let mut autos = Vec::new();
        while matches!(self.peek(), Word::Name(name) if name == "auto") {
            self.at += 1;
            loop {
                let local = self.name()?;
                let array = self.eat("[");
                if array {
                    self.expect("]")?;
                }
                autos.push((local, array));
                if !self.eat(",") {
                    break;
                }
            }
            self.separator()?;
            while self.eat(";") || *self.peek() == Word::Newline && self.skip() {}
        }
        self.block()?;
        self.in_function = false;
        self.emit(Instruction::Push("0".into()), 1);
        self.emit(Instruction::Return, 1);
        let code = Rc::new(std::mem::replace(&mut self.code, outer));
        self.loops = loops;
        self.functions.push(Function { name, params, autos, code, void });
        Ok(())
    }

    fn skip(&mut self) -> bool {
        self.at += 1;
        true
    }

    /// Statements to the closing brace.
    fn block(&mut self) -> Parsed {
        loop {
            match self.peek() {
                Word::Newline | Word::Mark(";") => self.at += 1,
                Word::Mark("}") => {
                    self.at += 1;
                    return Ok(());
                }
                _ => {
                    self.nested(Self::statement)?;
                    self.separator()?;
                }
            }
        }
    }

    fn statement(&mut self) -> Parsed {
        match self.peek().clone() {
            Word::Text(text) => {
                self.at += 1;
                self.emit(Instruction::Text(text.into()), 2);
                Ok(())
            }
            Word::Mark("{") => {
                self.at += 1;
                self.block()
            }
            Word::Name(name) if is_keyword(&name) && !is_value(&name) => self.keyword(&name),
            _ => self.expression_statement(),
        }
    }

    fn expression_statement(&mut self) -> Parsed {
        let start = self.at;
        self.assignment = None;
        self.expression()?;
        let silent = match self.code.instructions.last() {
            Some(Instruction::Store(_)) => self.assignment == Some(start),
            Some(Instruction::Call(name, _)) => (self.void)(*name),
            _ => false,
        };
        self.emit(if silent { Instruction::Drop } else { Instruction::Show }, 1);
        Ok(())
    }

    fn keyword(&mut self, name: &str) -> Parsed {
        match name {
            "if" => self.conditional(),
            "while" => self.while_loop(),
            "for" => self.for_loop(),
            "break" | "continue" => {
                let Some(around) = self.loops.len().checked_sub(1) else {
                    let where_ = if name == "break" {
                        "Break outside a for/while"
                    } else {
                        "Continue outside a for"
                    };
                    return Err(self.refuse(where_));
                };
                self.at += 1;
                let jump = self.emit(Instruction::Jump(0), 3);
                if let Some(around) = self.loops.get_mut(around) {
                    let list =
                        if name == "break" { &mut around.breaks } else { &mut around.continues };
                    list.push(jump);
                }
                Ok(())
            }
            "return" => {
                self.at += 1;
                if matches!(self.peek(), Word::Newline | Word::Mark(";" | "}")) {
                    self.emit(Instruction::Push("0".into()), 1);
                } else {
                    self.expression()?;
                }
                if !self.in_function {
                    return Err(self.refuse("Return outside of a function."));
                }
                self.emit(Instruction::Return, 1);
                Ok(())
            }
            "print" => {
                self.at += 1;
                loop {
                    if let Word::Text(text) = self.peek().clone() {
                        self.at += 1;
                        self.emit(Instruction::PrintText(text.into()), 2);
                    } else {
                        self.expression()?;
                        self.emit(Instruction::Print, 1);
                    }
                    if !self.eat(",") {
                        return Ok(());
                    }
                }
            }
            "quit" => Err(Stop::Quit),
            "halt" | "limits" | "warranty" => {
                self.at += 1;
                let instruction = match name {
                    "halt" => Instruction::Halt,
                    "limits" => Instruction::Limits,
                    _ => Instruction::Warranty,
                };
                self.emit(instruction, 1);
                Ok(())
            }
            _ => Err(self.wrong()),
        }
    }

    /// A statement that something else needs, perhaps on the next line.
    fn body(&mut self) -> Parsed {
        self.newlines();
        self.nested(Self::statement)
    }

    fn conditional(&mut self) -> Parsed {
        self.at += 1;
        self.expect("(")?;
        self.expression()?;
        self.expect(")")?;
        let skip = self.emit(Instruction::JumpIfZero(0), 3);
        self.body()?;
        if !matches!(self.peek(), Word::Name(name) if name == "else") {
            self.land(skip, self.here());
            return Ok(());
        }
        self.at += 1;
        let over = self.emit(Instruction::Jump(0), 3);
        self.land(skip, self.here());
        self.body()?;
        self.land(over, self.here());
        Ok(())
    }

    fn while_loop(&mut self) -> Parsed {
        self.at += 1;
        let start = self.here();
        self.expect("(")?;
        self.expression()?;
        self.expect(")")?;
        let out = self.emit(Instruction::JumpIfZero(0), 3);
        self.loops.push(Loop::default());
        self.body()?;
        let jump = self.emit(Instruction::Jump(0), 3);
        self.land(jump, start);
        self.land(out, self.here());
        self.end_loop(start);
        Ok(())
    }

    fn end_loop(&mut self, again: usize) {
        let Some(Loop { breaks, continues }) = self.loops.pop() else { return };
        let end = self.here();
        breaks.into_iter().for_each(|jump| self.land(jump, end));
        continues.into_iter().for_each(|jump| self.land(jump, again));
    }

    /// `for (first; condition; step)`; each may be missing.
    fn for_loop(&mut self) -> Parsed {
        self.at += 1;
        self.expect("(")?;
        if !self.is(";") {
            self.expression()?;
            self.emit(Instruction::Drop, 1);
        }
        self.expect(";")?;
        let condition = self.here();
        if self.is(";") {
            self.emit(Instruction::Push("1".into()), 1);
        } else {
            self.expression()?;
        }
        self.expect(";")?;
        let out = self.emit(Instruction::JumpIfZero(0), 3);
        let to_body = self.emit(Instruction::Jump(0), 3);
        let step = self.here();
        if !self.is(")") {
            self.expression()?;
            self.emit(Instruction::Drop, 1);
        }
        let back = self.emit(Instruction::Jump(0), 3);
        self.land(back, condition);
        self.expect(")")?;
        self.land(to_body, self.here());
        self.loops.push(Loop::default());
        self.body()?;
        let again = self.emit(Instruction::Jump(0), 3);
        self.land(again, step);
        self.land(out, self.here());
        self.end_loop(step);
        Ok(())
    }

    fn expression(&mut self) -> Parsed {
        self.nested(Self::either)
    }

    fn either(&mut self) -> Parsed {
        self.both()?;
        while self.eat("||") {
            // A one stays for the result; a zero goes on to the right side.
            self.emit(Instruction::Truth, 0);
            self.emit(Instruction::Duplicate, 1);
            let right = self.emit(Instruction::JumpIfZero(0), 3);
            let end = self.emit(Instruction::Jump(0), 3);
            self.land(right, self.here());
            self.emit(Instruction::Drop, 1);
            self.both()?;
            self.emit(Instruction::Truth, 1);
            self.land(end, self.here());
        }
        Ok(())
    }

    fn both(&mut self) -> Parsed {
        self.negation()?;
        while self.eat("&&") {
            self.emit(Instruction::Truth, 0);
            self.emit(Instruction::Duplicate, 1);
            let end = self.emit(Instruction::JumpIfZero(0), 3);
            self.emit(Instruction::Drop, 1);
            self.negation()?;
            self.emit(Instruction::Truth, 1);
            self.land(end, self.here());
        }
        Ok(())
    }

    fn negation(&mut self) -> Parsed {
        if self.eat("!") {
            self.nested(Self::negation)?;
            self.emit(Instruction::Not, 1);
            return Ok(());
        }
        self.sum()?;
        while let Word::Mark(mark @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) = *self.peek() {
            self.at += 1;
            self.sum()?;
            self.emit(Instruction::Operator(mark), 1);
        }
        Ok(())
    }

    fn sum(&mut self) -> Parsed {
        self.product()?;
        while let Word::Mark(mark @ ("+" | "-")) = *self.peek() {
            self.at += 1;
            self.product()?;
            self.emit(Instruction::Operator(mark), 1);
        }
        Ok(())
    }

    fn product(&mut self) -> Parsed {
        self.power()?;
        while let Word::Mark(mark @ ("*" | "/" | "%")) = *self.peek() {
            self.at += 1;
            self.power()?;
            self.emit(Instruction::Operator(mark), 1);
        }
        Ok(())
    }

    fn power(&mut self) -> Parsed {
        self.unary()?;
        if self.eat("^") {
            self.nested(Self::power)?;
            self.emit(Instruction::Operator("^"), 1);
        }
        Ok(())
    }

    fn unary(&mut self) -> Parsed {
        if self.eat("-") {
            self.nested(Self::unary)?;
            self.emit(Instruction::Negate, 1);
            return Ok(());
        }
        if self.is("!") {
            return self.nested(Self::negation);
        }
        for (mark, by) in [("++", 1), ("--", -1)] {
            if self.eat(mark) {
                let Some(place) = self.place()? else { return Err(self.wrong()) };
                self.emit(Instruction::Step { place, by, after: false }, 4);
                return Ok(());
            }
        }
        self.primary()
    }

    /// A variable, an element (its index is left on the stack) or a special name.
    fn place(&mut self) -> Parsed<Option<Place>> {
        let place = match self.peek().clone() {
            Word::Mark(".") => Place::Last,
            Word::Name(name) => match name.as_str() {
                "scale" => Place::Scale,
                "ibase" => Place::InputBase,
                "obase" => Place::OutputBase,
                "last" => Place::Last,
                name if is_keyword(name) => return Ok(None),
                name => {
                    let number = self.names.number(name);
                    self.at += 1;
                    if !self.eat("[") {
                        return Ok(Some(Place::Variable(number)));
                    }
                    self.expression()?;
                    self.expect("]")?;
                    return Ok(Some(Place::Element(number)));
                }
            },
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(place))
    }

    fn primary(&mut self) -> Parsed {
        let start = self.at;
        let called =
            matches!(self.tokens.get(self.at + 1), Some(Token { word: Word::Mark("("), .. }));
        match self.peek().clone() {
            Word::Number(text) => {
                self.at += 1;
                let digits = text.trim_start_matches('0');
                let bytes = match digits {
                    "" | "1" => 1,
                    digits => digits.len() + 2,
                };
                self.emit(Instruction::Push(text), bytes);
                return Ok(());
            }
            Word::Mark("(") => {
                self.at += 1;
                self.expression()?;
                return self.expect(")");
            }
            Word::Name(name) if called => return self.call(&name),
            _ => {}
        }
        let Some(place) = self.place()? else { return Err(self.wrong()) };
        match *self.peek() {
            Word::Mark("=") => {
                self.at += 1;
                self.nested(Self::sum)?;
                self.emit(Instruction::Store(place), 2);
                self.assignment = Some(start);
            }
            Word::Mark(mark @ ("+=" | "-=" | "*=" | "/=" | "%=" | "^=")) => {
                self.at += 1;
                if matches!(place, Place::Element(_)) {
                    self.emit(Instruction::Duplicate, 1);
                }
                self.emit(Instruction::Load(place), 2);
                self.nested(Self::sum)?;
                let operator = match mark {
                    "+=" => "+",
                    "-=" => "-",
                    "*=" => "*",
                    "/=" => "/",
                    "%=" => "%",
                    _ => "^",
                };
                self.emit(Instruction::Operator(operator), 1);
                self.emit(Instruction::Store(place), 2);
                self.assignment = Some(start);
            }
            Word::Mark(mark @ ("++" | "--")) => {
                self.at += 1;
                let by = if mark == "++" { 1 } else { -1 };
                self.emit(Instruction::Step { place, by, after: true }, 4);
            }
            _ => {
                self.emit(Instruction::Load(place), 2);
            }
        }
        Ok(())
    }

    fn call(&mut self, name: &str) -> Parsed {
        let builtin = match name {
            "length" => Some(Builtin::Length),
            "sqrt" => Some(Builtin::Root),
            "scale" => Some(Builtin::Scale),
            "read" => Some(Builtin::Read),
            "random" => Some(Builtin::Random),
            name if is_keyword(name) => return Err(self.wrong()),
            _ => None,
        };
        self.at += 2;
        if let Some(builtin) = builtin {
            if !matches!(builtin, Builtin::Read | Builtin::Random) {
                self.expression()?;
            }
            self.expect(")")?;
            self.emit(Instruction::Builtin(builtin), 2);
            return Ok(());
        }
        let number = self.names.number(name);
        let mut arguments = Vec::new();
        while !self.is(")") {
            arguments.push(self.argument()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        self.emit(Instruction::Call(number, arguments.into()), 2);
        Ok(())
    }

    fn argument(&mut self) -> Parsed<Argument> {
        let word = |at: usize| self.tokens.get(at).map(|token| &token.word);
        if let (Some(Word::Name(name)), Some(Word::Mark("[")), Some(Word::Mark("]"))) =
            (word(self.at), word(self.at + 1), word(self.at + 2))
        {
            let name = name.clone();
            self.at += 3;
            return Ok(Argument::Array(self.names.number(&name)));
        }
        self.expression()?;
        Ok(Argument::Value)
    }
}

fn is_keyword(name: &str) -> bool {
    is_value(name)
        || matches!(
            name,
            "auto"
                | "break"
                | "continue"
                | "define"
                | "else"
                | "for"
                | "halt"
                | "if"
                | "limits"
                | "print"
                | "quit"
                | "return"
                | "while"
                | "warranty"
        )
}

/// Keywords that stand for values.
fn is_value(name: &str) -> bool {
    matches!(name, "scale" | "ibase" | "obase" | "last" | "length" | "sqrt" | "read" | "random")
}
