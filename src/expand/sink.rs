//! Where expanded text goes: fields that grow part by part.

use super::error::Expanded;
use super::ifs::Ifs;
use crate::state::Str;
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};
use mesash_builtins::pattern::Builder;

/// How much one word may take before the budget is asked.
const FREE_BYTES: usize = 1 << 16;

/// How text is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Into fields, as for arguments.
    Split,
    /// Not at all, as on the right side of an assignment: lists are joined.
    Single,
}

/// One field: its text, and which parts of that are active for globs and patterns.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub bytes: Vec<u8>,
    /// Ranges, in order.
    pub active: Vec<(usize, usize)>,
}

impl Field {
    fn push_active(&mut self, text: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        match self.active.last_mut() {
            Some((_, end)) if *end == start => *end = self.bytes.len(),
            _ if !text.is_empty() => self.active.push((start, self.bytes.len())),
            _ => {}
        }
    }

    /// The field as pieces of text, each active or quoted.
    pub fn pieces(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut at = 0;
        let mut ranges = self.active.iter();
        let mut pending: Option<(usize, usize)> = None;
        std::iter::from_fn(move || {
            if let Some((start, end)) = pending.take() {
                at = end;
                return Some((self.bytes.get(start..end).unwrap_or_default(), true));
            }
            match ranges.next() {
                Some(&(start, end)) if start > at => {
                    pending = Some((start, end));
                    let quoted = self.bytes.get(at..start).unwrap_or_default();
                    at = start;
                    Some((quoted, false))
                }
                Some(&(start, end)) => {
                    at = end;
                    Some((self.bytes.get(start..end).unwrap_or_default(), true))
                }
                None if at < self.bytes.len() => {
                    let quoted = self.bytes.get(at..).unwrap_or_default();
                    at = self.bytes.len();
                    Some((quoted, false))
                }
                None => None,
            }
        })
    }

    /// The field as a pattern.
    pub fn pattern(&self) -> Builder {
        let mut builder = Builder::new();
        for (text, active) in self.pieces() {
            if active { builder.active(text) } else { builder.quoted(text) }
        }
        builder
    }
}

/// What the last separator was, while no text has followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Text,
    Blank,
    Other,
}

/// Takes the text of a word and makes fields of it.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    pub mode: Mode,
    pub ifs: &'a Ifs,
    budget: &'a Budget,
    pub fields: Vec<Field>,
    field: Field,
    /// Whether `field` is one, even if it is empty.
    started: bool,
    after: After,
    /// The text of a here-document, where such lists are joined by spaces, `[*]` too.
    pub here_document: bool,
    pub joins_by_space: bool,
    /// Whether `joins_by_ifs` is ever set: where values are assigned.
    pub operators_join: bool,
    /// The members of a list that an operator made are joined by IFS, as in `x="${a[@]#p}"`.
    pub joins_by_ifs: bool,
    /// A quoted list without members was met: it makes no field by itself.
    pub empty_list: bool,
    total: usize,
    allowed: usize,
    held: Option<Held>,
}

impl<'a> Sink<'a> {
    pub fn new(mode: Mode, ifs: &'a Ifs, budget: &'a Budget) -> Self {
        Self {
            mode,
            ifs,
            budget,
            fields: Vec::new(),
            field: Field::default(),
            started: false,
            after: After::Text,
            here_document: false,
            joins_by_space: false,
            operators_join: false,
            joins_by_ifs: false,
            empty_list: false,
            total: 0,
            allowed: FREE_BYTES,
            held: None,
        }
    }

    fn charge(&mut self, more: usize) -> Result<(), LimitReached> {
        self.total += more;
        if self.total <= self.allowed {
            return Ok(());
        }
        let amount = self.total as u64;
        match &mut self.held {
            Some(held) => held.grow(amount)?,
            None => self.held = Some(self.budget.hold(Resource::Memory, amount)?),
        }
        self.allowed = self.total * 2;
        Ok(())
    }

    /// A mark to see later whether anything was added.
    pub fn mark(&self) -> (usize, usize) {
        (self.fields.len(), self.field.bytes.len())
    }

    /// Text that stands for itself.
    pub fn quoted(&mut self, text: &[u8]) -> Expanded<()> {
        if !text.is_empty() {
            self.charge(text.len())?;
            self.field.bytes.extend_from_slice(text);
            self.start();
        }
        Ok(())
    }

    /// The field is one from here on, even if it stays empty.
    pub fn start(&mut self) {
        self.started = true;
        self.after = After::Text;
    }

    /// Text of the script, active for globs, that isn't split.
    pub fn literal(&mut self, text: &[u8]) -> Expanded<()> {
        if !text.is_empty() {
            self.charge(text.len())?;
            self.field.push_active(text);
            self.start();
        }
        Ok(())
    }

    /// The unquoted value of an expansion: split, and active.
    pub fn expansion(&mut self, text: &[u8]) -> Expanded<()> {
        if self.mode == Mode::Single || self.ifs.is_empty() {
            return self.literal(text);
        }
        self.charge(text.len())?;
        let mut rest = text;
        while !rest.is_empty() {
            let Some(separator) = self.ifs.at(rest) else {
                let end = self.ifs.find(rest).unwrap_or(rest.len());
                let (run, tail) = rest.split_at_checked(end).unwrap_or((rest, b""));
                self.field.push_active(run);
                self.start();
                rest = tail;
                continue;
            };
            rest = rest.get(separator.width..).unwrap_or_default();
            if separator.blank {
                if self.started {
                    self.finish()?;
                    self.after = After::Blank;
                }
            } else {
                // A blank before it belongs to the same separation.
                if self.started || self.after != After::Blank {
                    self.finish()?;
                }
                self.after = After::Other;
            }
        }
        Ok(())
    }

    /// What stands between two members of an unquoted list.
    pub fn separator(&mut self, star: bool) -> Expanded<()> {
        let ifs = self.ifs;
        match self.mode {
            Mode::Single if star || self.joins_by_ifs => self.literal(&ifs.join),
            Mode::Single => self.literal(b" "),
            Mode::Split if ifs.is_empty() => {
                if self.started {
                    self.finish()?;
                }
                Ok(())
            }
            Mode::Split => self.expansion(&ifs.join),
        }
    }

    /// What stands between two members of `"$@"`.
    pub fn quoted_separator(&mut self) -> Expanded<()> {
        let ifs = self.ifs;
        match self.mode {
            Mode::Single if self.joins_by_ifs => self.quoted(&ifs.join),
            Mode::Single => self.quoted(b" "),
            Mode::Split => self.finish(),
        }
    }

    fn finish(&mut self) -> Expanded<()> {
        let limit = self.budget.limits().words;
        if self.fields.len() as u64 >= limit {
            return Err(LimitReached { resource: Resource::Words, limit }.into());
        }
        self.charge(size_of::<Field>())?;
        self.fields.push(std::mem::take(&mut self.field));
        self.started = false;
        Ok(())
    }

    /// The fields of the word.
    pub fn done(mut self) -> Expanded<Vec<Field>> {
        if self.started || self.mode == Mode::Single {
            self.finish()?;
        }
        Ok(self.fields)
    }

    /// The one field of a word that isn't divided.
    pub fn single(self) -> Field {
        self.field
    }

    pub fn into_str(self) -> Expanded<Str> {
        let Self { field, held, budget, .. } = self;
        // What was held for the making is given back before the result is charged.
        drop(held);
        Ok(Str::charged(field.bytes, budget)?)
    }
}
