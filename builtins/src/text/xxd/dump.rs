//! From bytes to digits.

use super::options::{Kind, Rules};
use super::read_failed;
use crate::prelude::*;

/// What EBCDIC's characters from 64 on are.
const EBCDIC: &[u8; 192] = b" ...........<(+|&.........!$*);~-/.........,%_>?.........`:#@'=\".abcdefghi.......jklmnopqr^.......stuvwxyz...[...............]..{ABCDEFGHI......}JKLMNOPQR......\\.STUVWXYZ......0123456789......";

pub(super) fn dump(
    ctx: &mut Context<'_>,
    rules: &Rules,
    input: &mut Input,
    start: u64,
) -> CommandResult {
    let mut left = rules.length.unwrap_or(u64::MAX);
    let mut dump =
        Dump { rules, at: start, line: Vec::new(), count: 0, zeros: 0, held: Vec::new() };
    dump.begin(ctx)?;
    while left > 0 {
        let chunk = input.chunk().map_err(|error| {
            let _ = ctx.stdout.flush();
            read_failed(&error)
        })?;
        if chunk.is_empty() {
            break;
        }
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        left -= taken as u64;
        dump.feed(ctx, chunk.get(..taken).unwrap_or_default())?;
    }
    dump.finish(ctx)?;
    Ok(ExitStatus::SUCCESS)
}

struct Dump<'a> {
    rules: &'a Rules,
    at: u64,
    line: Vec<u8>,
    count: u64,
    /// How many lines of nothing but zeros there were at the end.
    zeros: u64,
    /// The last of them, which may not be shown.
    held: Vec<u8>,
}

/// Where a line of zeros is left out.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Zeros,
    Other,
    /// The end, after a line of zeros.
    Last,
}

impl Dump<'_> {
    fn begin(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if self.rules.kind == Kind::Include
            && let Some(name) = self.name()
        {
            ctx.stdout.put(b"unsigned char ")?;
            ctx.stdout.put(&name)?;
            ctx.stdout.put(b"[] = {\n")?;
        }
        Ok(())
    }

    /// The name of the variable; standard input has none.
    fn name(&self) -> Option<Vec<u8>> {
        let file = self.rules.input.as_ref().filter(|name| *name != "-");
        let name = self.rules.name.as_ref().or(file)?;
        let mut out = Vec::new();
        if name.first().is_some_and(u8::is_ascii_digit) {
            out.extend_from_slice(b"__");
        }
        let letter = |&byte: &u8| if byte.is_ascii_alphanumeric() { byte } else { b'_' };
        out.extend(name.iter().map(letter));
        if self.rules.capital {
            out.make_ascii_uppercase();
        }
        Some(out)
    }

    fn feed(&mut self, ctx: &mut Context<'_>, data: &[u8]) -> Result<(), CommandError> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = (self.rules.columns - self.line.len()).min(rest.len());
            let (head, tail) = rest.split_at(taken);
            self.line.extend_from_slice(head);
            rest = tail;
            // Without columns, what is there is written at once.
            if self.line.len() == self.rules.columns || self.rules.columns == usize::MAX {
                self.row(ctx)?;
            }
        }
        Ok(())
    }

    fn hex(&self, byte: u8) -> String {
        if self.rules.upper { format!("{byte:02X}") } else { format!("{byte:02x}") }
    }

    fn row(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let line = std::mem::take(&mut self.line);
        match self.rules.kind {
            Kind::Plain => {
                let mut text: String = line.iter().map(|&byte| self.hex(byte)).collect();
                if self.rules.columns != usize::MAX {
                    text.push('\n');
                }
                ctx.stdout.put(text.as_bytes())?;
            }
            Kind::Include => {
                let mut text = String::new();
                for (nth, byte) in line.iter().enumerate() {
                    text += match (nth, self.count) {
                        (0, 0) => "  ",
                        (0, _) => ",\n  ",
                        _ => ", ",
                    };
                    text += if self.rules.upper { "0X" } else { "0x" };
                    text += &self.hex(*byte);
                }
                ctx.stdout.put(text.as_bytes())?;
            }
            _ => {
                let row = self.columns(&line);
                let zeros = line.iter().all(|&byte| byte == 0);
                let whole = line.len() == self.rules.columns;
                let kind = if zeros && whole { Line::Zeros } else { Line::Other };
                self.show(ctx, row, kind)?;
            }
        }
        self.count += line.len() as u64;
        self.at += line.len() as u64;
        Ok(())
    }

    /// Offset, digits in groups, and the characters.
    fn columns(&self, line: &[u8]) -> Vec<u8> {
        let rules = self.rules;
        let shown = self.at.wrapping_add_signed(rules.shift);
        let address = if rules.decimal { format!("{shown:08}:") } else { format!("{shown:08x}:") };
        let digits = if rules.kind == Kind::Bits { 8 } else { 2 };
        let width = digits * rules.group + 1;
        let lead = address.len();
        let text_at = lead + 3 + (width * rules.columns - 1) / rules.group;
        let mut out = address.into_bytes();
        out.resize(text_at + line.len(), b' ');
        for (nth, &byte) in line.iter().enumerate() {
            let place = if rules.kind == Kind::Little { nth ^ (rules.group - 1) } else { nth };
            let column = lead + 1 + width * place / rules.group;
            let text = if digits == 8 { format!("{byte:08b}") } else { self.hex(byte) };
            let needed = column + text.len();
            if out.len() < needed {
                out.resize(needed, b' ');
            }
            if let Some(slot) = out.get_mut(column..needed) {
                slot.copy_from_slice(text.as_bytes());
            }
            let letter = match rules.ebcdic {
                true => byte.checked_sub(64).and_then(|at| EBCDIC.get(usize::from(at))).copied(),
                false => Some(byte).filter(|byte| matches!(byte, b' '..=b'~')),
            };
            if let Some(slot) = out.get_mut(text_at + nth) {
                *slot = letter.unwrap_or(b'.');
            }
        }
        out.truncate(text_at + line.len());
        out.push(b'\n');
        out
    }

    /// With `-a`, of several lines of zeros the first is shown, then an asterisk.
    fn show(
        &mut self,
        ctx: &mut Context<'_>,
        row: Vec<u8>,
        kind: Line,
    ) -> Result<(), CommandError> {
        if !self.rules.autoskip {
            if kind != Line::Last {
                ctx.stdout.put(&row)?;
            }
            return Ok(());
        }
        match kind {
            Line::Zeros => {
                self.zeros += 1;
                if self.zeros == 1 {
                    ctx.stdout.put(&row)?;
                } else if self.zeros == 2 {
                    self.held = row;
                }
            }
            Line::Other => {
                match self.zeros {
                    0 | 1 => {}
                    2 => ctx.stdout.put(&self.held)?,
                    _ => ctx.stdout.put(b"*\n")?,
                }
                self.zeros = 0;
                ctx.stdout.put(&row)?;
            }
            Line::Last => {
                // The last line is shown whatever it is.
                match self.zeros {
                    0 | 1 => return Ok(()),
                    2 => {}
                    3 => ctx.stdout.put(&self.held)?,
                    _ => ctx.stdout.put(b"*\n")?,
                }
                ctx.stdout.put(&row)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let partial = !self.line.is_empty();
        if partial {
            self.row(ctx)?;
        }
        match self.rules.kind {
            Kind::Plain if self.rules.columns == usize::MAX && self.count > 0 => {
                ctx.stdout.put(b"\n")?;
            }
            Kind::Plain => {}
            Kind::Include => {
                if self.count > 0 {
                    ctx.stdout.put(b"\n")?;
                }
                if let Some(mut name) = self.name() {
                    name.extend_from_slice(if self.rules.capital { b"_LEN" } else { b"_len" });
                    ctx.stdout.put(b"};\nunsigned int ")?;
                    ctx.stdout.put(&name)?;
                    ctx.stdout.put(format!(" = {};\n", self.count).as_bytes())?;
                }
            }
            _ if !partial && self.zeros > 1 => {
                let columns = self.rules.columns;
                self.at -= columns as u64;
                let row = self.columns(&vec![0; columns]);
                self.show(ctx, row, Line::Last)?;
            }
            _ => {}
        }
        Ok(())
    }
}
