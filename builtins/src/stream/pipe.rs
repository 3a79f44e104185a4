//! Bounded pipes in memory, with POSIX's ends: a reader sees the end of the file once every writer
//! is gone, a writer gets EPIPE once every reader is.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use memchr::memchr;
use mesafs::filesystem::SeekFrom;
use mesafs::{Errno, FileKind, FsError, FsResult, FsStat, Operation};
use parking_lot::{Condvar, Mutex};

use super::{Stream, check};
use crate::cancel::{Cancel, Wake};

/// How much a pipe holds before its writer waits (Linux's default).
pub const PIPE_BYTES: usize = 64 * 1024;
/// A writer that waits goes on when no more than this is left: not at each byte that is read.
const WAKE_BYTES: usize = PIPE_BYTES / 2;

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    held: usize,
    reader_gone: bool,
    writer_gone: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    readable: Condvar,
    writable: Condvar,
}

impl Wake for Shared {
    fn wake(&self) {
        drop(self.state.lock());
        self.readable.notify_all();
        self.writable.notify_all();
    }
}

/// The read end: gone when the last clone of its `Arc` is dropped.
#[derive(Debug)]
pub struct PipeReader(Arc<Shared>);

/// The write end: gone when the last clone of its `Arc` is dropped.
#[derive(Debug)]
pub struct PipeWriter(Arc<Shared>);

/// A new pipe.
#[must_use]
pub fn pipe() -> (Arc<PipeReader>, Arc<PipeWriter>) {
    let shared = Arc::new(Shared::default());
    (Arc::new(PipeReader(Arc::clone(&shared))), Arc::new(PipeWriter(shared)))
}

impl Shared {
    fn register(self: &Arc<Self>, cancel: &Cancel) {
        let shared: Arc<dyn Wake> = Arc::clone(self) as Arc<dyn Wake>;
        cancel.register(Arc::downgrade(&shared) as Weak<dyn Wake>);
    }

    fn wait_readable(
        self: &Arc<Self>,
        end: Option<Instant>,
        cancel: &Cancel,
    ) -> FsResult<Option<parking_lot::MutexGuard<'_, State>>> {
        let mut state = self.state.lock();
        if state.chunks.is_empty() && !state.writer_gone {
            drop(state);
            self.register(cancel);
            state = self.state.lock();
        }
        while state.chunks.is_empty() && !state.writer_gone {
            check(cancel, Operation::Read)?;
            match end {
                None => self.readable.wait(&mut state),
                Some(end) if self.readable.wait_until(&mut state, end).timed_out() => {
                    return Ok((!state.chunks.is_empty() || state.writer_gone).then_some(state));
                }
                Some(_) => {}
            }
        }
        check(cancel, Operation::Read)?;
        Ok(Some(state))
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.reader_gone = true;
        state.chunks.clear();
        state.held = 0;
        drop(state);
        self.0.writable.notify_all();
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.state.lock().writer_gone = true;
        self.0.readable.notify_all();
    }
}

impl PipeReader {
    /// Waits for a piece of what was written and takes as much of it as `how_much` says.
    fn take(&self, cancel: &Cancel, how_much: impl FnOnce(&[u8]) -> usize) -> FsResult<Bytes> {
        let Some(mut state) = self.0.wait_readable(None, cancel)? else { return Ok(Bytes::new()) };
        let Some(chunk) = state.chunks.front_mut() else { return Ok(Bytes::new()) };
        let len = how_much(chunk);
        let taken = if len == chunk.len() { std::mem::take(chunk) } else { chunk.split_to(len) };
        if chunk.is_empty() {
            state.chunks.pop_front();
        }
        let before = state.held;
        state.held -= taken.len();
        let room = before > WAKE_BYTES && state.held <= WAKE_BYTES;
        drop(state);
        if room {
            self.0.writable.notify_all();
        }
        Ok(taken)
    }
}

impl Stream for PipeReader {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        self.take(cancel, |chunk| len.min(chunk.len()))
    }

    fn read_until(&self, delimiter: u8, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        self.take(cancel, |chunk| {
            let piece = chunk.get(..len).unwrap_or(chunk);
            memchr(delimiter, piece).map_or(piece.len(), |at| at + 1)
        })
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

    fn wait_readable(&self, timeout: Duration, cancel: &Cancel) -> FsResult<bool> {
        let end = Instant::now().checked_add(timeout);
        Ok(self.0.wait_readable(end, cancel)?.is_some())
    }
}

impl Stream for PipeWriter {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        Err(FsError::new(Errno::BadF, Operation::Read, ""))
    }

    fn write(&self, mut data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        let mut registered = false;
        let mut state = self.0.state.lock();
        while !data.is_empty() {
            if state.reader_gone {
                return Err(FsError::new(Errno::Pipe, Operation::Write, ""));
            }
            let room = PIPE_BYTES.saturating_sub(state.held);
            if room > 0 {
                let piece = data.split_to(room.min(data.len()));
                state.held += piece.len();
                state.chunks.push_back(piece);
                self.0.readable.notify_one();
            } else if registered {
                check(cancel, Operation::Write)?;
                self.0.writable.wait(&mut state);
            } else {
                drop(state);
                self.0.register(cancel);
                registered = true;
                state = self.0.state.lock();
            }
        }
        Ok(())
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Err(FsError::new(Errno::BadF, Operation::Read, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::Reason;

    #[test]
    fn bytes_pass_in_order_and_the_end_is_seen() -> FsResult<()> {
        let (reader, writer) = pipe();
        let cancel = Cancel::new();
        let sent: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let copy = sent.clone();
        let task = std::thread::spawn(move || writer.write(copy.into(), &Cancel::new()));
        let mut got = Vec::new();
        loop {
            let chunk = reader.read(10_000, &cancel)?;
            if chunk.is_empty() {
                break;
            }
            got.extend_from_slice(&chunk);
        }
        assert!(task.join().is_ok_and(|sent| sent.is_ok()));
        assert_eq!(got, sent);
        Ok(())
    }

    #[test]
    fn a_line_is_taken_and_nothing_behind_it() -> FsResult<()> {
        let (reader, writer) = pipe();
        let cancel = Cancel::new();
        writer.write(Bytes::from_static(b"ab\ncd"), &cancel)?;
        assert_eq!(reader.read_until(b'\n', 100, &cancel)?, "ab\n");
        assert_eq!(reader.read_until(b'\n', 1, &cancel)?, "c");
        writer.write(Bytes::from_static(b"\nrest"), &cancel)?;
        assert_eq!(reader.read_until(b'\n', 100, &cancel)?, "d");
        assert_eq!(reader.read_until(b'\n', 100, &cancel)?, "\n");
        assert_eq!(reader.read(100, &cancel)?, "rest");
        drop(writer);
        assert!(reader.read_until(b'\n', 100, &cancel)?.is_empty());
        Ok(())
    }

    #[test]
    fn a_writer_without_reader_gets_epipe_and_a_waiter_is_cancelled() {
        let (reader, writer) = pipe();
        let cancel = Cancel::new();
        let other = cancel.clone();
        let waiting = std::thread::spawn(move || reader.read(1, &other).map_err(|e| e.errno()));
        cancel.cancel(Reason::Interrupt);
        assert_eq!(waiting.join().ok(), Some(Err(Errno::Canceled)));
        let refused = writer.write(Bytes::from_static(b"x"), &Cancel::new());
        assert_eq!(refused.map_err(|e| e.errno()), Err(Errno::Pipe));
    }

    #[test]
    fn a_timed_wait_ends() -> FsResult<()> {
        let (reader, writer) = pipe();
        assert!(!reader.wait_readable(Duration::from_millis(1), &Cancel::new())?);
        drop(writer);
        assert!(reader.wait_readable(Duration::from_millis(1), &Cancel::new())?);
        Ok(())
    }
}
