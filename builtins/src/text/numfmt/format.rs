//! `--format`: what stands around the number, and how it is padded.

use crate::prelude::*;

#[derive(Debug, Clone, Default)]
pub(super) struct Format {
    pub prefix: Vec<u8>,
    pub suffix: Vec<u8>,
    pub zeros: usize,
    /// Negative: to the left.
    pub padding: Option<i64>,
    pub precision: Option<usize>,
    pub grouping: bool,
}

/// Pads to no more than this.
const WIDTH_MAX: i64 = 1 << 20;

impl Format {
    pub fn parse(text: &[u8]) -> Result<Self, CommandError> {
        let shown = marked(text);
        let mut format = Self::default();
        let mut at = 0;
        loop {
            match (text.get(at), text.get(at + 1)) {
                (None, _) => return Err(failure(format!("format {shown} has no % directive"))),
                (Some(b'%'), Some(b'%')) => {
                    format.prefix.push(b'%');
                    at += 2;
                }
                (Some(b'%'), None) => return Err(failure(format!("format {shown} ends in %"))),
                (Some(b'%'), _) => break,
                (Some(byte), _) => {
                    format.prefix.push(*byte);
                    at += 1;
                }
            }
        }
        at += 1;
        let mut zeros = false;
        loop {
            match text.get(at) {
                Some(b' ') => {}
                Some(b'\'') => format.grouping = true,
                Some(b'0') => zeros = true,
                _ => break,
            }
            at += 1;
        }
        let rest = text.get(at..).unwrap_or_default();
        let (negative, digits) = match rest.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let count = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
        let width = digits.get(..count).unwrap_or_default().to_str().unwrap_or_default();
        let width = if width.is_empty() { Ok(0) } else { width.parse::<i64>() };
        let width = width.ok().filter(|width| *width <= WIDTH_MAX);
        let width =
            width.ok_or_else(|| failure(format!("invalid format {shown} (width overflow)")))?;
        if width > 0 {
            match (zeros, negative) {
                (_, true) => format.padding = Some(-width),
                (true, false) => format.zeros = usize::try_from(width).unwrap_or(0),
                (false, false) => format.padding = Some(width),
            }
        }
        let mut rest = digits.get(count..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix(b".") {
            let count = after.iter().take_while(|digit| digit.is_ascii_digit()).count();
            let digits = after.get(..count).unwrap_or_default().to_str().unwrap_or_default();
            if matches!(after.first(), Some(b' ' | b'+' | b'-')) {
                return Err(failure(format!("invalid precision in format {shown}")));
            }
            let precision = if digits.is_empty() { Ok(0) } else { digits.parse::<usize>() };
            let precision = precision.ok().filter(|precision| *precision < 4096);
            let invalid = || failure(format!("invalid precision in format {shown}"));
            format.precision = Some(precision.ok_or_else(invalid)?);
            rest = after.get(count..).unwrap_or_default();
        }
        if rest.first() != Some(&b'f') {
            return Err(failure(format!(
                "invalid format {shown}, directive must be %[0]['][-][N][.][N]f"
            )));
        }
        let mut rest = rest.get(1..).unwrap_or_default();
        while let Some((byte, tail)) = rest.split_first() {
            rest = tail;
            if *byte == b'%' {
                match tail.split_first() {
                    Some((b'%', tail)) => rest = tail,
                    _ => return Err(failure(format!("format {shown} has too many % directives"))),
                }
            }
            format.suffix.push(*byte);
        }
        Ok(format)
    }
}
