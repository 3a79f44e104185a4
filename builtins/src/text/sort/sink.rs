//! Where the sorted lines go: standard output, `-o`, or a file that was read as well.

use bstr::BString;
use mesafs::tree::Body;

use super::compare::Comparer;
use super::trouble;
use crate::budget::{Held, Resource};
use crate::prelude::*;

enum To {
    Stdout,
    File {
        output: Output,
        name: BString,
    },
    /// What was read is rewritten in one op that knows what was read.
    Rewrite {
        path: VPath,
        base: Body,
        data: Vec<u8>,
        held: Held,
        name: BString,
    },
}

/// Takes lines in order; under `-u` the first of equal ones only.
pub(super) struct Sink<'c> {
    to: To,
    comparer: &'c Comparer,
    /// Without its terminator.
    last: Option<Vec<u8>>,
}

impl<'c> Sink<'c> {
    /// `read`: the inputs had all been read before. Where the output is one of them, it is kept
    /// whole till the end, unless that is more than memory holds (`large`).
    pub fn new(
        ctx: &Context<'_>,
        name: Option<&BStr>,
        files: &[BString],
        comparer: &'c Comparer,
        large: bool,
    ) -> Result<Self, CommandError> {
        let Some(name) = name else { return Ok(Self { to: To::Stdout, comparer, last: None }) };
        let open_failed = |error: FsError| trouble(format!("open failed: {name}: {error}"));
        let to = if files.iter().any(|file| file == name) && !large {
            let path = ctx.path(name).map_err(open_failed)?;
            let base = ctx.fs.read_edition(&path).map_err(open_failed)?.base;
            let held = ctx.budget.hold(Resource::Memory, 0)?;
            To::Rewrite { path, base, data: Vec::new(), held, name: name.into() }
        } else {
            To::File { output: ctx.create(name).map_err(open_failed)?, name: name.into() }
        };
        Ok(Self { to, comparer, last: None })
    }

    /// A line with its terminator.
    pub fn put(&mut self, ctx: &mut Context<'_>, line: &[u8]) -> Result<(), CommandError> {
        if self.comparer.unique {
            let text = line.split_last().map_or(&[][..], |(_, text)| text);
            match &mut self.last {
                Some(last) if self.comparer.compare(last, text).is_eq() => return Ok(()),
                Some(last) => {
                    last.clear();
                    last.extend_from_slice(text);
                }
                None => self.last = Some(text.to_vec()),
            }
        }
        match &mut self.to {
            To::Stdout if self.comparer.debug => {
                let text = line.split_last().map_or(&[][..], |(_, text)| text);
                Ok(ctx.stdout.put(&super::debug::annotated(self.comparer, text))?)
            }
            To::Stdout => Ok(ctx.stdout.put(line)?),
            To::File { output, name } => output.put(line).map_err(|error| failed(name, error)),
            To::Rewrite { data, held, .. } => {
                held.grow(line.len() as u64)?;
                data.extend_from_slice(line);
                Ok(())
            }
        }
    }

    pub fn finish(self, ctx: &Context<'_>) -> CommandResult {
        match self.to {
            To::Stdout => {}
            To::File { mut output, name } => {
                output.flush().map_err(|error| failed(&name, error))?;
            }
            To::Rewrite { path, base, data, name, .. } => {
                let open_failed = |error: FsError| trouble(format!("open failed: {name}: {error}"));
                ctx.fs.replace(&path, &base, data.into()).map_err(open_failed)?;
            }
        }
        Ok(ExitStatus::SUCCESS)
    }
}

fn failed(name: &BString, error: FsError) -> CommandError {
    if error.errno() == Errno::Canceled {
        return error.into();
    }
    trouble(format!("write failed: {}: {error}", quoted(name)))
}
