//! The input as lines, and the sections that they are written to.

use std::collections::VecDeque;

use super::name::Names;
use super::pattern::Pattern;
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::regex::Regex;

pub(super) struct Sections {
    input: Input,
    /// Lines that were read and belong to no section yet.
    ahead: VecDeque<Bytes>,
    held: Option<Held>,
    /// The number of the line that comes next, from 1.
    next: u64,
    /// The last line that a pattern was tried on.
    searched: u64,
    names: Names,
    elide: bool,
    counts: bool,
    suppress: bool,
    /// How many sections there are.
    count: u64,
    current: Option<(BString, Output)>,
    made: Vec<BString>,
}

impl Sections {
    pub fn new(input: Input, names: Names, elide: bool, counts: bool, suppress: bool) -> Self {
        Self {
            input,
            ahead: VecDeque::new(),
            held: None,
            next: 1,
            searched: 0,
            names,
            elide,
            counts,
            suppress,
            count: 0,
            current: None,
            made: Vec::new(),
        }
    }

    /// Line `nth` of those ahead; `None` past the end.
    fn line(&mut self, ctx: &Context<'_>, nth: usize) -> Result<Option<&Bytes>, CommandError> {
        while self.ahead.len() <= nth {
            let line = match self.input.line(b'\n') {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => return Err(failure(format!("read error: {error}"))),
            };
            let bytes = line.len() as u64 + 64;
            match &mut self.held {
                Some(held) => held.grow(bytes)?,
                None => self.held = Some(ctx.budget.hold(Resource::Memory, bytes)?),
            }
            self.ahead.push_back(line);
        }
        Ok(self.ahead.get(nth))
    }

    /// Takes the next line: to the section, or nowhere.
    fn take(&mut self, write: bool) -> Result<(), CommandError> {
        let Some(line) = self.ahead.pop_front() else { return Ok(()) };
        self.next += 1;
        if let Some(held) = &mut self.held {
            held.shrink(line.len() as u64 + 64);
        }
        match &mut self.current {
            Some((name, output)) if write => {
                output.put(&line).map_err(|error| write_failed(name, error))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let name = self.names.get(self.count);
        self.count += 1;
        let output = ctx
            .create(&name)
            .map_err(|error| failure(format!("{}: {error}", quoted_name(&name))))?;
        self.made.push(name.clone());
        self.current = Some((name, output));
        Ok(())
    }

    /// Ends the section being written and says how long it is.
    pub fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let Some((name, mut output)) = self.current.take() else { return Ok(()) };
        output.flush().map_err(|error| write_failed(&name, error))?;
        let bytes = output.written();
        if bytes == 0 && self.elide {
            let path = ctx.path(&name)?;
            let _ = ctx.fs.remove(&path, false);
            self.made.pop();
            self.count -= 1;
        } else if self.counts {
            ctx.stdout.put(format!("{bytes}\n").as_bytes())?;
        }
        Ok(())
    }

    /// Removes what was made, after a fault.
    pub fn remove(&mut self, ctx: &Context<'_>) {
        for name in self.made.drain(..) {
            if let Ok(path) = ctx.path(&name) {
                let _ = ctx.fs.remove(&path, false);
            }
        }
    }

    /// Everything that is left.
    pub fn rest(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        self.begin(ctx)?;
        while self.line(ctx, 0)?.is_some() {
            self.take(true)?;
        }
        self.finish(ctx)
    }

    /// Up to but not including a line, counted from where the turn before ended.
    pub fn up_to_line(
        &mut self,
        ctx: &mut Context<'_>,
        pattern: &Pattern,
        line: u64,
        turn: u64,
    ) -> Result<(), CommandError> {
        self.begin(ctx)?;
        let target = line.saturating_mul(turn + 1);
        while self.next < target {
            if self.line(ctx, 0)?.is_none() {
                return Err(out_of_range(pattern, turn));
            }
            self.take(true)?;
        }
        if self.line(ctx, 0)?.is_none() {
            return Err(out_of_range(pattern, turn));
        }
        self.searched = target - 1;
        self.finish(ctx)?;
        if self.suppress {
            self.take(false)?;
        }
        Ok(())
    }

    /// Up to a line that matches. False if there is none and that ends the splitting.
    pub fn up_to_match(
        &mut self,
        ctx: &mut Context<'_>,
        pattern: &Pattern,
        regex: &Regex,
        offset: i64,
        skip: bool,
        turn: u64,
    ) -> Result<bool, CommandError> {
        if !skip {
            self.begin(ctx)?;
        }
        // The line that ended the section before is not looked at again.
        let first = (self.searched + 1).max(self.next);
        let mut nth = usize::try_from(first - self.next).unwrap_or(usize::MAX);
        // Lines that the offset may reach back to are not written yet.
        let back = usize::try_from(offset.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let cancel = ctx.cancel.clone();
        let found = loop {
            ctx.check()?;
            while nth > back && self.line(ctx, 0)?.is_some() {
                self.take(!skip)?;
                nth -= 1;
            }
            let Some(line) = self.line(ctx, nth)? else { break false };
            if regex.is_match(line.strip_suffix(b"\n").unwrap_or(line), &cancel)? {
                break true;
            }
            nth += 1;
        };
        if !found {
            while !skip && self.line(ctx, 0)?.is_some() {
                self.take(true)?;
            }
            if pattern.repeat.is_none() {
                self.finish(ctx)?;
                return Ok(false);
            }
            let again = if turn > 0 { format!(" on repetition {turn}") } else { String::new() };
            return Err(failure(format!("{}: match not found{again}", marked(&pattern.text))));
        }
        let matched = self.next + nth as u64;
        let target = matched.checked_add_signed(offset).filter(|target| *target >= self.next);
        let Some(target) = target else { return Err(out_of_range(pattern, turn)) };
        self.searched = matched.max(target);
        while self.next < target {
            if self.line(ctx, 0)?.is_none() {
                return Err(out_of_range(pattern, turn));
            }
            self.take(!skip)?;
        }
        if !skip {
            self.finish(ctx)?;
        }
        if self.suppress {
            self.line(ctx, 0)?;
            self.take(false)?;
        }
        Ok(true)
    }
}

fn out_of_range(pattern: &Pattern, turn: u64) -> CommandError {
    let again = if turn > 0 { format!(" on repetition {turn}") } else { String::new() };
    failure(format!("{}: line number out of range{again}", marked(&pattern.text)))
}

fn write_failed(name: &BString, error: FsError) -> CommandError {
    match error.errno() {
        Errno::Canceled => error.into(),
        _ => failure(format!("{}: {error}", quoted_name(name))),
    }
}
