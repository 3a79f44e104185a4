//! Running a script over its input.

mod input;
mod list;
mod output;
mod translate;

use std::rc::Rc;

use super::script::{Address, Command, End, Replace, Script, Select, Step};
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::regex::Regex;

use input::Inputs;
use output::Outputs;

/// How `sed` was called.
#[derive(Debug)]
pub(super) struct Mode {
    pub quiet: bool,
    pub separate: bool,
    /// `-i`, and the suffix of the copy that is kept.
    pub in_place: Option<BString>,
    /// `--follow-symlinks`: what `-i` edits is the file behind a link, not the link.
    pub follow_links: bool,
    /// `-z`: lines end with NUL.
    pub delimiter: u8,
    pub unbuffered: bool,
    /// `-l`
    pub width: usize,
    pub posix: bool,
}

/// What comes after a cycle.
enum After {
    NextCycle,
    /// `D` with a newline left: go on without reading.
    Restart,
    Quit(u8),
}

/// What is printed at the end of a cycle.
enum Queued {
    Text(BString),
    File(BString),
    Line(Bytes),
}

pub(super) struct Machine<'c, 'x, 's> {
    ctx: &'c mut Context<'x>,
    script: &'s Script,
    mode: &'s Mode,
    inputs: Inputs,
    outputs: Outputs,
    space: Vec<u8>,
    hold: Vec<u8>,
    hold_had_newline: bool,
    queue: Vec<Queued>,
    /// For each range: the line that ends it, or none while a match must; `None` if inactive.
    ranges: Vec<Option<Active>>,
    replaced: bool,
    last_regex: Option<Rc<Regex>>,
    memory: Held,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Active {
    Until(u64),
    UntilMatch,
    UntilLast,
}

impl<'c, 'x, 's> Machine<'c, 'x, 's> {
    pub fn new(
        ctx: &'c mut Context<'x>,
        script: &'s Script,
        mode: &'s Mode,
        operands: &[BString],
    ) -> Result<Self, CommandError> {
        let outputs = Outputs::open(ctx, script)?;
        let memory = ctx.budget.hold(Resource::Memory, 0)?;
        Ok(Self {
            inputs: Inputs::new(operands, mode),
            script,
            mode,
            outputs,
            space: Vec::new(),
            hold: Vec::new(),
            hold_had_newline: true,
            queue: Vec::new(),
            ranges: fresh_ranges(script),
            replaced: false,
            last_regex: None,
            memory,
            ctx,
        })
    }

    pub fn run(&mut self) -> CommandResult {
        let mut status = 0;
        let mut turns = 0u32;
        let mut before_all = self.script.before_all.as_ref();
        if self.mode.in_place.is_none()
            && let Some(name) = before_all.take()
        {
            self.outputs.copy_file(self.ctx, name)?;
        }
        while self.read_line()? {
            if let Some(name) = before_all.take() {
                self.outputs.copy_file(self.ctx, name)?;
            }
            loop {
                turns = turns.wrapping_add(1);
                if turns.is_multiple_of(64) {
                    self.ctx.check()?;
                }
                match self.cycle()? {
                    After::NextCycle => break,
                    After::Restart => {}
                    After::Quit(with) => {
                        status = with;
                        self.finish()?;
                        return Ok(ExitStatus(self.inputs.status.max(status)));
                    }
                }
            }
        }
        self.finish()?;
        Ok(ExitStatus(self.inputs.status.max(status)))
    }

    fn finish(&mut self) -> Result<(), CommandError> {
        self.inputs.finish(self.ctx, &mut self.outputs, self.mode)?;
        self.outputs.flush(self.ctx)
    }

    fn read_line(&mut self) -> Result<bool, CommandError> {
        let read = self.inputs.next(self.ctx, &mut self.outputs, self.mode, &mut self.space)?;
        if self.mode.separate && self.inputs.line == 1 {
            self.ranges = fresh_ranges(self.script);
        }
        if read {
            self.account()?;
        }
        Ok(read)
    }

    /// Charges what the two spaces hold.
    fn account(&mut self) -> Result<(), CommandError> {
        let held = (self.space.capacity() + self.hold.capacity()) as u64;
        let charged = self.memory.amount();
        if held > charged.saturating_add(1 << 16) {
            self.memory.grow(held - charged)?;
        } else if charged > held.saturating_add(1 << 20) {
            self.memory.shrink(charged - held);
        }
        Ok(())
    }

    fn print_space(&mut self) -> Result<(), CommandError> {
        let newline = self.inputs.had_newline;
        self.outputs.line(self.ctx, &self.space, self.mode, newline)
    }

    /// One pass of the script over the pattern space.
    fn cycle(&mut self) -> Result<After, CommandError> {
        let script = self.script;
        let mut at = 0;
        self.replaced = false;
        while let Some(step) = script.steps.get(at) {
            at += 1;
            if self.selected(step)? == step.negated {
                if let Command::Block(end) = step.command {
                    at = end;
                }
                continue;
            }
            match &step.command {
                Command::Block(_) | Command::Nothing => {}
                Command::Append(text) => self.queue.push(Queued::Text(text.clone())),
                Command::Insert(text) => self.outputs.text(self.ctx, text)?,
                Command::Change(text) => {
                    if self.change_prints(step)? {
                        self.outputs.text(self.ctx, text)?;
                    }
                    self.space.clear();
                    return self.end_cycle(false);
                }
                Command::Branch(to) => at = to.unwrap_or(script.steps.len()),
                Command::BranchIfReplaced(to) => {
                    if std::mem::take(&mut self.replaced) {
                        at = to.unwrap_or(script.steps.len());
                    }
                    self.ctx.check()?;
                }
                Command::BranchUnlessReplaced(to) => {
                    if !std::mem::take(&mut self.replaced) {
                        at = to.unwrap_or(script.steps.len());
                    }
                }
                Command::Delete => {
                    self.space.clear();
                    return self.end_cycle(false);
                }
                Command::DeleteFirstLine => match self.space.find_byte(self.mode.delimiter) {
                    None => {
                        self.space.clear();
                        return self.end_cycle(false);
                    }
                    Some(newline) => {
                        self.space.drain(..=newline);
                        self.flush_queue()?;
                        return Ok(After::Restart);
                    }
                },
                Command::Execute(command) => self.execute(command.as_ref())?,
                Command::FileName => {
                    let name = self.inputs.shown_name();
                    self.outputs
                        .text(self.ctx, &[name.as_slice(), &[self.mode.delimiter]].concat())?;
                }
                // Whether its last line had a newline goes with the text.
                Command::GetHold => {
                    self.space.clone_from(&self.hold);
                    self.inputs.had_newline = self.hold_had_newline;
                }
                Command::AppendHold => {
                    self.inputs.had_newline = self.hold_had_newline;
                    self.space.push(self.mode.delimiter);
                    self.space.extend_from_slice(&self.hold);
                    self.account()?;
                }
                Command::Hold => {
                    self.hold_had_newline = self.inputs.had_newline;
                    self.hold.clone_from(&self.space);
                    self.account()?;
                }
                Command::HoldAppend => {
                    self.hold_had_newline = self.inputs.had_newline;
                    self.hold.push(self.mode.delimiter);
                    self.hold.extend_from_slice(&self.space);
                    self.account()?;
                }
                Command::Exchange => {
                    std::mem::swap(&mut self.space, &mut self.hold);
                    std::mem::swap(&mut self.inputs.had_newline, &mut self.hold_had_newline);
                }
                Command::List(width) => {
                    let text = list::listed(&self.space, width.unwrap_or(self.mode.width));
                    self.outputs.text(self.ctx, &text)?;
                }
                Command::Next => {
                    if self.inputs.at_end(self.ctx, &mut self.outputs, self.mode)? {
                        // GNU prints the pattern space, POSIX doesn't.
                        return self.quit(0, !self.mode.posix);
                    }
                    if !self.quiet() {
                        self.print_space()?;
                    }
                    self.flush_queue()?;
                    self.read_line()?;
                }
                Command::NextAppend => {
                    if self.inputs.at_end(self.ctx, &mut self.outputs, self.mode)? {
                        return self.quit(0, !self.mode.posix);
                    }
                    self.flush_queue()?;
                    let before = std::mem::take(&mut self.space);
                    self.read_line()?;
                    let after = std::mem::replace(&mut self.space, before);
                    self.space.push(self.mode.delimiter);
                    self.space.extend_from_slice(&after);
                    self.account()?;
                }
                Command::Print => self.print_space()?,
                Command::PrintFirstLine => {
                    let first = self.first_line().to_vec();
                    self.outputs.line(self.ctx, &first, self.mode, true)?;
                }
                Command::Quit(status) => return self.quit(*status, true),
                Command::QuitSilently(status) => return Ok(After::Quit(*status)),
                Command::ReadFile(name) => self.queue.push(Queued::File(name.clone())),
                Command::ReadLine(name) => {
                    if let Some(line) = self.outputs.read_line(self.ctx, name)? {
                        self.queue.push(Queued::Line(line));
                    }
                }
                Command::Replace(replace) => self.replace(replace)?,
                Command::WriteFile(file) => {
                    let newline = self.inputs.had_newline;
                    self.outputs.write(self.ctx, *file, &self.space, self.mode, newline)?;
                }
                Command::WriteFirstLine(file) => {
                    let first = self.first_line().to_vec();
                    let newline = first.len() < self.space.len() || self.inputs.had_newline;
                    self.outputs.write(self.ctx, *file, &first, self.mode, newline)?;
                }
                Command::Translate(translate) => translate::translate(translate, &mut self.space),
                Command::LineNumber => {
                    let mut text = self.inputs.line.to_string().into_bytes();
                    text.push(self.mode.delimiter);
                    self.outputs.text(self.ctx, &text)?;
                }
                Command::Zap => self.space.clear(),
            }
        }
        self.end_cycle(true)
    }

    fn quiet(&self) -> bool {
        self.mode.quiet || self.script.quiet
    }

    fn first_line(&self) -> &[u8] {
        let end = self.space.find_byte(self.mode.delimiter).unwrap_or(self.space.len());
        self.space.get(..end).unwrap_or_default()
    }

    fn end_cycle(&mut self, print: bool) -> Result<After, CommandError> {
        if print && !self.quiet() {
            self.print_space()?;
        }
        self.flush_queue()?;
        Ok(After::NextCycle)
    }

    fn quit(&mut self, status: u8, print: bool) -> Result<After, CommandError> {
        self.end_cycle(print)?;
        Ok(After::Quit(status))
    }

    fn flush_queue(&mut self) -> Result<(), CommandError> {
        for queued in std::mem::take(&mut self.queue) {
            match queued {
                Queued::Text(text) => self.outputs.text(self.ctx, &text)?,
                Queued::Line(line) => {
                    self.outputs.line(self.ctx, &line, self.mode, true)?;
                }
                Queued::File(name) => self.outputs.copy_file(self.ctx, &name)?,
            }
        }
        Ok(())
    }

    /// A `c` on a range prints at the end of it.
    fn change_prints(&self, step: &Step) -> Result<bool, CommandError> {
        Ok(match &step.select {
            Select::Range { index, .. } if !step.negated => {
                self.ranges.get(*index).is_none_or(Option::is_none)
            }
            _ => true,
        })
    }

    fn selected(&mut self, step: &Step) -> Result<bool, CommandError> {
        match &step.select {
            Select::Always => Ok(true),
            Select::One(address) => self.at_address(address),
            Select::Range { start, end, from_zero, index } => {
                self.in_range(start, end, *from_zero, *index)
            }
        }
    }

    fn at_address(&mut self, address: &Address) -> Result<bool, CommandError> {
        let line = self.inputs.line;
        match address {
            Address::Line(number) => Ok(line == *number),
            Address::Step { first, step: 0 } => Ok(line == *first),
            Address::Step { first, step } => {
                Ok(line >= *first && (line - first).is_multiple_of(*step))
            }
            Address::Last => self.inputs.at_end(self.ctx, &mut self.outputs, self.mode),
            Address::Match(regex) => self.space_matches(regex.as_ref()),
        }
    }

    fn space_matches(&mut self, regex: Option<&Rc<Regex>>) -> Result<bool, CommandError> {
        let regex = self.regex(regex)?;
        Ok(regex.is_match(&self.space, &self.ctx.cancel)?)
    }

    /// A pattern, the empty one being the last that was used.
    fn regex(&mut self, regex: Option<&Rc<Regex>>) -> Result<Rc<Regex>, CommandError> {
        if let Some(regex) = regex {
            self.last_regex = Some(Rc::clone(regex));
        }
        match &self.last_regex {
            Some(regex) => Ok(Rc::clone(regex)),
            None => Err(failure("-e expression #1, char 0: no previous regular expression")),
        }
    }

    fn in_range(
        &mut self,
        start: &Address,
        end: &End,
        from_zero: bool,
        index: usize,
    ) -> Result<bool, CommandError> {
        let line = self.inputs.line;
        let state = self.ranges.get(index).copied().flatten();
        let Some(active) = state else {
            if from_zero || !self.at_address(start)? {
                return Ok(false);
            }
            let next = match end {
                End::Line(last) if *last <= line => None,
                End::Line(last) => Some(Active::Until(*last)),
                End::After(0) => None,
                End::After(count) => Some(Active::Until(line.saturating_add(*count))),
                End::Multiple(0) => None,
                // Of a line that is a multiple itself, the next one.
                End::Multiple(of) => Some(Active::Until((line / of + 1) * of)),
                End::Last => Some(Active::UntilLast),
                End::Match(_) => Some(Active::UntilMatch),
            };
            self.set_range(index, next);
            if next == Some(Active::UntilLast)
                && self.inputs.at_end(self.ctx, &mut self.outputs, self.mode)?
            {
                self.set_range(index, None);
            }
            return Ok(true);
        };
        let (inside, ends) = match (active, end) {
            // A line beyond the last is outside, unless the range begins there anew.
            (Active::Until(last), _) if line > last => {
                self.set_range(index, None);
                if matches!(end, End::Line(_)) && self.at_address(start)? {
                    return Ok(true);
                }
                (false, true)
            }
            (Active::Until(last), _) => (true, line == last),
            (Active::UntilLast, _) => {
                (true, self.inputs.at_end(self.ctx, &mut self.outputs, self.mode)?)
            }
            (Active::UntilMatch, End::Match(regex)) => (true, self.space_matches(regex.as_ref())?),
            (Active::UntilMatch, _) => (true, true),
        };
        if ends {
            self.set_range(index, None);
        }
        Ok(inside)
    }

    fn set_range(&mut self, index: usize, state: Option<Active>) {
        if let Some(slot) = self.ranges.get_mut(index) {
            *slot = state;
        }
    }

    fn replace(&mut self, replace: &Replace) -> Result<(), CommandError> {
        let regex = self.regex(replace.regex.as_ref())?;
        let Some(text) = replace.with.replaced(&regex, &self.space, &self.ctx.cancel)? else {
            return Ok(());
        };
        self.space = text;
        self.replaced = true;
        self.account()?;
        if replace.execute {
            let command = BString::from(std::mem::take(&mut self.space));
            self.space = self.outputs.run(self.ctx, &command)?;
            if self.space.last() == Some(&b'\n') {
                self.space.pop();
            }
        }
        for _ in 0..replace.print {
            self.print_space()?;
        }
        if let Some(file) = replace.write {
            let newline = self.inputs.had_newline;
            self.outputs.write(self.ctx, file, &self.space, self.mode, newline)?;
        }
        Ok(())
    }

    fn execute(&mut self, command: Option<&BString>) -> Result<(), CommandError> {
        match command {
            Some(command) => {
                let text = self.outputs.run(self.ctx, command)?;
                self.outputs.text(self.ctx, &text)
            }
            None => {
                let command = BString::from(std::mem::take(&mut self.space));
                self.space = self.outputs.run(self.ctx, &command)?;
                if self.space.last() == Some(&b'\n') {
                    self.space.pop();
                }
                Ok(())
            }
        }
    }
}

/// No range is active but those that begin at line 0.
fn fresh_ranges(script: &Script) -> Vec<Option<Active>> {
    let mut ranges = vec![None; script.ranges];
    for step in &script.steps {
        if let Select::Range { from_zero: true, index, .. } = step.select
            && let Some(range) = ranges.get_mut(index)
        {
            *range = Some(Active::UntilMatch);
        }
    }
    ranges
}
