//! The inputs as one row of bytes, from an offset and so many.

use crate::prelude::*;

pub(super) struct Source {
    /// Not opened yet, the next one last.
    names: Vec<BString>,
    stdin: bool,
    open: Option<Input>,
    name: BString,
    skip: u64,
    left: Option<u64>,
    address: u64,
    opened: bool,
    failed: bool,
}

impl Source {
    pub fn new(mut names: Vec<BString>, skip: u64, left: Option<u64>) -> Self {
        names.reverse();
        let stdin = names.is_empty();
        Self {
            names,
            stdin,
            open: None,
            name: BString::default(),
            skip,
            left,
            address: 0,
            opened: false,
            failed: false,
        }
    }

    /// How many bytes have gone by.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// The status at the end.
    pub fn status(&self, ctx: &mut Context<'_>) -> CommandResult {
        if self.failed && !self.opened {
            ctx.stdout.flush()?;
            return Err(failure("all input file arguments failed"));
        }
        Ok(if self.failed { ExitStatus::FAILURE } else { ExitStatus::SUCCESS })
    }

    /// The next `len` bytes; fewer at the end only.
    pub fn block(&mut self, ctx: &mut Context<'_>, len: usize) -> Result<Vec<u8>, CommandError> {
        let mut block = Vec::with_capacity(len);
        if self.left != Some(0) {
            self.skip(ctx)?;
        }
        while block.len() < len && self.left != Some(0) {
            let mut chunk = self.chunk(ctx)?;
            if chunk.is_empty() {
                break;
            }
            let left =
                self.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
            let taken = chunk.len().min(len - block.len()).min(left);
            let rest = chunk.split_off(taken);
            if let Some(input) = &mut self.open {
                input.unread(rest);
            }
            block.extend_from_slice(&chunk);
            self.left = self.left.map(|left| left - taken as u64);
        }
        self.address += block.len() as u64;
        Ok(block)
    }

    fn skip(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        while self.skip > 0 {
            let mut chunk = self.chunk(ctx)?;
            if chunk.is_empty() {
                self.skip = 0;
                break;
            }
            let taken = chunk.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            let rest = chunk.split_off(taken);
            if let Some(input) = &mut self.open {
                input.unread(rest);
            }
            self.skip -= taken as u64;
            self.address += taken as u64;
        }
        Ok(())
    }

    /// What there is of the inputs; empty after the last.
    fn chunk(&mut self, ctx: &mut Context<'_>) -> Result<Bytes, CommandError> {
        loop {
            if let Some(input) = &mut self.open {
                match input.chunk() {
                    Ok(chunk) if !chunk.is_empty() => return Ok(chunk),
                    Ok(_) => {}
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => {
                        ctx.stdout.flush()?;
                        ctx.complain(format!("{}: {error}", self.name))?;
                    }
                }
                self.open = None;
            }
            if std::mem::take(&mut self.stdin) {
                let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
                self.open = Some(std::mem::replace(&mut ctx.stdin, again));
                self.name = "stdin".into();
                self.opened = true;
                continue;
            }
            let Some(name) = self.names.pop() else { return Ok(Bytes::new()) };
            match ctx.open(&name) {
                Ok(input) => {
                    self.open = Some(input);
                    self.name = name;
                    self.opened = true;
                }
                Err(error) => {
                    ctx.stdout.flush()?;
                    ctx.complain(format!("{name}: {error}"))?;
                    self.failed = true;
                }
            }
        }
    }
}
