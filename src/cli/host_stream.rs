//! The program's own standard input, output and error as streams.
//!
//! A read or write waits with `poll(2)` until the host is ready or the waiter is cancelled; it never
//! sits in a blocking call that nothing could end. The descriptors' flags are left alone, because
//! other processes share them.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use memchr::memchr;
use mesafs::filesystem::SeekFrom;
use mesafs::{Errno, FileKind, FsError, FsResult, FsStat, Operation};
use mesash_builtins::cancel::{Cancel, Wake};
use mesash_builtins::stream::{Stream, check};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

/// The most that one read asks the host for.
const READ_BYTES_MAX: usize = 128 * 1024;
/// How much of a file is read to find the end of a line.
const LINE_CHUNK_BYTES: usize = 4096;
/// The longest sequence of a key.
const KEY_BYTES_MAX: usize = 16;
/// What a pipe that polls as writable takes without blocking (`PIPE_BUF`).
const PIPE_BUF: usize = 4096;

/// One of the program's standard streams.
#[derive(Debug)]
pub struct HostStream {
    fd: BorrowedFd<'static>,
    terminal: bool,
    /// A file on disk: a write can't block, and what was read too much can be given back.
    regular: bool,
}

impl HostStream {
    #[must_use]
    pub fn stdin() -> Arc<Self> {
        Self::new(rustix::stdio::stdin())
    }

    #[must_use]
    pub fn stdout() -> Arc<Self> {
        Self::new(rustix::stdio::stdout())
    }

    #[must_use]
    pub fn stderr() -> Arc<Self> {
        Self::new(rustix::stdio::stderr())
    }

    fn new(fd: BorrowedFd<'static>) -> Arc<Self> {
        let file_type = fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
        Arc::new(Self {
            fd,
            terminal: rustix::termios::isatty(fd),
            regular: file_type == Ok(FileType::RegularFile),
        })
    }

    /// Waits until the host is ready; false if `end` came first.
    fn wait(
        &self,
        wanted: PollFlags,
        end: Option<Instant>,
        cancel: &Cancel,
        operation: Operation,
    ) -> FsResult<bool> {
        check(cancel, operation)?;
        let fail = |errno| failed(errno, operation);
        let ready = poll(&mut [PollFd::new(&self.fd, wanted)], Some(&Timespec::default()));
        if matches!(ready, Ok(1..)) {
            return Ok(true);
        }
        let (heard, bell) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(fail)?;
        let bell = Arc::new(Bell(bell));
        let sleeper: Arc<dyn Wake> = Arc::clone(&bell) as Arc<dyn Wake>;
        cancel.register(Arc::downgrade(&sleeper) as Weak<dyn Wake>);
        loop {
            check(cancel, operation)?;
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let left = left.map(|left| Timespec::try_from(left).unwrap_or_default());
            let mut fds = [PollFd::new(&self.fd, wanted), PollFd::new(&heard, PollFlags::IN)];
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) if !fds[0].revents().is_empty() => {
                    check(cancel, operation)?;
                    return Ok(true);
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(fail(errno)),
            }
        }
    }
}

/// Wakes one waiting call.
#[derive(Debug)]
struct Bell(OwnedFd);

impl Wake for Bell {
    fn wake(&self) {
        // A full pipe has woken the call already.
        let _ = rustix::io::write(&self.0, &[1]);
    }
}

fn failed(errno: rustix::io::Errno, operation: Operation) -> FsError {
    let code = errno.raw_os_error();
    let known = Errno::ALL.iter().copied().find(|known| known.code() == code);
    FsError::new(known.unwrap_or(Errno::Io), operation, "")
}

impl Stream for HostStream {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = vec![0; len.min(READ_BYTES_MAX)];
        loop {
            self.wait(PollFlags::IN, None, cancel, Operation::Read)?;
            match rustix::io::read(self.fd, &mut buffer) {
                Ok(count) => {
                    buffer.truncate(count);
                    return Ok(buffer.into());
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(errno) => return Err(failed(errno, Operation::Read)),
            }
        }
    }

    fn read_until(&self, delimiter: u8, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        if !self.regular {
            return self.read(len.min(1), cancel);
        }
        let mut data = self.read(len.min(LINE_CHUNK_BYTES), cancel)?;
        if let Some(at) = memchr(delimiter, &data) {
            let back = i64::try_from(data.len() - at - 1).unwrap_or(i64::MAX);
            data.truncate(at + 1);
            if back > 0 {
                self.seek(SeekFrom::Current(-back))?;
            }
        }
        Ok(data)
    }

    fn write(&self, mut data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        while !data.is_empty() {
            let piece = if self.regular { data.len() } else { data.len().min(PIPE_BUF) };
            if !self.regular {
                self.wait(PollFlags::OUT, None, cancel, Operation::Write)?;
            }
            match rustix::io::write(self.fd, data.get(..piece).unwrap_or(&data)) {
                Ok(count) => drop(data.split_to(count)),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(errno) => return Err(failed(errno, Operation::Write)),
            }
        }
        Ok(())
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        let to = match to {
            SeekFrom::Start(at) => rustix::fs::SeekFrom::Start(at),
            SeekFrom::Current(by) => rustix::fs::SeekFrom::Current(by),
            SeekFrom::End(by) => rustix::fs::SeekFrom::End(by),
        };
        // A terminal answers 0 to any seek; it has no positions.
        if self.terminal {
            return Err(FsError::new(Errno::SPipe, Operation::Seek, ""));
        }
        rustix::fs::seek(self.fd, to).map_err(|errno| failed(errno, Operation::Seek))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        let stat = fstat(self.fd).map_err(|errno| failed(errno, Operation::Lookup))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::CharacterDevice => FileKind::CharDevice,
            _ => FileKind::Pipe,
        };
        let seconds_ns = stat.st_mtime.saturating_mul(1_000_000_000);
        Ok(FsStat {
            kind,
            mode: stat.st_mode & 0o7777,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime_ns: seconds_ns.saturating_add(i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
            inode: stat.st_ino,
            device: stat.st_dev,
            links: stat.st_nlink,
            conflicted: false,
        })
    }

    fn wait_readable(&self, timeout: Duration, cancel: &Cancel) -> FsResult<bool> {
        // A timeout beyond any clock is none.
        let end = Instant::now().checked_add(timeout);
        self.wait(PollFlags::IN, end, cancel, Operation::Read)
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }

    fn window(&self) -> Option<(usize, usize)> {
        let size = rustix::termios::tcgetwinsize(self.fd).ok()?;
        let told = size.ws_col > 0 && size.ws_row > 0;
        told.then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    }

    fn read_key(&self, cancel: &Cancel) -> FsResult<Bytes> {
        let Ok(before) = tcgetattr(self.fd) else { return self.read(1, cancel) };
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let fail = |errno| failed(errno, Operation::Read);
        tcsetattr(self.fd, OptionalActions::Drain, &raw).map_err(fail)?;
        let key = self.read(KEY_BYTES_MAX, cancel);
        tcsetattr(self.fd, OptionalActions::Drain, &before).map_err(fail)?;
        key
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use mesash_builtins::cancel::Reason;

    use super::*;

    /// Streams live as long as the program; so do these pipes.
    fn leaked(fd: OwnedFd) -> BorrowedFd<'static> {
        let leaked: &'static OwnedFd = Box::leak(Box::new(fd));
        leaked.as_fd()
    }

    #[test]
    fn a_read_takes_what_is_there_and_sees_the_end() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let stream = HostStream::new(leaked(reader));
        let cancel = Cancel::new();
        assert!(!stream.wait_readable(Duration::from_millis(1), &cancel).unwrap());
        rustix::io::write(&writer, b"abc").unwrap();
        assert_eq!(stream.read(2, &cancel).unwrap(), "ab");
        assert_eq!(stream.read(100, &cancel).unwrap(), "c");
        assert_eq!(stream.seek(SeekFrom::Current(-1)).unwrap_err().errno(), Errno::SPipe);
        drop(writer);
        assert!(stream.read(100, &cancel).unwrap().is_empty());
    }

    #[test]
    fn a_cancel_ends_a_waiting_read_and_a_full_write() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (reader, writer) = (HostStream::new(leaked(reader)), HostStream::new(leaked(writer)));
        let cancel = Cancel::new();
        let other = cancel.clone();
        let reading = std::thread::spawn(move || reader.read(1, &other).map_err(|e| e.errno()));
        cancel.cancel(Reason::Interrupt);
        assert_eq!(reading.join().unwrap(), Err(Errno::Canceled));

        let cancel = Cancel::new();
        let other = cancel.clone();
        let endless = Bytes::from(vec![0; 1 << 20]);
        let writing = std::thread::spawn(move || writer.write(endless, &other));
        cancel.cancel(Reason::Interrupt);
        assert_eq!(writing.join().unwrap().unwrap_err().errno(), Errno::Canceled);
    }

    #[test]
    fn a_write_that_nobody_reads_fails_with_epipe() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        drop(reader);
        let refused = HostStream::new(leaked(writer)).write("x".into(), &Cancel::new());
        assert_eq!(refused.unwrap_err().errno(), Errno::Pipe);
    }
}
