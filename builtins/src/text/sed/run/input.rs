//! Lines of the operands, one ahead, so that the last one is known.

use super::super::run::Mode;
use super::output::Outputs;
use crate::prelude::*;

pub(super) struct Inputs {
    files: std::vec::IntoIter<BString>,
    current: Option<Input>,
    name: BString,
    /// The line after the present one, with its delimiter.
    ahead: Option<Bytes>,
    /// Lines read so far, of this file alone with `-s`.
    pub line: u64,
    /// Whether the present line ended with a delimiter.
    pub had_newline: bool,
    /// 2 if some file could not be opened, 4 if one cannot be edited.
    pub status: u8,
}

impl Inputs {
    pub fn new(operands: &[BString], mode: &Mode) -> Self {
        let mut files = operands.to_vec();
        if files.is_empty() && mode.in_place.is_none() {
            files.push("-".into());
        }
        Self {
            files: files.into_iter(),
            current: None,
            name: "-".into(),
            ahead: None,
            line: 0,
            had_newline: true,
            status: 0,
        }
    }

    /// What `F` prints.
    pub fn shown_name(&self) -> BString {
        self.name.clone()
    }

    /// Puts the next line into `space`; false at the end of all input.
    pub fn next(
        &mut self,
        ctx: &mut Context<'_>,
        outputs: &mut Outputs,
        mode: &Mode,
        space: &mut Vec<u8>,
    ) -> Result<bool, CommandError> {
        while self.ahead.is_none() {
            if self.current.is_none() && !self.open_next(ctx, outputs, mode)? {
                return Ok(false);
            }
            self.fill(mode)?;
        }
        let Some(line) = self.ahead.take() else { return Ok(false) };
        let line = self.take_delimiter(&line, mode.delimiter);
        space.clear();
        space.extend_from_slice(line);
        self.line += 1;
        self.fill(mode)?;
        Ok(true)
    }

    fn take_delimiter<'l>(&mut self, line: &'l Bytes, delimiter: u8) -> &'l [u8] {
        let stripped = line.strip_suffix(&[delimiter]);
        self.had_newline = stripped.is_some();
        stripped.unwrap_or(line)
    }

    /// Reads a line ahead in the present file; at its end the file stays until the next is opened,
    /// since the present line still belongs to it.
    fn fill(&mut self, mode: &Mode) -> Result<(), CommandError> {
        let Some(input) = &mut self.current else { return Ok(()) };
        match input.line(mode.delimiter) {
            Ok(Some(line)) => self.ahead = Some(line),
            Ok(None) => self.current = None,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => {
                let message = format!("read error on {}: {error}", self.name);
                return Err(CommandError::Fail(message.into_bytes(), ExitStatus(4)));
            }
        }
        Ok(())
    }

    /// Opens the next file that can be; false when there are no more.
    fn open_next(
        &mut self,
        ctx: &mut Context<'_>,
        outputs: &mut Outputs,
        mode: &Mode,
    ) -> Result<bool, CommandError> {
        loop {
            outputs.commit(ctx)?;
            let Some(name) = self.files.next() else { return Ok(false) };
            if mode.separate {
                self.line = 0;
            }
            let opened = if name == "-" && mode.in_place.is_none() {
                let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
                Ok(std::mem::replace(&mut ctx.stdin, again))
            } else if let Some(suffix) = &mode.in_place {
                match outputs.begin_edit(ctx, &name, suffix, mode.follow_links) {
                    Ok(input) => Ok(input),
                    Err((message, status)) => {
                        ctx.complain(message)?;
                        self.status = status;
                        continue;
                    }
                }
            } else {
                ctx.open(&name)
            };
            match opened {
                Ok(input) => {
                    self.name = name;
                    self.current = Some(input);
                    return Ok(true);
                }
                Err(error) => {
                    ctx.stdout.flush()?;
                    ctx.complain(format!("can't read {name}: {error}"))?;
                    self.status = 2;
                }
            }
        }
    }

    /// Whether the present line is the last: of the file with `-s`, else of everything.
    pub fn at_end(
        &mut self,
        ctx: &mut Context<'_>,
        outputs: &mut Outputs,
        mode: &Mode,
    ) -> Result<bool, CommandError> {
        while self.ahead.is_none() {
            if self.current.is_some() {
                self.fill(mode)?;
            } else if mode.separate || !self.open_next(ctx, outputs, mode)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// After `q`: with `-i` the rest of the file is kept as it is.
    pub fn finish(
        &mut self,
        ctx: &mut Context<'_>,
        outputs: &mut Outputs,
        mode: &Mode,
    ) -> Result<(), CommandError> {
        if mode.in_place.is_some() {
            while let Some(line) = self.ahead.take() {
                outputs.raw(ctx, &line)?;
                self.fill(mode)?;
            }
        } else if let (Some(line), Some(input)) = (self.ahead.take(), &mut self.current) {
            // What was read ahead is there for whoever reads next.
            input.unread(line);
        }
        self.current = None;
        outputs.commit(ctx)
    }
}
