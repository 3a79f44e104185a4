//! The record and its fields: split when first looked at, joined when first needed.

use std::rc::Rc;

use bstr::ByteSlice;
use bytes::{Bytes, BytesMut};

use super::super::ast::Special;
use super::super::regex::Regex;
use super::super::value::Value;
use super::{Done, Machine};

/// The highest field number; a larger one is an error before it is memory.
const FIELDS_MAX: usize = 1 << 24;

/// What stands between fields.
#[derive(Debug, Clone)]
pub(super) enum Separator {
    /// Blanks, those at the ends left out.
    Blank,
    Byte(u8),
    /// Nothing: each character is a field.
    Nothing,
    Regex(Rc<Regex>),
}

/// Which of FS, FIELDWIDTHS and FPAT was set last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Separator,
    Widths,
    Pattern,
}

#[derive(Debug, Default)]
pub(super) struct Record {
    text: Bytes,
    /// Whether `text` says what the fields say.
    joined: bool,
    fields: Vec<Value>,
    /// From where on `text` is not split yet; `None` once all of it is.
    unsplit: Option<usize>,
    mode: Mode,
    /// Made of FS at its first use after a change.
    separator: Option<Separator>,
}

impl Record {
    pub fn use_fs(&mut self) {
        (self.mode, self.separator) = (Mode::Separator, None);
    }

    pub fn use_widths(&mut self) {
        self.mode = Mode::Widths;
    }

    pub fn use_fpat(&mut self) {
        self.mode = Mode::Pattern;
    }

    /// Splits at blanks until there are `count` fields.
    fn split_blanks(&mut self, count: usize) {
        let Self { text, fields, unsplit, .. } = self;
        let Some(mut at) = unsplit.take() else { return };
        while fields.len() < count {
            let rest = text.get(at..).unwrap_or_default();
            let start = at + rest.iter().take_while(|byte| is_blank(byte)).count();
            let rest = text.get(start..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            let len = rest.iter().position(is_blank).unwrap_or(rest.len());
            at = start + len;
            fields.push(Value::Input(text.slice(start..at)));
        }
        *unsplit = Some(at);
    }

    /// Splits at each `byte` until there are `count` fields.
    fn split_at(&mut self, byte: u8, count: usize) {
        let Self { text, fields, unsplit, .. } = self;
        let Some(mut at) = unsplit.take().filter(|_| !text.is_empty()) else { return };
        while fields.len() < count {
            match memchr::memchr(byte, text.get(at..).unwrap_or_default()) {
                Some(len) => {
                    fields.push(Value::Input(text.slice(at..at + len)));
                    at += len + 1;
                }
                None => {
                    fields.push(Value::Input(text.slice(at..)));
                    return;
                }
            }
        }
        *unsplit = Some(at);
    }
}

impl Machine<'_, '_, '_, '_, '_> {
    pub(super) fn set_record(&mut self, text: Bytes) {
        self.record.text = text;
        self.record.joined = true;
        self.record.unsplit = Some(0);
        self.record.fields.clear();
        if self.record.mode == Mode::Separator && self.record.separator.is_none() {
            // It is this record's, whatever FS becomes; one that is none is told when it is used.
            drop(self.field_separator());
        }
    }

    pub(super) fn whole_record(&mut self) -> Bytes {
        if !self.record.joined {
            let mut text = BytesMut::new();
            for (at, field) in self.record.fields.iter().enumerate() {
                if at > 0 {
                    text.extend_from_slice(&self.ofs);
                }
                text.extend_from_slice(&field.text(&self.convfmt));
            }
            self.record.text = text.freeze();
            self.record.joined = true;
        }
        self.record.text.clone()
    }

    pub(super) fn split_record(&mut self) -> Done<()> {
        self.split_until(usize::MAX)
    }

    /// Splits the record until it has `count` fields, or as many as there are.
    fn split_until(&mut self, count: usize) -> Done<()> {
        if self.record.unsplit.is_none() || self.record.fields.len() >= count {
            return Ok(());
        }
        if self.record.mode == Mode::Separator {
            match self.field_separator()? {
                Separator::Blank => {
                    self.record.split_blanks(count);
                    return Ok(());
                }
                Separator::Byte(byte) if !self.special(Special::Rs).text(b"").is_empty() => {
                    self.record.split_at(byte, count);
                    return Ok(());
                }
                _ => {}
            }
        }
        let text = self.record.text.clone();
        let fields = match self.record.mode {
            Mode::Separator => {
                let separator = self.field_separator()?;
                let newlines = self.special(Special::Rs).text(b"").is_empty();
                split(&text, &separator, newlines, None)
            }
            Mode::Widths => {
                let widths = self.special(Special::FieldWidths).text(b"");
                split_widths(&text, &widths)
            }
            Mode::Pattern => {
                let pattern = self.special(Special::Fpat).text(b"");
                let pattern = self.regex(&pattern)?;
                matches_of(&text, &pattern, None)
            }
        };
        self.record.fields = fields.into_iter().map(Value::Input).collect();
        self.record.unsplit = None;
        Ok(())
    }

    fn field_separator(&mut self) -> Done<Separator> {
        if let Some(separator) = &self.record.separator {
            return Ok(separator.clone());
        }
        let text = self.special(Special::Fs).text(b"");
        let separator = self.separator(&text)?;
        self.record.separator = Some(separator.clone());
        Ok(separator)
    }

    /// What a string means as a separator (POSIX awk, "Regular Expressions").
    pub(super) fn separator(&mut self, text: &Bytes) -> Done<Separator> {
        Ok(match text.as_ref() {
            b" " => Separator::Blank,
            b"" => Separator::Nothing,
            [byte] if *byte != b'\\' && !(self.ignore_case && byte.is_ascii_alphabetic()) => {
                Separator::Byte(*byte)
            }
            _ => Separator::Regex(self.regex(text)?),
        })
    }

    pub(super) fn field_count(&mut self) -> Done<usize> {
        self.split_record()?;
        Ok(self.record.fields.len())
    }

    fn field_number(&self, number: f64) -> Done<usize> {
        if number < 0.0 {
            return self.fatal(format!("attempt to access field {}", number as i64));
        }
        let number = number as usize;
        if number > FIELDS_MAX {
            return self
                .fatal(format!("attempt to access field {number}: the highest is {FIELDS_MAX}"));
        }
        Ok(number)
    }

    pub(super) fn field(&mut self, number: f64) -> Done<Value> {
        let number = self.field_number(number)?;
        if number == 0 {
            return Ok(Value::Input(self.whole_record()));
        }
        self.split_until(number)?;
        Ok(self.record.fields.get(number - 1).cloned().unwrap_or_default())
    }

    pub(super) fn set_field(&mut self, number: f64, value: Value) -> Done<()> {
        let number = self.field_number(number)?;
        if number == 0 {
            self.set_record(value.text(&self.convfmt));
            return Ok(());
        }
        self.split_record()?;
        if self.record.fields.len() < number {
            self.stored((number - self.record.fields.len()) * size_of::<Value>())?;
            self.record.fields.resize(number, Value::Uninit);
        }
        if let Some(field) = self.record.fields.get_mut(number - 1) {
            // Its type stays; as text it is what CONVFMT makes of it now.
            *field = value;
        }
        self.record.joined = false;
        Ok(())
    }

    pub(super) fn set_field_count(&mut self, count: f64) -> Done<()> {
        if count < 0.0 {
            return self.fatal("NF set to negative value");
        }
        let count = self.field_number(count)?;
        self.split_record()?;
        self.stored(count.saturating_sub(self.record.fields.len()) * size_of::<Value>())?;
        self.record.fields.resize(count, Value::Uninit);
        self.record.joined = false;
        Ok(())
    }
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// The pieces of `text`; `newlines` makes a newline separate too (RS is empty). What stood between
/// them goes to `between`.
pub(super) fn split(
    text: &Bytes,
    separator: &Separator,
    newlines: bool,
    mut between: Option<&mut Vec<Bytes>>,
) -> Vec<Bytes> {
    let mut fields = Vec::new();
    if text.is_empty() {
        return fields;
    }
    let mut note = |range: std::ops::Range<usize>| {
        if let Some(between) = between.as_deref_mut() {
            between.push(text.slice(range));
        }
    };
    match separator {
        Separator::Blank => {
            let mut at = 0;
            let mut gap = 0;
            loop {
                let rest = text.get(at..).unwrap_or_default();
                let skipped = rest.iter().take_while(|byte| is_blank(byte)).count();
                let start = at + skipped;
                if start >= text.len() {
                    note(gap..start);
                    return fields;
                }
                note(gap..start);
                let rest = text.get(start..).unwrap_or_default();
                let len = rest.iter().position(is_blank).unwrap_or(rest.len());
                fields.push(text.slice(start..start + len));
                at = start + len;
                gap = at;
            }
        }
        Separator::Byte(byte) => {
            let mut start = 0;
            let ends = |found: &u8| found == byte || (newlines && *found == b'\n');
            while let Some(len) = match newlines {
                false => memchr::memchr(*byte, text.get(start..).unwrap_or_default()),
                true => text.get(start..).unwrap_or_default().iter().position(ends),
            } {
                fields.push(text.slice(start..start + len));
                note(start + len..start + len + 1);
                start += len + 1;
            }
            fields.push(text.slice(start..));
            fields
        }
        Separator::Nothing => {
            for (start, end, _) in text.char_indices() {
                fields.push(text.slice(start..end));
                if end < text.len() {
                    note(end..end);
                }
            }
            fields
        }
        Separator::Regex(regex) => {
            let mut start = 0;
            let mut from = 0;
            while let Some(found) = regex.find_at(text, from) {
                let newline = if newlines {
                    memchr::memchr(b'\n', text.get(start..found.start).unwrap_or_default())
                        .map(|at| start + at)
                } else {
                    None
                };
                let found = newline.map_or(found, |at| at..at + 1);
                if found.is_empty() {
                    // An empty match separates nothing.
                    from = found.end + 1;
                    if from > text.len() {
                        break;
                    }
                    continue;
                }
                fields.push(text.slice(start..found.start));
                note(found.clone());
                start = found.end;
                from = start;
            }
            if newlines {
                while let Some(at) = memchr::memchr(b'\n', text.get(start..).unwrap_or_default()) {
                    fields.push(text.slice(start..start + at));
                    note(start + at..start + at + 1);
                    start += at + 1;
                }
            }
            fields.push(text.slice(start..));
            fields
        }
    }
}

/// The matches of `pattern`, as FPAT and `patsplit` take them.
pub(super) fn matches_of(
    text: &Bytes,
    pattern: &Regex,
    mut between: Option<&mut Vec<Bytes>>,
) -> Vec<Bytes> {
    let mut fields = Vec::new();
    let mut at = 0;
    let mut gap = 0;
    while at <= text.len() {
        let Some(found) = pattern.find_at(text, at) else { break };
        if found.is_empty() && found.start == gap && !fields.is_empty() {
            at = found.end + 1;
            continue;
        }
        if let Some(between) = between.as_deref_mut() {
            between.push(text.slice(gap..found.start));
        }
        fields.push(text.slice(found.clone()));
        gap = found.end;
        at = if found.is_empty() { found.end + 1 } else { found.end };
    }
    if let Some(between) = between {
        between.push(text.slice(gap.min(text.len())..));
    }
    fields
}

/// FIELDWIDTHS: characters of each field, `SKIP:WIDTH`, and `*` for the rest.
fn split_widths(text: &Bytes, widths: &[u8]) -> Vec<Bytes> {
    let starts: Vec<usize> =
        text.char_indices().map(|(start, _, _)| start).chain([text.len()]).collect();
    let offset = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    let mut fields = Vec::new();
    let mut at = 0usize;
    for width in widths.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()) {
        let (skip, width) = match width.split_once_str(":") {
            Some((skip, width)) => (skip, width),
            None => (&b"0"[..], width),
        };
        let number = |text: &[u8]| super::super::value::leading_number(text).0 as usize;
        at = at.saturating_add(number(skip));
        if at >= starts.len() - 1 {
            break;
        }
        let end = if width == b"*" { starts.len() - 1 } else { at.saturating_add(number(width)) };
        fields.push(text.slice(offset(at)..offset(end)));
        at = end;
    }
    fields
}
