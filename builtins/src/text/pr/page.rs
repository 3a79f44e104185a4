//! Pages: headers, columns, rows and what fills the rest.

use super::line::{Line, shaped};
use super::options::Style;
use super::source::{Read, Source, State};
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::text::column::width;
use crate::time::{Moment, format};

/// Lines above the text and below it.
const HEADER_LINES: usize = 5;
const TRAILER_LINES: usize = 5;

/// Prints one file, or several side by side.
pub(super) struct Printer<'s> {
    style: &'s Style,
    sources: Vec<Source>,
    columns: usize,
    column_width: usize,
    date: Vec<u8>,
    title: BString,
    page: u64,
    number: i64,
    header_due: bool,
    /// What the lines of a page take.
    held: Held,
}

/// One column's part of a row.
enum Cell {
    Text {
        text: Vec<u8>,
        number: i64,
    },
    /// The file has nothing more on this page.
    Gone,
}

impl<'s> Printer<'s> {
    pub fn new(
        ctx: &Context<'_>,
        style: &'s Style,
        sources: Vec<Source>,
    ) -> Result<Self, CommandError> {
        let columns = if style.merge { sources.len() } else { style.columns };
        let column_width = style.column_width(columns)?;
        let first = sources.first().filter(|_| !style.merge);
        let ns = first.and_then(|source| source.modified_ns).unwrap_or(ctx.clock.now_ns());
        let mut date = Vec::new();
        if let Some(moment) = Moment::new(ns, &style.zone) {
            format(&style.date_format, &moment, &mut date);
        }
        let name = first.map(|source| source.name.clone()).unwrap_or_default();
        let title = style.header.clone().unwrap_or(name);
        Ok(Self {
            style,
            sources,
            columns,
            column_width,
            date,
            title,
            page: 1,
            number: 1,
            header_due: false,
            held: ctx.budget.hold(Resource::Memory, 0)?,
        })
    }

    pub fn run(mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        while self.page < self.style.first_page {
            if !self.is_open() || !self.skip_page(ctx)? {
                let (first, count) = (self.style.first_page, self.page - 1);
                ctx.stdout.flush()?;
                return ctx
                    .complain(format!("starting page number {first} exceeds page count {count}"));
            }
        }
        if let Some(number) = self.style.first_number {
            self.number = number;
        }
        while self.is_open() && self.style.last_page.is_none_or(|last| self.page <= last) {
            if !self.print_page(ctx)? {
                break;
            }
            self.page += 1;
        }
        Ok(())
    }

    /// A page begins: what a form feed held goes on. True if there is anything to go on with.
    fn is_open(&mut self) -> bool {
        for source in &mut self.sources {
            if source.state == State::OnHold {
                source.state = State::Open;
            }
        }
        self.any_open()
    }

    /// A form feed right after a page that is full anyway makes no other one.
    fn page_is_full(&mut self) -> Result<(), CommandError> {
        if self.style.feeds {
            for source in self.sources.iter_mut().filter(|source| source.state == State::Open) {
                source.skip_feed()?;
            }
        }
        Ok(())
    }

    fn any_open(&self) -> bool {
        self.sources.iter().any(|source| source.state == State::Open)
    }

    /// Reads over one page; false if there was none.
    fn skip_page(&mut self, ctx: &Context<'_>) -> Result<bool, CommandError> {
        let mut any = false;
        let count = if self.style.merge { 1 } else { self.columns };
        for _ in 0..self.style.body.saturating_mul(count) {
            if !self.any_open() {
                break;
            }
            let mut read = false;
            for source in self.sources.iter_mut().filter(|source| source.state == State::Open) {
                match source.line(self.style.feeds)? {
                    Read::Line(_) => read = true,
                    Read::PageEnd => any = true,
                    Read::End => {}
                }
            }
            if read {
                any = true;
                self.number += 1;
            }
            ctx.check()?;
        }
        self.page += u64::from(any);
        Ok(any)
    }

    /// Prints one page; false if nothing was left for it.
    fn print_page(&mut self, ctx: &mut Context<'_>) -> Result<bool, CommandError> {
        self.header_due = self.style.extremities;
        let mut left = self.style.body * if self.style.double { 2 } else { 1 };
        let down = !self.style.merge && !self.style.across && self.columns > 1;
        let mut stored = if down { self.store()?.into_iter() } else { Vec::new().into_iter() };
        let mut any = false;
        loop {
            let ready = if down { stored.len() > 0 } else { self.any_open() };
            if left == 0 || !ready {
                break;
            }
            let row = if down { stored.next() } else { self.row()? };
            if let Some(row) = row {
                any = true;
                self.header(ctx)?;
                self.print_row(ctx, row)?;
                left = left.saturating_sub(1);
            }
            let ready = if down { stored.len() > 0 } else { self.any_open() };
            if !ready && !self.style.extremities {
                break;
            }
            if self.style.double && any {
                ctx.stdout.put(b"\n")?;
                left = left.saturating_sub(1);
            }
            ctx.check()?;
        }
        let held = self.sources.iter().any(|source| source.state == State::OnHold);
        if left == 0 {
            self.page_is_full()?;
        }
        if held && self.style.extremities {
            // A page without lines has its header all the same.
            self.header(ctx)?;
        }
        if !any && !held {
            return Ok(false);
        }
        self.held.shrink(u64::MAX);
        if !self.style.extremities {
            if held {
                ctx.stdout.put(b"\x0c")?;
            }
        } else if self.style.form_feed {
            ctx.stdout.put(b"\x0c")?;
        } else {
            for _ in 0..left + TRAILER_LINES {
                ctx.stdout.put(b"\n")?;
            }
        }
        Ok(true)
    }

    fn header(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if !std::mem::take(&mut self.header_due) {
            return Ok(());
        }
        let mut line = Line::new(self.style.tabify, self.style.margin);
        line.settle();
        let mut out = line.out;
        out.extend_from_slice(b"\n\n");
        out.resize(out.len() + self.style.margin, b' ');
        let page = format!("Page {}", self.page);
        let used = width::of(&self.date) + width::of(&self.title) + page.len();
        let free = self.style.page_width.saturating_sub(used);
        let (left, right) = (free / 2, free - free / 2);
        out.extend_from_slice(&self.date);
        out.resize(out.len() + left.max(1), b' ');
        out.extend_from_slice(&self.title);
        out.resize(out.len() + right.max(1), b' ');
        out.extend_from_slice(page.as_bytes());
        out.resize(out.len() + HEADER_LINES - 2, b'\n');
        Ok(ctx.stdout.put(&out)?)
    }

    /// The next row of files side by side, or of columns across; `None` if there is none.
    fn row(&mut self) -> Result<Option<Vec<Cell>>, CommandError> {
        let feeds = self.style.feeds;
        let mut row = Vec::with_capacity(self.columns);
        let mut any = false;
        for at in 0..self.columns {
            let at = if self.style.merge { at } else { 0 };
            let Some(source) = self.sources.get_mut(at) else { break };
            if source.state != State::Open {
                row.push(Cell::Gone);
                continue;
            }
            match source.line(feeds)? {
                Read::Line(text) => {
                    any = true;
                    row.push(Cell::Text { text, number: self.number });
                    self.number += i64::from(!self.style.merge);
                }
                Read::PageEnd | Read::End => row.push(Cell::Gone),
            }
            if !self.any_open() {
                break;
            }
        }
        Ok(any.then_some(row))
    }

    /// The rows of a page whose columns go down, balanced.
    fn store(&mut self) -> Result<Vec<Vec<Cell>>, CommandError> {
        let most = self.style.body.saturating_mul(self.columns);
        let mut lines = Vec::new();
        let Some(source) = self.sources.first_mut() else { return Ok(Vec::new()) };
        while lines.len() < most && source.state == State::Open {
            if let Read::Line(line) = source.line(self.style.feeds)? {
                self.held.grow(line.len() as u64 + 64)?;
                lines.push(line);
            }
        }
        let (each, extra) = (lines.len() / self.columns, lines.len() % self.columns);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        rows.resize_with(each + usize::from(extra > 0), Vec::new);
        let mut lines = lines.into_iter();
        for column in 0..self.columns {
            let count = each + usize::from(column < extra);
            for (row, line) in rows.iter_mut().zip(lines.by_ref().take(count)) {
                row.push(Cell::Text { text: line, number: self.number });
                self.number += 1;
            }
        }
        Ok(rows)
    }

    fn print_row(&mut self, ctx: &mut Context<'_>, row: Vec<Cell>) -> Result<(), CommandError> {
        let style = self.style;
        let mut line = Line::new(style.tabify, style.margin);
        let numbers_before = style.numbers.filter(|_| style.merge);
        let first = style.margin + numbers_before.map_or(0, |numbers| numbers.width);
        if let Some(numbers) = numbers_before {
            // A tab after the number is lost where only the first file has ended.
            let gone = row.iter().take_while(|cell| matches!(cell, Cell::Gone)).count();
            print_number(&mut line, self.number, numbers.digits);
            match numbers.separator {
                b'\t' if gone == 1 => {}
                b'\t' => line.tab(),
                other => line.text(&[other]),
            }
            self.number += 1;
        }
        if self.columns > 1 || style.tabify.is_none() {
            // The margin stands before an empty line too.
            line.settle();
        }
        for (at, cell) in row.into_iter().enumerate() {
            let start = first + at * (self.column_width + style.separator.len());
            if at > 0 && style.aligned {
                line.pad_to(start.saturating_sub(style.separator.len()));
            }
            let (text, number) = match cell {
                Cell::Text { text, number } => (text, number),
                Cell::Gone if style.merge => {
                    if at > 0 {
                        line.separator(&style.separator);
                    }
                    continue;
                }
                Cell::Gone => continue,
            };
            if at > 0 {
                line.separator(&style.separator);
            }
            let mut width = self.column_width;
            if let Some(numbers) = style.numbers.filter(|_| !style.merge) {
                print_number(&mut line, number, numbers.digits);
                match numbers.separator {
                    b'\t' if self.columns > 1 => {
                        line.text(&b"        "[..numbers.width - numbers.digits]);
                    }
                    b'\t' => line.tab(),
                    other => line.text(&[other]),
                }
                width = width.saturating_sub(numbers.width);
            }
            line.text(&shaped(style, &text, style.truncate.then_some(width)));
        }
        line.out.push(b'\n');
        Ok(ctx.stdout.put(&line.out)?)
    }
}

/// The last `digits` digits of a number.
fn print_number(line: &mut Line, number: i64, digits: usize) {
    let text = number.to_string();
    line.text(&vec![b' '; digits.saturating_sub(text.len())]);
    let from = text.len().saturating_sub(digits);
    line.text(text.as_bytes().get(from..).unwrap_or_default());
}
