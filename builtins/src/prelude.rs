//! What nearly every command's file needs.

pub use bstr::{BStr, BString, ByteSlice};
pub use bytes::Bytes;
pub use mesafs::{
    DirEntry, Errno, FileKind, FileSystem, Follow, FsError, FsResult, FsStat, OpenOptions, VPath,
};

pub use crate::args::{Args, Opt, Takes, flag, long, short, value};
pub use crate::command::{
    Command, CommandError, CommandResult, Example, ExitStatus, Order, failure, usage,
};
pub use crate::context::{Context, Spawn, SpawnError};
pub use crate::quote::{marked, quoted, quoted_as_needed, quoted_name};
pub use crate::stream::{Input, Output};
