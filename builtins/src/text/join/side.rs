//! One of the two files, line by line, and its order.

use std::cmp::Ordering;

use super::options::{Check, Rules};
use crate::prelude::*;

/// A line and where its fields are.
#[derive(Debug, Clone)]
pub(super) struct Line {
    text: Bytes,
    fields: Vec<(usize, usize)>,
}

impl Line {
    fn new(text: Bytes, tab: Option<u8>) -> Self {
        let mut fields = Vec::new();
        let mut start = 0;
        let at = |start: usize, part: &[u8]| (start, start + part.len());
        match tab {
            // A line without anything in it has no field.
            Some(_) if text.is_empty() => {}
            Some(tab) => {
                for part in text.split(|&byte| byte == tab) {
                    fields.push(at(start, part));
                    start += part.len() + 1;
                }
            }
            None => {
                for part in text.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')) {
                    if !part.is_empty() {
                        fields.push(at(start, part));
                    }
                    start += part.len() + 1;
                }
                // Blanks at the end are followed by an empty field.
                let trailing = text.last().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
                if trailing && !fields.is_empty() {
                    fields.push((text.len(), text.len()));
                }
            }
        }
        Self { text, fields }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn bytes(&self) -> u64 {
        (self.text.len() + 16 * self.fields.len() + 64) as u64
    }

    pub fn field(&self, at: usize) -> Option<&[u8]> {
        let &(start, end) = self.fields.get(at)?;
        self.text.get(start..end)
    }
}

pub(super) struct Side {
    input: Input,
    name: BString,
    at: usize,
    number: u64,
    last: Option<Line>,
    pub disordered: bool,
}

impl Side {
    pub fn open(ctx: &mut Context<'_>, name: &BString, at: usize) -> Result<Self, CommandError> {
        let input = if name == "-" {
            let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            std::mem::replace(&mut ctx.stdin, again)
        } else {
            let failed = |error| failure(format!("{}: {error}", quoted_name(name)));
            ctx.open(name).map_err(failed)?
        };
        Ok(Self { input, name: name.clone(), at, number: 0, last: None, disordered: false })
    }

    /// The next line is not compared with those before.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// The next line. `tell` says whether disorder is looked for.
    pub fn next(
        &mut self,
        ctx: &mut Context<'_>,
        rules: &Rules,
        tell: bool,
    ) -> Result<Option<Line>, CommandError> {
        let text = match self.input.line(rules.end) {
            Ok(None) => return Ok(None),
            Ok(Some(text)) if text.last() == Some(&rules.end) => text.slice(..text.len() - 1),
            Ok(Some(text)) => text,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Err(failure(format!("read error: {error}"))),
        };
        self.number += 1;
        let line = Line::new(text, rules.tab);
        if let Some(last) = self.last.replace(line.clone())
            && tell
            && !self.disordered
        {
            let key = |line: &Line| line.field(rules.fields[self.at]).unwrap_or_default().to_vec();
            if rules.compare(&key(&last), &key(&line)) == Ordering::Greater {
                self.disordered = true;
                ctx.stdout.flush()?;
                let mut message =
                    format!("{}:{}: is not sorted: ", self.name, self.number).into_bytes();
                message.extend_from_slice(&line.text);
                if rules.check == Check::Always {
                    return Err(CommandError::Fail(message, ExitStatus::FAILURE));
                }
                ctx.complain_bytes(&message)?;
            }
        }
        Ok(Some(line))
    }
}
