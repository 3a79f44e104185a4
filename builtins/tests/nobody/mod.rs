//! A shell that has nothing but the command under test.

use std::sync::Arc;

use bstr::{BStr, BString};
use mesafs::{Errno, FsError, FsResult, Operation};
use mesash_builtins::command::ExitStatus;
use mesash_builtins::context::{Host, Spawn, SpawnError};
use mesash_builtins::stream::Stream;

pub struct Nobody;

impl Host for Nobody {
    fn run(&self, _spawn: Spawn) -> Result<ExitStatus, SpawnError> {
        Err(SpawnError::NotFound)
    }

    fn descriptor(&self, _fd: u32) -> Option<Arc<dyn Stream>> {
        None
    }

    fn which(&self, _name: &BStr, _all: bool) -> Vec<BString> {
        Vec::new()
    }

    fn kill(&self, _pid: i64, _signal: u8) -> FsResult<()> {
        Err(FsError::new(Errno::NoEnt, Operation::Lookup, ""))
    }
}
