//! Reads units, and runs them on a stack machine.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::lex::{Trouble, Word, lex};
use super::math::{self, Fault};
use super::number::{Number, TooLong, read};
use super::output::Printer;
use super::parse::{Argument, Builtin, Code, Function, Instruction, Names, Parser, Place, Stop};
use crate::budget::{Held, Resource};
use crate::prelude::*;

/// How many elements an array may have.
const INDEX_MAX: i64 = 16_777_214;
/// How deep functions may call each other.
const CALLS_MAX: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Quit,
}

type Elements = Rc<RefCell<HashMap<u32, Number>>>;

pub(super) struct Session<'a, 'c> {
    pub ctx: &'a mut Context<'c>,
    math: bool,
    names: Names,
    functions: HashMap<usize, Rc<Function>>,
    variables: HashMap<usize, Number>,
    arrays: HashMap<usize, Elements>,
    scale: usize,
    input_base: u32,
    output_base: u32,
    last: Number,
    printer: Printer,
    seed: u32,
    held: Option<Held>,
}

/// A call under way: where it goes on, and what its names meant before.
struct Frame {
    code: Rc<Code>,
    at: usize,
    name: Option<usize>,
    variables: Vec<(usize, Option<Number>)>,
    arrays: Vec<(usize, Option<Elements>)>,
}

/// What ends a unit.
enum Fail {
    /// Said as `Runtime error`.
    Error(String),
    Halt,
    Command(CommandError),
}

impl<T: Into<CommandError>> From<T> for Fail {
    fn from(error: T) -> Self {
        Self::Command(error.into())
    }
}

impl From<TooLong> for CommandError {
    fn from(_: TooLong) -> Self {
        failure(format!("a number would have more than {} digits", super::number::DIGITS_MAX))
    }
}

impl<'a, 'c> Session<'a, 'c> {
    pub fn new(ctx: &'a mut Context<'c>, math: bool, width: usize) -> Self {
        Self {
            ctx,
            math,
            names: Names::default(),
            functions: HashMap::new(),
            variables: HashMap::new(),
            arrays: HashMap::new(),
            scale: if math { 20 } else { 0 },
            input_base: 10,
            output_base: 10,
            last: 0.into(),
            printer: Printer::new(width),
            seed: 1,
            held: None,
        }
    }

    /// Runs a file.
    pub fn text(&mut self, name: &str, text: &[u8]) -> Result<Flow, CommandError> {
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        self.units(name, |_| Ok(lines.next().map(<[u8]>::to_vec)))
    }

    pub fn stdin(&mut self) -> Result<Flow, CommandError> {
        self.units("(standard_in)", |ctx| Ok(ctx.stdin.line(b'\n')?.map(|line| line.to_vec())))
    }

    fn units(
        &mut self,
        name: &str,
        mut next: impl FnMut(&mut Context<'c>) -> FsResult<Option<Vec<u8>>>,
    ) -> Result<Flow, CommandError> {
        let mut pending = Vec::new();
        let mut line = 1;
        loop {
            self.ctx.check()?;
            let more = next(self.ctx)?;
            let at_end = more.is_none();
            if at_end && pending.is_empty() {
                return Ok(Flow::On);
            }
            pending.extend(more.unwrap_or_default());
            drop(self.ctx.budget.hold(Resource::Memory, pending.len() as u64)?);
            match self.unit(name, &pending, line, at_end)? {
                Some(Flow::Quit) => return Ok(Flow::Quit),
                Some(Flow::On) => {
                    line += memchr::memchr_iter(b'\n', &pending).count();
                    pending.clear();
                }
                None => {}
            }
            if at_end {
                return Ok(Flow::On);
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), CommandError> {
        // What was printed before a message stands before it.
        self.ctx.stdout.flush()?;
        match self.ctx.stderr.put(text.as_bytes()) {
            Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Compiles and runs a unit; `None` if it is not whole yet.
    fn unit(
        &mut self,
        file: &str,
        text: &[u8],
        line: usize,
        at_end: bool,
    ) -> Result<Option<Flow>, CommandError> {
        let (tokens, illegal) = match lex(text, line) {
            Ok(lexed) => lexed,
            Err(Trouble::Unfinished { .. }) if !at_end => return Ok(None),
            Err(Trouble::Unfinished { comment: true }) => {
                self.say(&format!("EOF encountered in a comment.\n{file} 1: syntax error\n"))?;
                return Ok(Some(Flow::On));
            }
            Err(Trouble::Unfinished { comment: false }) => {
                self.say(&format!("{file} {line}: illegal character: \"\n"))?;
                return Ok(Some(Flow::On));
            }
        };
        let parsed = {
            let functions = &self.functions;
            let void = |name: usize| functions.get(&name).is_some_and(|function| function.void);
            let mut parser = Parser::new(&tokens, &mut self.names, &void);
            let unit = parser.unit();
            (unit, std::mem::take(&mut parser.functions))
        };
        let (unit, functions) = parsed;
        if matches!(unit, Err(Stop::Incomplete)) && !at_end {
            return Ok(None);
        }
        for (line, letter) in illegal {
            self.say(&format!("{file} {line}: illegal character: {letter}\n"))?;
        }
        let code = match unit {
            Ok((code, _)) => code,
            Err(Stop::Quit) => return Ok(Some(Flow::Quit)),
            Err(Stop::Incomplete) => {
                let blank =
                    tokens.iter().all(|token| matches!(token.word, Word::Newline | Word::End));
                if !blank {
                    self.say(&format!("{file} 1: syntax error\n"))?;
                }
                return Ok(Some(Flow::On));
            }
            Err(Stop::Wrong { line, message }) => {
                self.say(&format!("{file} {line}: {message}\n"))?;
                if text.last() != Some(&b'\n') {
                    // The rest of the line is skipped, and there is no end of it.
                    self.say(&format!("{file} 1: syntax error\n"))?;
                }
                return Ok(Some(Flow::On));
            }
        };
        for function in functions {
            self.functions.insert(function.name, Rc::new(function));
        }
        self.run(code)
    }

    fn run(&mut self, code: Code) -> Result<Option<Flow>, CommandError> {
        let main =
            Frame { code: Rc::new(code), at: 0, name: None, variables: vec![], arrays: vec![] };
        let mut frames = vec![main];
        let mut stack = Vec::new();
        let outcome = self.machine(&mut frames, &mut stack);
        let place = frames.last().map(|frame| {
            let name = frame.name.map_or("(main)", |name| self.names.of(name)).to_owned();
            let end = frame.at.checked_sub(1).and_then(|at| frame.code.ends.get(at));
            (name, end.copied().unwrap_or(0))
        });
        while let Some(frame) = frames.pop() {
            self.restore(frame);
        }
        match outcome {
            Ok(()) => Ok(Some(Flow::On)),
            Err(Fail::Halt) => Ok(Some(Flow::Quit)),
            Err(Fail::Command(error)) => Err(error),
            Err(Fail::Error(message)) => {
                let (name, mut address) = place.unwrap_or_default();
                if message == "Parameter number mismatch" {
                    address += 1;
                }
                self.say(&format!("Runtime error (func={name}, adr={address}): {message}\n"))?;
                Ok(Some(Flow::On))
            }
        }
    }

    fn warn(&mut self, frame: &Frame, message: &str) -> Result<(), CommandError> {
        let name = frame.name.map_or("(main)", |name| self.names.of(name)).to_owned();
        let end = frame.at.checked_sub(1).and_then(|at| frame.code.ends.get(at)).copied();
        let address = end.unwrap_or(0);
        self.say(&format!("Runtime warning (func={name}, adr={address}): {message}\n"))
    }

    fn machine(&mut self, frames: &mut Vec<Frame>, stack: &mut Vec<Number>) -> Result<(), Fail> {
        let mut steps = 0u32;
        loop {
            steps += 1;
            if steps.is_multiple_of(64) {
                self.ctx.check()?;
            }
            let Some(frame) = frames.last_mut() else { return Ok(()) };
            let code = Rc::clone(&frame.code);
            let Some(instruction) = code.instructions.get(frame.at) else {
                if let Some(frame) = frames.pop() {
                    self.restore(frame);
                }
                continue;
            };
            frame.at += 1;
            let mut pop = || stack.pop().unwrap_or_else(|| 0.into());
            match instruction {
                Instruction::Push(text) => stack.push(read(text, self.input_base)?),
                Instruction::Load(place) => {
                    let index = if let Place::Element(_) = place { Some(pop()) } else { None };
                    stack.push(self.load(*place, index.as_ref())?);
                }
                Instruction::Store(place) => {
                    let value = pop();
                    let index = if let Place::Element(_) = place { Some(pop()) } else { None };
                    if let Some(warning) = self.store(*place, index.as_ref(), value.clone())? {
                        self.warn(frame, warning)?;
                    }
                    stack.push(value);
                }
                Instruction::Step { place, by, after } => {
                    let index = if let Place::Element(_) = place { Some(pop()) } else { None };
                    let old = self.load(*place, index.as_ref())?;
                    let new = old.add(&(*by).into());
                    if let Some(warning) = self.store(*place, index.as_ref(), new.clone())? {
                        self.warn(frame, warning)?;
                    }
                    stack.push(if *after { old } else { new });
                }
                Instruction::Duplicate => {
                    let top = pop();
                    stack.push(top.clone());
                    stack.push(top);
                }
                Instruction::Drop => drop(pop()),
                Instruction::Operator(operator) => {
                    let two = pop();
                    let one = pop();
                    if *operator == "^" && two.rescaled(0).compare(&two).is_ne() {
                        self.warn(frame, "non-zero scale in exponent")?;
                    }
                    stack.push(self.operate(operator, &one, &two)?);
                }
                Instruction::Negate => {
                    let value = pop();
                    stack.push(value.negated());
                }
                Instruction::Not => {
                    let value = pop();
                    stack.push(i64::from(value.is_zero()).into());
                }
                Instruction::Truth => {
                    let value = pop();
                    stack.push(i64::from(!value.is_zero()).into());
                }
                Instruction::Builtin(builtin) => {
                    let value = if matches!(builtin, Builtin::Read | Builtin::Random) {
                        0.into()
                    } else {
                        pop()
                    };
                    stack.push(self.builtin(*builtin, &value)?);
                }
                Instruction::Jump(to) => frame.at = *to,
                Instruction::JumpIfZero(to) => {
                    if pop().is_zero() {
                        frame.at = *to;
                    }
                }
                Instruction::Show | Instruction::Print => {
                    let value = pop();
                    self.printer.number(&value, self.output_base, &mut self.ctx.stdout)?;
                    if matches!(instruction, Instruction::Show) {
                        self.printer.text(b"\n", &mut self.ctx.stdout)?;
                        self.last = value;
                    }
                }
                Instruction::Text(text) => self.printer.text(text, &mut self.ctx.stdout)?,
                Instruction::PrintText(text) => {
                    self.printer.text(&escaped(text), &mut self.ctx.stdout)?;
                }
                Instruction::Return => {
                    if let Some(frame) = frames.pop() {
                        self.restore(frame);
                    }
                }
                Instruction::Halt => return Err(Fail::Halt),
                Instruction::Limits => self.printer.text(LIMITS, &mut self.ctx.stdout)?,
                Instruction::Warranty => self.printer.text(WARRANTY, &mut self.ctx.stdout)?,
                Instruction::Call(name, arguments) => {
                    let at = frames.len();
                    self.call(*name, arguments, at, frames, stack)?;
                }
            }
        }
    }

    fn call(
        &mut self,
        name: usize,
        arguments: &[Argument],
        depth: usize,
        frames: &mut Vec<Frame>,
        stack: &mut Vec<Number>,
    ) -> Result<(), Fail> {
        let Some(function) = self.functions.get(&name).map(Rc::clone) else {
            if let Some(result) = self.library(name, arguments, stack)? {
                stack.push(result);
                return Ok(());
            }
            let name = self.names.of(name);
            return Err(Fail::Error(format!("Function {name} not defined.")));
        };
        if depth >= CALLS_MAX {
            return Err(Fail::Error("Function stack is full".into()));
        }
        let fits = arguments.len() == function.params.len();
        if !fits {
            return Err(Fail::Error("Parameter number mismatch".into()));
        }
        let kinds = function.params.iter().zip(arguments);
        let same = |(param, argument): (&super::parse::Param, &Argument)| {
            param.array == matches!(argument, Argument::Array(_))
        };
        if !kinds.into_iter().all(same) {
            let wrong = function.params.first().map_or("", |param| self.names.of(param.name));
            return Err(Fail::Error(format!("Parameter type mismatch, parameter {wrong}.")));
        }
        let mut frame = Frame {
            code: Rc::clone(&function.code),
            at: 0,
            name: Some(name),
            variables: Vec::new(),
            arrays: Vec::new(),
        };
        for (param, argument) in function.params.iter().zip(arguments).rev() {
            match argument {
                Argument::Value => {
                    let value = stack.pop().unwrap_or_else(|| 0.into());
                    frame.variables.push((param.name, self.variables.insert(param.name, value)));
                }
                Argument::Array(given) => {
                    let given = Rc::clone(self.arrays.entry(*given).or_default());
                    let elements = if param.shared {
                        given
                    } else {
                        Rc::new(RefCell::new(given.borrow().clone()))
                    };
                    frame.arrays.push((param.name, self.arrays.insert(param.name, elements)));
                }
            }
        }
        for (local, array) in &function.autos {
            if *array {
                frame.arrays.push((*local, self.arrays.remove(local)));
            } else {
                frame.variables.push((*local, self.variables.remove(local)));
            }
        }
        frames.push(frame);
        Ok(())
    }

    fn restore(&mut self, frame: Frame) {
        for (name, value) in frame.variables.into_iter().rev() {
            match value {
                Some(value) => drop(self.variables.insert(name, value)),
                None => drop(self.variables.remove(&name)),
            }
        }
        for (name, elements) in frame.arrays.into_iter().rev() {
            match elements {
                Some(elements) => drop(self.arrays.insert(name, elements)),
                None => drop(self.arrays.remove(&name)),
            }
        }
    }

    /// The functions of `-l`, unless the program has its own.
    fn library(
        &mut self,
        name: usize,
        arguments: &[Argument],
        stack: &mut Vec<Number>,
    ) -> Result<Option<Number>, Fail> {
        let name = self.names.of(name);
        let wanted = match name {
            "s" | "c" | "a" | "l" | "e" => 1,
            "j" => 2,
            _ => return Ok(None),
        };
        if !self.math {
            return Ok(None);
        }
        if arguments.len() != wanted || !arguments.iter().all(|kind| *kind == Argument::Value) {
            return Err(Fail::Error("Parameter number mismatch".into()));
        }
        let x = stack.pop().unwrap_or_else(|| 0.into());
        let (scale, cancel) = (self.scale, &self.ctx.cancel);
        let result = match name {
            "s" => math::sine(&x, scale, cancel),
            "c" => math::cosine(&x, scale, cancel),
            "a" => math::arctangent(&x, scale, cancel),
            "l" => math::logarithm(&x, scale, cancel),
            "e" => math::exponential(&x, scale, cancel),
            _ => {
                let order = stack.pop().unwrap_or_else(|| 0.into());
                math::bessel(&order, &x, scale, cancel)
            }
        };
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Fault::TooLong) => Err(TooLong.into()),
            Err(Fault::Cancelled) => {
                self.ctx.check()?;
                Err(Fail::Halt)
            }
        }
    }

    fn element(&self, array: usize, index: Option<&Number>) -> Result<u32, Fail> {
        let whole = index.and_then(Number::whole).filter(|at| (0..=INDEX_MAX).contains(at));
        match whole.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Ok(at),
            None => {
                let name = self.names.of(array);
                Err(Fail::Error(format!("Array {name} subscript out of bounds.")))
            }
        }
    }

    fn load(&self, place: Place, index: Option<&Number>) -> Result<Number, Fail> {
        Ok(match place {
            Place::Variable(name) => self.variables.get(&name).cloned().unwrap_or_else(|| 0.into()),
            Place::Element(array) => {
                let at = self.element(array, index)?;
                let found = self.arrays.get(&array).and_then(|of| of.borrow().get(&at).cloned());
                found.unwrap_or_else(|| 0.into())
            }
            Place::Scale => i64::try_from(self.scale).unwrap_or(i64::MAX).into(),
            Place::InputBase => i64::from(self.input_base).into(),
            Place::OutputBase => i64::from(self.output_base).into(),
            Place::Last => self.last.clone(),
        })
    }

    /// Sets a place; gives what is to be warned of.
    fn store(
        &mut self,
        place: Place,
        index: Option<&Number>,
        value: Number,
    ) -> Result<Option<&'static str>, Fail> {
        match place {
            Place::Variable(name) => drop(self.variables.insert(name, value)),
            Place::Element(array) => {
                let at = self.element(array, index)?;
                let bytes = 96 + value.length() as u64 / 2;
                match &mut self.held {
                    Some(held) => held.grow(bytes)?,
                    held => *held = Some(self.ctx.budget.hold(Resource::Memory, bytes)?),
                }
                self.arrays.entry(array).or_default().borrow_mut().insert(at, value);
            }
            Place::Last => self.last = value,
            Place::Scale => {
                if value.is_negative() {
                    self.scale = 0;
                    return Ok(Some("negative scale, set to 0"));
                }
                let scale = value.whole().and_then(|scale| usize::try_from(scale).ok());
                match scale.filter(|scale| *scale <= super::number::DIGITS_MAX) {
                    Some(scale) => self.scale = scale,
                    None => {
                        self.scale = super::number::DIGITS_MAX;
                        return Ok(Some("scale too large, set to 1000000"));
                    }
                }
            }
            Place::InputBase => match value.whole() {
                Some(base @ 2..=16) => self.input_base = base as u32,
                Some(base) if base < 2 => {
                    self.input_base = 2;
                    return Ok(Some("ibase too small, set to 2"));
                }
                _ => {
                    self.input_base = 16;
                    return Ok(Some("ibase too large, set to 16"));
                }
            },
            Place::OutputBase => match value.whole() {
                Some(base) if base < 2 => {
                    self.output_base = 2;
                    return Ok(Some("obase too small, set to 2"));
                }
                Some(base) if base <= i64::from(i32::MAX) => self.output_base = base as u32,
                _ => {
                    self.output_base = i32::MAX as u32;
                    return Ok(Some("obase too large, set to 2147483647"));
                }
            },
        }
        Ok(None)
    }

    fn operate(&mut self, operator: &str, one: &Number, two: &Number) -> Result<Number, Fail> {
        let order = || one.compare(two);
        let truth = |truth: bool| Ok(i64::from(truth).into());
        let scale = self.scale;
        match operator {
            "+" => Ok(one.add(two)),
            "-" => Ok(one.subtract(two)),
            "*" => Ok(one.multiply(two, scale)?),
            "/" if two.is_zero() => Err(Fail::Error("Divide by zero".into())),
            "/" => Ok(one.divide(two, scale)?),
            "%" if two.is_zero() => Err(Fail::Error("Modulo by zero".into())),
            "%" => Ok(one.modulo(two, scale)?),
            "^" => {
                let Some(exponent) = two.whole() else {
                    return Err(Fail::Error("exponent too large in raise".into()));
                };
                if one.is_zero() && exponent < 0 {
                    return Err(Fail::Error("divide by zero".into()));
                }
                if exponent.unsigned_abs() > 1 << 31 && !one.is_zero() {
                    return Err(Fail::Error("exponent too large in raise".into()));
                }
                Ok(one.power(exponent, scale)?)
            }
            "==" => truth(order().is_eq()),
            "!=" => truth(order().is_ne()),
            "<" => truth(order().is_lt()),
            "<=" => truth(order().is_le()),
            ">" => truth(order().is_gt()),
            _ => truth(order().is_ge()),
        }
    }

    fn builtin(&mut self, builtin: Builtin, value: &Number) -> Result<Number, Fail> {
        Ok(match builtin {
            Builtin::Length => (value.digit_count() as i64).into(),
            Builtin::Scale => (value.scale as i64).into(),
            Builtin::Root if value.is_negative() => {
                return Err(Fail::Error("Square root of a negative number".into()));
            }
            Builtin::Root => value.root(self.scale)?,
            Builtin::Random => {
                self.seed = self.seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
                i64::from(self.seed & 0x7fff_ffff).into()
            }
            Builtin::Read => {
                let line = self.ctx.stdin.line(b'\n')?.unwrap_or_default();
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                let (negative, digits) = match text.strip_prefix('-') {
                    Some(rest) => (true, rest.trim()),
                    None => (false, text.as_str()),
                };
                let whole =
                    digits.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '.');
                let number = if whole { read(digits, self.input_base)? } else { 0.into() };
                if negative { number.negated() } else { number }
            }
        })
    }
}

/// Replaces the escapes that `print` knows; others vanish.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'q') => out.push(b'"'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'\\') => out.push(b'\\'),
            _ => {}
        }
    }
    out
}

const LIMITS: &[u8] = b"BC_BASE_MAX     = 2147483647
BC_DIM_MAX      = 16777215
BC_SCALE_MAX    = 1000000
BC_STRING_MAX   = 2147483647
MAX Exponent    = 2147483647
Number of vars  = 32767
";

const WARRANTY: &[u8] =
    b"There is no warranty for this program, to the extent that the law permits.\n";
