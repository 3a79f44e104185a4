//! Running a program: variables, calls and statements.

mod call;
mod expr;
mod fields;
mod functions;
mod inplace;
mod input;
mod output;
mod random;
mod sort;
mod substitute;
mod symbols;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::thread::Scope;

use bytes::Bytes;

use super::array::{Array, ArrayRef};
use super::ast::{Case, Expr, Function, Pattern, Program, Special, Stmt, Var};
use super::regex::Regex;
use super::value::Value;
use crate::budget::{Held, Resource};
use crate::prelude::*;

use fields::Record;
use input::Inputs;
use output::Outputs;

/// How many patterns made at run time are kept compiled.
const REGEXES_KEPT: usize = 500;
/// How much data may grow before it is charged again.
const CHARGE_BYTES: u64 = 64 << 10;

/// What leaves the statement that runs.
#[derive(Debug)]
enum Flow {
    Normal,
    Break,
    Continue,
    Return(Value),
}

/// What ends more than a statement.
#[derive(Debug)]
pub(super) enum Stop {
    Next,
    NextFile,
    Exit,
    Error(CommandError),
}

impl<E: Into<CommandError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

type Done<T> = Result<T, Stop>;

/// What a name holds; what it is shows at its first use.
#[derive(Debug, Clone, Default)]
enum Cell {
    #[default]
    Untyped,
    Value(Value),
    Array(ArrayRef),
}

/// A program and all that it has come to. Commands that it starts run in `scope`.
pub(super) struct Machine<'p, 'c, 'x, 's, 'e> {
    ctx: &'c mut Context<'x>,
    host: &'e dyn crate::context::Host,
    scope: &'s Scope<'s, 'e>,
    program: &'p Program,
    globals: Vec<Cell>,
    /// The parameters of the calls that are active, the innermost last.
    locals: Vec<Cell>,
    frame: usize,
    calls: u64,
    record: Record,
    inputs: Inputs<'s>,
    outputs: Outputs<'s>,
    ranges: Vec<bool>,
    regexes: HashMap<Bytes, Rc<Regex>>,
    convfmt: Bytes,
    ofmt: Bytes,
    ofs: Bytes,
    ors: Bytes,
    subsep: Bytes,
    ignore_case: bool,
    random: random::Random,
    /// `-i inplace`
    pub in_place: bool,
    /// `-v inplace::suffix=…`: the old file is kept under its name and this.
    backup: Option<Bytes>,
    edit: Option<inplace::Edit>,
    /// Room for what `print` puts together.
    line: Vec<u8>,
    status: u8,
    memory: Held,
    /// Bytes stored since memory was charged last.
    uncharged: u64,
    turns: u32,
    /// The line of the program that runs.
    at_line: u32,
    /// The function that runs.
    function: Option<&'p Function>,
    /// The functions that called it, and where their parameters begin in `locals`.
    frames: Vec<(Option<&'p Function>, usize)>,
    /// `-S`: no commands, and no files but the operands.
    pub sandbox: bool,
    /// A character is a byte: `-b`, or a locale of bytes.
    pub bytes: bool,
    /// Whether it was said that input is no UTF-8.
    told: bool,
    /// `--lint` or LINT: names that have no value are told.
    pub lint: bool,
}

impl<'p, 'c, 'x, 's, 'e> Machine<'p, 'c, 'x, 's, 'e> {
    pub fn new(
        ctx: &'c mut Context<'x>,
        host: &'e dyn crate::context::Host,
        program: &'p Program,
        scope: &'s Scope<'s, 'e>,
    ) -> Result<Self, CommandError> {
        let memory = ctx.budget.hold(Resource::Memory, 0)?;
        let mut machine = Self {
            host,
            scope,
            program,
            globals: vec![Cell::Untyped; program.globals.len()],
            locals: Vec::new(),
            frame: 0,
            calls: 0,
            record: Record::default(),
            inputs: Inputs::default(),
            outputs: Outputs::default(),
            ranges: vec![false; program.ranges],
            regexes: HashMap::new(),
            convfmt: Bytes::from_static(b"%.6g"),
            ofmt: Bytes::from_static(b"%.6g"),
            ofs: Bytes::from_static(b" "),
            ors: Bytes::from_static(b"\n"),
            subsep: Bytes::from_static(b"\x1c"),
            ignore_case: false,
            random: random::Random::default(),
            in_place: false,
            backup: None,
            edit: None,
            line: Vec::new(),
            status: 0,
            memory,
            uncharged: 0,
            turns: 0,
            at_line: 1,
            function: None,
            frames: Vec::new(),
            sandbox: false,
            bytes: ctx.bytes_locale(),
            told: false,
            lint: false,
            ctx,
        };
        machine.set_up();
        Ok(machine)
    }

    fn set_up(&mut self) {
        for (special, text) in [
            (Special::Fs, &b" "[..]),
            (Special::Ofs, b" "),
            (Special::Ors, b"\n"),
            (Special::Rs, b"\n"),
            (Special::Subsep, b"\x1c"),
            (Special::Convfmt, b"%.6g"),
            (Special::Ofmt, b"%.6g"),
            (Special::Fpat, b"[^[:space:]]+"),
        ] {
            self.set_special(special, Value::Text(Bytes::from_static(text)));
        }
        self.record.use_fs();
        self.set_special(Special::Rstart, Value::Number(0.0));
        self.set_special(Special::Rlength, Value::Number(0.0));
        self.set_special(Special::Nr, Value::Number(0.0));
        self.set_special(Special::Fnr, Value::Number(0.0));
        let mut environ = Array::default();
        for (name, value) in self.ctx.env {
            let value = Value::Input(Bytes::copy_from_slice(value));
            environ.insert(name, value);
        }
        self.set_array(Special::Environ, environ);
        let mut procinfo = Array::default();
        let ids = [("uid", self.ctx.identity.uid), ("gid", self.ctx.identity.gid)];
        for (name, id) in ids {
            procinfo.insert(name.as_bytes(), Value::Number(f64::from(id)));
        }
        for (name, text) in
            [("version", "5.2.1"), ("FS", "FS"), ("strftime", "%a %b %e %H:%M:%S %Z %Y")]
        {
            let value = Value::Text(Bytes::from_static(text.as_bytes()));
            procinfo.insert(name.as_bytes(), value);
        }
        self.set_array(Special::Procinfo, procinfo);
        self.set_functab();
    }

    fn set_array(&mut self, special: Special, array: Array) {
        if let Some(cell) = self.globals.get_mut(special.slot()) {
            *cell = Cell::Array(Rc::new(RefCell::new(array)));
        }
    }

    /// ARGV and ARGC: the command's name, then its operands.
    pub fn set_arguments(&mut self, operands: &[BString]) {
        let mut argv = Array::default();
        let name = self.ctx.name.clone();
        for (at, argument) in std::iter::once(&name).chain(operands).enumerate() {
            let key = super::value::number_text(at as f64, b"%d");
            argv.insert(&key, Value::Input(Bytes::copy_from_slice(argument)));
        }
        let count = argv.len() as f64;
        self.set_array(Special::Argv, argv);
        self.set_special(Special::Argc, Value::Number(count));
    }

    /// `name=value` of `-v` or an operand; false if the name is none.
    pub fn assign(&mut self, name: &[u8], raw: &[u8]) -> Done<bool> {
        let valid = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
            && name
                .replace("::", "_")
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !valid {
            return Ok(false);
        }
        let value = Value::Input(super::lex::unescape(raw, &mut |_| {}).into());
        if name == b"inplace::suffix" {
            self.backup = Some(value.text(b""));
        }
        let name = name.strip_prefix(b"awk::").unwrap_or(name);
        if let Some(slot) = self.program.globals.iter().position(|global| global == name) {
            self.set_var(Var::Global(slot), value)?;
        }
        Ok(true)
    }

    /// [`Self::assign`] before the program runs.
    ///
    /// # Errors
    /// A value that the variable refuses.
    pub fn preset(&mut self, name: &[u8], raw: &[u8]) -> Result<bool, CommandError> {
        match self.assign(name, raw) {
            Ok(known) => Ok(known),
            Err(Stop::Error(error)) => Err(error),
            Err(_) => Ok(true),
        }
    }

    /// The whole run; answers the exit status.
    pub fn run(&mut self) -> CommandResult {
        let mut ended = self.phases();
        if ended.is_ok()
            && let Err(Stop::Error(error)) = self.commit_edit()
        {
            ended = Err(error);
        }
        self.drop_edit();
        let closed = self.close_all();
        match ended {
            Err(error) => Err(error),
            Ok(()) => closed.map(|()| ExitStatus(self.status)),
        }
    }

    fn phases(&mut self) -> Result<(), CommandError> {
        let program = self.program;
        let mut go_on = self.whole(&program.begin, "BEGIN")?;
        if go_on && program.reads_input {
            go_on = match self.main_loop() {
                Ok(()) => true,
                Err(Stop::Exit) => false,
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Next | Stop::NextFile) => true,
            };
        }
        // `exit` in BEGIN or a rule runs the END rules too; in END it ends for good.
        let _ = go_on;
        self.whole(&program.end, "END")?;
        Ok(())
    }

    /// Runs rules that have no record; false if they exited.
    fn whole(&mut self, rules: &'p [Stmt], section: &str) -> Result<bool, CommandError> {
        for rule in rules {
            match self.statement(rule) {
                Ok(_) => {}
                Err(Stop::Exit) => return Ok(false),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Next) => return Err(self.misplaced("next", section)),
                Err(Stop::NextFile) => return Err(self.misplaced("nextfile", section)),
            }
        }
        Ok(true)
    }

    /// `next` in a function that a rule without a record called.
    fn misplaced(&self, word: &str, section: &str) -> CommandError {
        self.fault(format!("`{word}' cannot be called from a `{section}' rule"))
    }

    fn main_loop(&mut self) -> Done<()> {
        let program = self.program;
        while self.next_record()? {
            match self.rules(program) {
                Ok(()) | Err(Stop::Next) => {}
                Err(Stop::NextFile) => self.skip_file()?,
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    fn rules(&mut self, program: &'p Program) -> Done<()> {
        for rule in &program.rules {
            self.at_line = rule.line;
            let runs = match &rule.pattern {
                Pattern::Always => true,
                Pattern::When(test) => self.truth(test)?,
                Pattern::Range(first, last, index) => self.range(first, last, *index)?,
            };
            if !runs {
                continue;
            }
            match &rule.body {
                Some(body) => {
                    self.statement(body)?;
                }
                None => self.print(&[], None)?,
            }
        }
        Ok(())
    }

    fn range(&mut self, first: &'p Expr, last: &'p Expr, index: usize) -> Done<bool> {
        let active = self.ranges.get(index).copied().unwrap_or(false);
        if !active && !self.truth(first)? {
            return Ok(false);
        }
        let ends = self.truth(last)?;
        if let Some(state) = self.ranges.get_mut(index) {
            *state = !ends;
        }
        Ok(true)
    }

    fn block(&mut self, body: &'p [Stmt]) -> Done<Flow> {
        for statement in body {
            match self.statement(statement)? {
                Flow::Normal => {}
                left => return Ok(left),
            }
        }
        Ok(Flow::Normal)
    }

    /// Looks at the cancel flag now and then.
    fn turn(&mut self) -> Done<()> {
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(256) {
            self.ctx.check()?;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &'p Stmt) -> Done<Flow> {
        match statement {
            Stmt::At(line, inner) => {
                self.at_line = *line;
                return self.statement(inner);
            }
            Stmt::Expr(expression) => {
                self.eval(expression)?;
            }
            Stmt::Print { args, to } => self.print(args, to.as_ref())?,
            Stmt::Printf { args, to } => self.printf(args, to.as_ref())?,
            Stmt::If(test, then, otherwise) => {
                if self.truth(test)? {
                    return self.statement(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.statement(otherwise);
                }
            }
            Stmt::While(test, body) => {
                while self.truth(test)? {
                    if let Some(left) = self.turn_of_loop(body)? {
                        return Ok(left);
                    }
                }
            }
            Stmt::DoWhile(body, test) => loop {
                if let Some(left) = self.turn_of_loop(body)? {
                    return Ok(left);
                }
                if !self.truth(test)? {
                    break;
                }
            },
            Stmt::For { init, test, step, body } => {
                if let Some(init) = init {
                    self.statement(init)?;
                }
                while test.as_ref().map_or(Ok(true), |test| self.truth(test))? {
                    if let Some(left) = self.turn_of_loop(body)? {
                        return Ok(left);
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Stmt::ForIn { target, array, body } => {
                let array = self.place(array)?;
                for key in self.keys_for_walk(&array)? {
                    self.set(target, Value::Input(key))?;
                    if let Some(left) = self.turn_of_loop(body)? {
                        return Ok(left);
                    }
                }
            }
            Stmt::Switch(subject, cases) => return self.switch(subject, cases),
            Stmt::Block(body) => return self.block(body),
            Stmt::Delete(array, subscripts) => {
                let key = self.subscript(subscripts)?;
                self.may_delete(array)?;
                self.place(array)?.borrow_mut().remove(&key);
            }
            Stmt::DeleteAll(array) => {
                self.may_delete(array)?;
                self.place(array)?.borrow_mut().clear();
            }
            Stmt::Next => return Err(Stop::Next),
            Stmt::NextFile => return Err(Stop::NextFile),
            Stmt::Exit(status) => {
                if let Some(status) = status {
                    self.status = self.eval(status)?.number() as i64 as u8;
                }
                return Err(Stop::Exit);
            }
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::Uninit,
                };
                return Ok(Flow::Return(value));
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    /// One turn of a loop; what leaves the loop, if anything does.
    fn turn_of_loop(&mut self, body: &'p Stmt) -> Done<Option<Flow>> {
        self.turn()?;
        Ok(match self.statement(body)? {
            Flow::Normal | Flow::Continue => None,
            Flow::Break => Some(Flow::Normal),
            Flow::Return(value) => Some(Flow::Return(value)),
        })
    }

    fn switch(&mut self, subject: &'p Expr, cases: &'p [(Case, Box<[Stmt]>)]) -> Done<Flow> {
        let subject = self.eval(subject)?;
        let text = subject.text(&self.convfmt);
        let fits = |case: &Case| match case {
            Case::Value(Value::Number(number)) => {
                subject.is_numeric() && subject.number() == *number
            }
            Case::Value(value) => value.text(b"%.6g") == text,
            Case::Regex(regex) => regex.is_match(&text),
            Case::Default => false,
        };
        let is_default = |case: &Case| matches!(case, Case::Default);
        let start = cases.iter().position(|(case, _)| fits(case));
        let start = start.or_else(|| cases.iter().position(|(case, _)| is_default(case)));
        let bodies = start.and_then(|start| cases.get(start..)).unwrap_or_default();
        for (_, body) in bodies {
            match self.block(body)? {
                Flow::Normal => {}
                Flow::Break => break,
                left => return Ok(left),
            }
        }
        Ok(Flow::Normal)
    }

    fn set_special(&mut self, special: Special, value: Value) {
        if let Some(cell) = self.globals.get_mut(special.slot()) {
            *cell = Cell::Value(value);
        }
    }

    fn special(&self, special: Special) -> Value {
        match self.globals.get(special.slot()) {
            Some(Cell::Value(value)) => value.clone(),
            _ => Value::Uninit,
        }
    }

    /// Charges what was stored, in large steps.
    fn stored(&mut self, bytes: usize) -> Done<()> {
        self.uncharged += bytes as u64;
        if self.uncharged >= CHARGE_BYTES {
            self.memory.grow(std::mem::take(&mut self.uncharged))?;
        }
        Ok(())
    }

    fn fatal<T>(&self, message: impl AsRef<[u8]>) -> Done<T> {
        Err(Stop::Error(self.fault(message)))
    }

    fn fault(&self, message: impl AsRef<[u8]>) -> CommandError {
        let mut text = self.place_text();
        text.extend_from_slice(b"fatal: ");
        text.extend_from_slice(message.as_ref());
        CommandError::Fail(text, ExitStatus(2))
    }

    fn warn(&mut self, message: impl AsRef<[u8]>) -> Done<()> {
        let mut text = self.place_text();
        text.extend_from_slice(b"warning: ");
        text.extend_from_slice(message.as_ref());
        Ok(self.ctx.complain_bytes(&text)?)
    }

    /// Which line of the program runs, and for which record.
    fn place_text(&self) -> Vec<u8> {
        let mut text = self.program.origins.place(self.at_line);
        if self.special(Special::Fnr).number() > 0.0 {
            let name = match self.special(Special::Filename).text(b"") {
                name if name.is_empty() => Bytes::from_static(b"-"),
                name => name,
            };
            text.extend_from_slice(b"(FILENAME=");
            text.extend_from_slice(&name);
            text.extend_from_slice(b" FNR=");
            text.extend_from_slice(&self.special(Special::Fnr).text(b"%d"));
            text.extend_from_slice(b") ");
        }
        text
    }

    fn regex(&mut self, pattern: &Bytes) -> Done<Rc<Regex>> {
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(Rc::clone(regex));
        }
        let regex = match Regex::new(pattern, self.ignore_case, self.bytes) {
            Ok(regex) => Rc::new(regex),
            Err(message) => return self.fatal(format!("invalid regexp: {message}")),
        };
        if self.regexes.len() >= REGEXES_KEPT {
            self.regexes.clear();
        }
        self.regexes.insert(pattern.clone(), Rc::clone(&regex));
        Ok(regex)
    }
}
