//! The streams that the interpreter makes itself: captured output, texts, and the empty input.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use memchr::memchr;
use mesafs::filesystem::SeekFrom;
use mesafs::{Errno, FileKind, FsError, FsResult, FsStat, Operation};
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::stream::{Stream, check};
use parking_lot::Mutex;

/// Texts up to this length behave as a pipe, longer ones as a file, as bash's here-documents do.
const PIPE_BYTES_MAX: usize = 65_536;

fn fail<T>(errno: Errno, operation: Operation) -> FsResult<T> {
    Err(FsError::new(errno, operation, ""))
}

/// What a command substitution or an `exec` captures.
pub struct Capture {
    state: Mutex<Captured>,
    /// Set when the limit is reached, so that everything that writes here ends.
    run: Cancel,
}

struct Captured {
    data: Vec<u8>,
    held: Option<Held>,
    budget: Budget,
    resource: Resource,
    full: Option<LimitReached>,
}

impl Capture {
    #[must_use]
    pub fn new(budget: &Budget, resource: Resource, run: Cancel) -> Self {
        let state =
            Captured { data: Vec::new(), held: None, budget: budget.clone(), resource, full: None };
        Self { state: Mutex::new(state), run }
    }

    /// What was written so far; it is empty afterwards.
    pub fn take(&self) -> Vec<u8> {
        let mut state = self.state.lock();
        state.held = None;
        std::mem::take(&mut state.data)
    }

    /// The limit that was reached, if one was.
    pub fn limit(&self) -> Option<LimitReached> {
        self.state.lock().full
    }
}

impl Captured {
    fn push(&mut self, data: &[u8]) -> Result<(), LimitReached> {
        let amount = data.len() as u64;
        match &mut self.held {
            Some(held) => held.grow(amount)?,
            None => self.held = Some(self.budget.hold(self.resource, amount)?),
        }
        self.data.extend_from_slice(data);
        Ok(())
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("len", &self.state.lock().data.len())
            .finish_non_exhaustive()
    }
}

impl Stream for Capture {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        fail(Errno::BadF, Operation::Read)
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        let mut state = self.state.lock();
        if let Err(limit) = state.push(&data) {
            state.full = Some(limit);
            drop(state);
            self.run.cancel(Reason::Limit);
            return fail(Errno::Canceled, Operation::Write);
        }
        Ok(())
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        fail(Errno::SPipe, Operation::Seek)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        fail(Errno::BadF, Operation::Read)
    }
}

/// A text to be read: a here-document, a here-string, the input of an `exec`.
#[derive(Debug)]
pub struct Text {
    data: Bytes,
    offset: Mutex<usize>,
    seekable: bool,
}

impl Text {
    /// As a here-document gives it.
    #[must_use]
    pub fn here(data: Bytes) -> Self {
        let seekable = data.len() > PIPE_BYTES_MAX;
        Self { data, offset: Mutex::new(0), seekable }
    }

    /// Without positions, as a pipe.
    #[must_use]
    pub fn pipe(data: Bytes) -> Self {
        Self { data, offset: Mutex::new(0), seekable: false }
    }

    /// Nothing at all.
    #[must_use]
    pub fn empty() -> Arc<dyn Stream> {
        Arc::new(Self::pipe(Bytes::new()))
    }
}

impl Stream for Text {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        let mut offset = self.offset.lock();
        let start = (*offset).min(self.data.len());
        let end = start.saturating_add(len).min(self.data.len());
        *offset = end;
        Ok(self.data.slice(start..end))
    }

    fn read_until(&self, delimiter: u8, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        let mut offset = self.offset.lock();
        let start = (*offset).min(self.data.len());
        let rest = self.data.get(start..).unwrap_or_default();
        let line = memchr(delimiter, rest).map_or(rest.len(), |at| at + 1);
        *offset = start + line.min(len);
        Ok(self.data.slice(start..*offset))
    }

    fn write(&self, _data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        fail(Errno::BadF, Operation::Write)
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        if !self.seekable {
            return fail(Errno::SPipe, Operation::Seek);
        }
        let mut offset = self.offset.lock();
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => (*offset as u64).checked_add_signed(by),
            SeekFrom::End(by) => (self.data.len() as u64).checked_add_signed(by),
        };
        match target {
            Some(at) => {
                *offset = usize::try_from(at).unwrap_or(usize::MAX);
                Ok(at)
            }
            None => fail(Errno::Inval, Operation::Seek),
        }
    }

    fn metadata(&self) -> FsResult<FsStat> {
        let kind = if self.seekable { FileKind::File } else { FileKind::Pipe };
        Ok(FsStat::of_stream(kind, self.data.len() as u64))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}

/// Which of its two outputs a piece of an `exec` is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    Stdout,
    Stderr,
}

/// Called with each piece of output as it is written.
pub type OnOutput = Arc<dyn Fn(OutputKind, &[u8]) + Send + Sync>;

/// A capture that also tells each piece as it comes.
pub struct Told {
    pub capture: Arc<Capture>,
    pub kind: OutputKind,
    pub tell: OnOutput,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Stream for Told {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        self.capture.read(len, cancel)
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        self.capture.write(data.clone(), cancel)?;
        (self.tell)(self.kind, &data);
        Ok(())
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        self.capture.seek(to)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        self.capture.metadata()
    }

    fn wait_readable(&self, timeout: Duration, cancel: &Cancel) -> FsResult<bool> {
        self.capture.wait_readable(timeout, cancel)
    }
}

/// What a descriptor that is closed, or not open for this, leads to.
#[derive(Debug, Clone, Copy)]
pub struct Closed;

impl Stream for Closed {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        fail(Errno::BadF, Operation::Read)
    }

    fn write(&self, _data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        fail(Errno::BadF, Operation::Write)
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        fail(Errno::BadF, Operation::Seek)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        fail(Errno::BadF, Operation::Lookup)
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}
