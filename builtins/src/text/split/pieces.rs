//! Where pieces go: files, one after the other or all at once, or commands.

use std::sync::Arc;
use std::time::Duration;

use mesafs::Operation;
use mesafs::filesystem::SeekFrom;
use parking_lot::Mutex;

use super::names::Names;
use super::options::Rules;
use crate::budget::{Held, Resource};
use crate::cancel::Cancel;
use crate::prelude::*;
use crate::stream::{Stream, check};

/// One piece.
pub(super) enum Piece {
    File(BString, Output),
    /// What a command is to read.
    Command(BString, Vec<u8>, Held),
}

pub(super) struct Pieces<'a> {
    rules: &'a Rules,
    names: Names,
    current: Option<Piece>,
}

impl<'a> Pieces<'a> {
    pub fn new(rules: &'a Rules) -> Self {
        Self { rules, names: Names::new(rules), current: None }
    }

    /// Whether pieces with nothing in them are left out.
    pub fn elides(&self) -> bool {
        self.rules.elide
    }

    /// Ends the piece being written and begins another.
    pub fn begin(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        self.finish(ctx)?;
        self.current = Some(self.open(ctx)?);
        Ok(())
    }

    /// Opens a piece that the caller keeps.
    pub fn open(&mut self, ctx: &mut Context<'_>) -> Result<Piece, CommandError> {
        let name = self.names.next()?;
        if self.rules.filter.is_some() {
            if self.rules.verbose {
                ctx.stdout
                    .put(format!("executing with FILE={}\n", quoted_name(&name)).as_bytes())?;
            }
            let held = ctx.budget.hold(Resource::Memory, 0)?;
            return Ok(Piece::Command(name, Vec::new(), held));
        }
        if self.rules.verbose {
            ctx.stdout.put(format!("creating file {}\n", quoted(&name)).as_bytes())?;
        }
        match ctx.create(&name) {
            Ok(output) => Ok(Piece::File(name, output)),
            Err(error) => {
                ctx.stdout.flush()?;
                Err(failure(format!("{}: {error}", quoted_name(&name))))
            }
        }
    }

    /// Adds to the piece being written, beginning one if there is none.
    pub fn put(&mut self, ctx: &mut Context<'_>, data: &[u8]) -> Result<(), CommandError> {
        if self.current.is_none() {
            self.begin(ctx)?;
        }
        match &mut self.current {
            Some(piece) => piece.put(data),
            None => Ok(()),
        }
    }

    /// Ends the piece being written, if any.
    pub fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        match self.current.take() {
            Some(piece) => self.close(ctx, piece),
            None => Ok(()),
        }
    }

    pub fn close(&self, ctx: &mut Context<'_>, piece: Piece) -> Result<(), CommandError> {
        let (name, data, _held) = match piece {
            Piece::File(name, mut output) => {
                return output.flush().map_err(|error| write_failed(&name, error));
            }
            Piece::Command(name, data, held) => (name, data, held),
        };
        ctx.stdout.flush()?;
        let command = self.rules.filter.clone().unwrap_or_default();
        let mut env = ctx.env.to_vec();
        env.push(("FILE".into(), name.clone()));
        let spawn = Spawn {
            stdin: Some(Arc::new(Replay(Mutex::new(data.into())))),
            env: Some(env),
            cancel: Some(ctx.cancel.clone()),
            ..Spawn::new(vec!["sh".into(), "-c".into(), command.clone()])
        };
        let status = match ctx.host.run(spawn) {
            Ok(status) => status.0,
            Err(_) => 127,
        };
        ctx.check()?;
        if status == 0 {
            return Ok(());
        }
        Err(CommandError::Fail(
            format!("with FILE={name}, exit {status} from command: {command}").into_bytes(),
            ExitStatus(status),
        ))
    }
}

impl Piece {
    pub fn put(&mut self, data: &[u8]) -> Result<(), CommandError> {
        match self {
            Self::File(name, output) => output.put(data).map_err(|error| write_failed(name, error)),
            Self::Command(_, held_data, held) => {
                held.grow(data.len() as u64)?;
                held_data.extend_from_slice(data);
                Ok(())
            }
        }
    }
}

fn write_failed(name: &BString, error: FsError) -> CommandError {
    if error.errno() == Errno::Canceled {
        return error.into();
    }
    failure(format!("{}: {error}", quoted_name(name)))
}

/// Bytes for a command to read.
#[derive(Debug)]
struct Replay(Mutex<Bytes>);

impl Stream for Replay {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        let mut left = self.0.lock();
        let len = len.min(left.len());
        Ok(left.split_to(len))
    }

    fn write(&self, _data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        Err(FsError::new(Errno::BadF, Operation::Write, ""))
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}
