//! Tab stops, as `expand` and `unexpand` are told of them.

use crate::prelude::*;

/// Where tabs lead.
#[derive(Debug, Default)]
pub(super) struct TabStops {
    list: Vec<u64>,
    /// `/N`: after the list, stops at multiples of N.
    multiples: Option<u64>,
    /// `+N`: after the list, stops N apart, counted from its last one.
    apart: Option<u64>,
}

/// What a number in a list is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Stop,
    Multiples,
    Apart,
}

impl TabStops {
    /// Adds a list such as `4`, `3,9 12`, `2,/4`.
    pub fn add(&mut self, ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
        let mut kind = Kind::Stop;
        let mut number: Option<u64> = None;
        let mut wrong = false;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let rest = text.get(at..).unwrap_or_default();
            match byte {
                b',' | b' ' | b'\t' => self.take(number.take(), kind)?,
                b'/' | b'+' => {
                    if number.is_some() {
                        let (sign, shown) = (char::from(byte), marked(rest));
                        ctx.complain(format!(
                            "'{sign}' specifier not at start of number: {shown}"
                        ))?;
                        wrong = true;
                    }
                    kind = if byte == b'/' { Kind::Multiples } else { Kind::Apart };
                }
                b'0'..=b'9' => {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let digits = rest.get(..digits).unwrap_or_default();
                    at += digits.len();
                    number = digits.to_str().ok().and_then(|digits| digits.parse().ok());
                    if number.is_none() {
                        ctx.complain(format!("tab stop is too large {}", marked(digits)))?;
                        wrong = true;
                    }
                    continue;
                }
                _ => {
                    let shown = marked(rest);
                    ctx.complain(format!("tab size contains invalid character(s): {shown}"))?;
                    wrong = true;
                    break;
                }
            }
            at += 1;
        }
        if wrong {
            return Err(CommandError::Exit(ExitStatus::FAILURE));
        }
        self.take(number, kind)
    }

    fn take(&mut self, number: Option<u64>, kind: Kind) -> Result<(), CommandError> {
        let Some(number) = number else { return Ok(()) };
        let (slot, sign) = match kind {
            Kind::Stop => {
                self.list.push(number);
                return Ok(());
            }
            Kind::Multiples => (&mut self.multiples, '/'),
            Kind::Apart => (&mut self.apart, '+'),
        };
        if slot.is_some_and(|size| size > 0) {
            return Err(failure(format!("'{sign}' specifier only allowed with the last value")));
        }
        *slot = Some(number);
        Ok(())
    }

    /// Looks at the whole; without any stop they are eight apart.
    pub fn finish(mut self) -> Result<Self, CommandError> {
        let mut last = 0;
        for &stop in &self.list {
            if stop == 0 {
                return Err(failure("tab size cannot be 0"));
            }
            if stop <= last {
                return Err(failure("tab sizes must be ascending"));
            }
            last = stop;
        }
        self.multiples = self.multiples.filter(|size| *size > 0);
        self.apart = self.apart.filter(|size| *size > 0);
        if self.multiples.is_some() && self.apart.is_some() {
            return Err(failure("'/' specifier is mutually exclusive with '+'"));
        }
        if self.multiples.is_none() && self.apart.is_none() {
            match self.list[..] {
                [] => self.multiples = Some(8),
                [only] => {
                    self.multiples = Some(only);
                    self.list.clear();
                }
                _ => {}
            }
        }
        Ok(self)
    }

    /// The first stop after `column`; `None` past the last.
    pub fn after(&self, column: u64) -> Option<u64> {
        let at = self.list.partition_point(|&stop| stop <= column);
        if let Some(&stop) = self.list.get(at) {
            return Some(stop);
        }
        let last = self.list.last().copied().unwrap_or(0);
        let (from, size) = match (self.multiples, self.apart) {
            (Some(size), _) => (0, size),
            (_, Some(size)) => (last, size),
            _ => return None,
        };
        let past = (column - from) % size;
        column.checked_add(size - past)
    }
}
