//! `/dev/fd/N` and what else leads to the descriptors of the command that looks.
//!
//! No file system knows them: each command has its own. A look-up sees a link, as Linux shows it,
//! to a file by its path and to a pipe as `pipe:[NUMBER]`; following it leads to the stream.

use super::Context;
use crate::stream::{FileStream, Stream};
use bstr::{BStr, BString, ByteSlice};
use mesafs::{
    Errno, FileKind, FileSystem, FsError, FsResult, FsStat, OpenOptions, Operation, VPath,
};
use std::sync::Arc;

/// Bytes that Linux tells of such a link, whatever it leads to.
const LINK_BYTES: u64 = 64;

impl Context<'_> {
    /// What is at a path, links followed.
    ///
    /// # Errors
    /// Those of `stat(2)`.
    pub fn metadata(&self, path: &VPath) -> FsResult<FsStat> {
        match descriptor_path(path.as_bstr()) {
            Some(_) if path.as_bstr() == "/dev/tty" => self.fs.metadata(path),
            Some(fd) => self.descriptor(fd, path)?.metadata(),
            None => self.fs.metadata(path),
        }
    }

    /// What is at a path; of a link, the link.
    ///
    /// # Errors
    /// Those of `lstat(2)`.
    pub fn symlink_metadata(&self, path: &VPath) -> FsResult<FsStat> {
        let Some(fd) = descriptor_link(path.as_bstr()) else {
            return self.fs.symlink_metadata(path);
        };
        Ok(linking(self.descriptor(fd, path)?.metadata()?))
    }

    /// Where a link leads to.
    ///
    /// # Errors
    /// Those of `readlink(2)`.
    pub fn read_link(&self, path: &VPath) -> FsResult<BString> {
        let Some(fd) = descriptor_link(path.as_bstr()) else { return self.fs.read_link(path) };
        let stream = self.descriptor(fd, path)?;
        if stream.is_terminal() {
            return Ok("/dev/tty".into());
        }
        match stream.file().and_then(|file| file.path()) {
            Some(path) => Ok(path.to_vpath().as_bstr().into()),
            None => Ok(format!("pipe:[{fd}]").into()),
        }
    }

    fn descriptor(&self, fd: u32, path: &VPath) -> FsResult<Arc<dyn Stream>> {
        let missing = || FsError::new(Errno::NoEnt, Operation::Lookup, path.clone());
        self.host.descriptor(fd).ok_or_else(missing)
    }
}

/// What opening `/dev/fd/N` gives: the file of the descriptor opened once more, with an offset of
/// its own, as the kernel does; anything else, and a file that is gone, is the stream itself.
///
/// # Errors
/// Those of `open`.
pub fn reopened(
    fs: &dyn FileSystem,
    stream: Arc<dyn Stream>,
    options: &OpenOptions,
) -> FsResult<Arc<dyn Stream>> {
    match stream.file().and_then(|file| file.path()) {
        Some(path) => Ok(Arc::new(FileStream(fs.open(&path.to_vpath(), options)?))),
        None => Ok(stream),
    }
}

/// The descriptor that `/dev/stdin`, `/dev/fd/N`, `/proc/self/fd/N` or `/dev/tty` names.
#[must_use]
pub fn descriptor_path(path: &BStr) -> Option<u32> {
    match path.as_bytes() {
        b"/dev/stdin" | b"/dev/tty" => Some(0),
        b"/dev/stdout" => Some(1),
        b"/dev/stderr" => Some(2),
        _ => descriptor_link(path),
    }
}

/// The descriptor that a path is the link of: `/dev/fd/N`, `/proc/self/fd/N`.
#[must_use]
pub fn descriptor_link(path: &BStr) -> Option<u32> {
    let digits = path.strip_prefix(b"/dev/fd/").or_else(|| path.strip_prefix(b"/proc/self/fd/"))?;
    digits.to_str().ok()?.parse().ok()
}

/// What a look-up that follows no links sees of a descriptor that is `stat`.
#[must_use]
pub fn linking(stat: FsStat) -> FsStat {
    FsStat { kind: FileKind::Symlink, mode: 0o700, size: LINK_BYTES, links: 1, ..stat }
}
