//! From digits back to bytes.

use mesafs::filesystem::SeekFrom;

use super::options::{Kind, Rules, Seek};
use super::{fail, read_failed};
use crate::prelude::*;

pub(super) fn revert(ctx: &mut Context<'_>, rules: &Rules, input: &mut Input) -> CommandResult {
    let base = match rules.seek {
        Seek::None => 0,
        Seek::Start(offset) | Seek::Ahead(offset) => i64::try_from(offset).unwrap_or(i64::MAX),
        Seek::Back(offset) | Seek::End(offset) => {
            i64::try_from(offset).map_or(i64::MIN, |offset| -offset)
        }
    };
    let mut back = Back {
        plain: rules.kind == Kind::Plain,
        columns: rules.columns,
        base,
        wanted: 0,
        have: 0,
        column: rules.columns,
        digits: [None; 3],
        skipping: false,
        leading: true,
    };
    loop {
        let chunk = input.chunk().map_err(|error| read_failed(&error))?;
        if chunk.is_empty() {
            break;
        }
        for &byte in &chunk {
            back.byte(ctx, byte)?;
        }
    }
    Ok(ExitStatus::SUCCESS)
}

struct Back {
    plain: bool,
    columns: usize,
    base: i64,
    /// Where the next byte belongs, and where the output stands.
    wanted: i64,
    have: i64,
    /// Bytes of this line; all of them while its offset is read.
    column: usize,
    /// The last three characters as digits, the newest first.
    digits: [Option<u8>; 3],
    /// The rest of the line is not looked at.
    skipping: bool,
    /// Nothing of this line was of use yet.
    leading: bool,
}

impl Back {
    fn byte(&mut self, ctx: &mut Context<'_>, byte: u8) -> Result<(), CommandError> {
        if self.skipping {
            if byte == b'\n' {
                self.skipping = false;
                self.end_line();
            }
            return Ok(());
        }
        if byte == b'\r' || (self.plain && matches!(byte, b' ' | b'\n' | b'\t')) {
            return Ok(());
        }
        let digit = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        self.digits = [digit, self.digits[0], self.digits[1]];
        if digit.is_none() && self.leading {
            return Ok(());
        }
        self.leading = false;
        if !self.plain && self.column >= self.columns {
            match digit {
                Some(digit) => self.wanted = self.wanted << 4 | i64::from(digit),
                None => self.column = 0,
            }
            return Ok(());
        }
        self.go(ctx)?;
        match self.digits {
            [Some(low), Some(high), _] => {
                ctx.stdout.put(&[high << 4 | low])?;
                self.have += 1;
                self.wanted += 1;
                self.digits[0] = None;
                if !self.plain {
                    self.column += 1;
                    if self.column >= self.columns {
                        self.wanted = 0;
                        self.skipping = true;
                        return Ok(());
                    }
                }
            }
            [None, None, None] => {
                // Two blanks or other text: the characters of the dump follow.
                self.skipping = byte != b'\n';
            }
            _ => {}
        }
        if byte == b'\n' {
            self.end_line();
        }
        Ok(())
    }

    fn end_line(&mut self) {
        if !self.plain {
            self.wanted = 0;
        }
        self.column = self.columns;
        self.leading = true;
    }

    /// Brings the output to where the next byte belongs.
    fn go(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let target = self.base.saturating_add(self.wanted);
        if target == self.have {
            return Ok(());
        }
        ctx.stdout.flush()?;
        if ctx.stdout.stream().seek(SeekFrom::Current(target - self.have)).is_ok() {
            self.have = target;
            return Ok(());
        }
        if target < self.have {
            return Err(fail("Sorry, cannot seek backwards.", 5));
        }
        const ZEROS: [u8; 4096] = [0; 4096];
        while self.have < target {
            let left = usize::try_from(target - self.have).unwrap_or(usize::MAX);
            let now = left.min(ZEROS.len());
            ctx.stdout.put(ZEROS.get(..now).unwrap_or_default())?;
            self.have += now as i64;
        }
        Ok(())
    }
}
