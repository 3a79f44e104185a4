//! Text screen by screen, on a terminal.
//!
//! What is written goes to the terminal until a screen is full; then a key is waited for: space for the next
//! screen, Enter for a line, `a` for all of it, `q` to leave, after which what is still written is passed over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mesafs::filesystem::SeekFrom;
use mesafs::{FsResult, FsStat};
use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::stream::Stream;

/// The screen of a terminal that does not tell.
const SIZE: (usize, usize) = (80, 24);
const ASK: &[u8] = b"\x1b[7m-- space: on, Enter: a line, a: all, q: leave --\x1b[m";
const ASKED: &[u8] = b"\r\x1b[K";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// So many rows are left before a key is waited for.
    Rows(usize),
    All,
    Left,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// Where the cursor is in its row.
    column: usize,
    /// Inside an escape sequence, which takes no room.
    escape: bool,
}

/// A terminal that is written to screen by screen.
#[derive(Debug)]
pub struct Paged {
    terminal: Arc<dyn Stream>,
    state: Mutex<State>,
}

impl Paged {
    #[must_use]
    pub fn new(terminal: Arc<dyn Stream>) -> Self {
        let mode = Mode::Rows(screen(&*terminal).1);
        Self { terminal, state: Mutex::new(State { mode, column: 0, escape: false }) }
    }

    /// Whether the reader has left.
    pub fn is_left(&self) -> bool {
        self.state.lock().mode == Mode::Left
    }

    /// Asks for a key, and does what it says.
    fn ask(&self, state: &mut State, cancel: &Cancel) -> FsResult<()> {
        self.terminal.write(Bytes::from_static(ASK), cancel)?;
        let rows = screen(&*self.terminal).1;
        let mode = loop {
            let key = match self.terminal.read_key(cancel) {
                Ok(key) => key,
                Err(error) => {
                    // Ctrl-C: the question goes all the same.
                    drop(self.terminal.write(Bytes::from_static(ASKED), &Cancel::new()));
                    return Err(error);
                }
            };
            match &*key {
                b" " | b"f" | b"\x1b[6~" | b"\x06" => break Mode::Rows(rows),
                b"\r" | b"\n" | b"j" | b"\x1b[B" | b"\x0e" => break Mode::Rows(1),
                b"d" | b"\x04" => break Mode::Rows((rows / 2).max(1)),
                b"a" | b"G" | b"\x1b[F" => break Mode::All,
                b"q" | b"Q" | b"\x1b" | b"" => break Mode::Left,
                _ => {}
            }
        };
        state.mode = mode;
        self.terminal.write(Bytes::from_static(ASKED), cancel)
    }
}

/// Columns and rows of text.
fn screen(terminal: &dyn Stream) -> (usize, usize) {
    let (columns, rows) = terminal.window().unwrap_or(SIZE);
    (columns.max(1), rows.saturating_sub(1).max(1))
}

impl Stream for Paged {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        self.terminal.read(len, cancel)
    }

    fn write(&self, mut data: Bytes, cancel: &Cancel) -> FsResult<()> {
        let state = &mut *self.state.lock();
        let columns = screen(&*self.terminal).0;
        let mut at = 0;
        while let (Some(&byte), Mode::Rows(rows)) = (data.get(at), state.mode) {
            if rows == 0 {
                self.terminal.write(data.split_to(at), cancel)?;
                self.ask(state, cancel)?;
                at = 0;
                continue;
            }
            at += 1;
            match byte {
                b'\x1b' => state.escape = true,
                _ if state.escape => state.escape = !byte.is_ascii_alphabetic(),
                b'\n' => {
                    (state.mode, state.column) = (Mode::Rows(rows - 1), 0);
                }
                b'\t' => state.column += 8 - state.column % 8,
                // Not the first byte of a letter.
                0x80..0xc0 => {}
                _ => {
                    state.column += 1;
                    if state.column > columns {
                        (state.mode, state.column) = (Mode::Rows(rows - 1), 1);
                    }
                }
            }
        }
        match state.mode {
            Mode::Left => Ok(()),
            _ => self.terminal.write(data, cancel),
        }
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        self.terminal.seek(to)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        self.terminal.metadata()
    }

    fn wait_readable(&self, timeout: Duration, cancel: &Cancel) -> FsResult<bool> {
        self.terminal.wait_readable(timeout, cancel)
    }

    fn is_terminal(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use mesafs::{Errno, FsError, Operation};

    use super::*;

    /// Twenty columns, four rows, and keys.
    #[derive(Debug)]
    struct Fake(Mutex<(Vec<u8>, VecDeque<&'static [u8]>)>);

    impl Stream for Fake {
        fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
            Ok(Bytes::new())
        }

        fn write(&self, data: Bytes, _cancel: &Cancel) -> FsResult<()> {
            self.0.lock().0.extend_from_slice(&data);
            Ok(())
        }

        fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
            Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
        }

        fn metadata(&self) -> FsResult<FsStat> {
            Err(FsError::new(Errno::Io, Operation::Lookup, ""))
        }

        fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
            Ok(true)
        }

        fn is_terminal(&self) -> bool {
            true
        }

        fn window(&self) -> Option<(usize, usize)> {
            Some((20, 4))
        }

        fn read_key(&self, _cancel: &Cancel) -> FsResult<Bytes> {
            Ok(Bytes::from_static(self.0.lock().1.pop_front().unwrap_or(b"q")))
        }
    }

    fn shown(keys: &[&'static [u8]], text: &str) -> String {
        let fake = Arc::new(Fake(Mutex::new((Vec::new(), keys.iter().copied().collect()))));
        let paged = Paged::new(Arc::clone(&fake) as Arc<dyn Stream>);
        for piece in text.as_bytes().chunks(3) {
            paged.write(Bytes::copy_from_slice(piece), &Cancel::new()).unwrap();
        }
        let text = String::from_utf8(fake.0.lock().0.clone()).unwrap();
        text.replace(std::str::from_utf8(&[ASK, ASKED].concat()).unwrap(), "<>")
    }

    #[test]
    fn a_screen_at_a_time() {
        assert_eq!(shown(&[], "1\n2\n3\n"), "1\n2\n3\n");
        assert_eq!(shown(&[], "1\n2\n3\n4\n"), "1\n2\n3\n<>");
        assert_eq!(shown(&[b" "], "1\n2\n3\n4\n5\n6\n7"), "1\n2\n3\n<>4\n5\n6\n<>");
        assert_eq!(shown(&[b"x", b"\n", b"a"], "1\n2\n3\n4\n5\n6\n"), "1\n2\n3\n<>4\n<>5\n6\n");
        // What is longer than a row takes two, and colours take no room.
        let long = "x".repeat(21);
        assert_eq!(shown(&[], &format!("{long}\n2\n3\n")), format!("{long}\n2\n<>"));
        let colored = format!("\x1b[1m{}\x1b[m\n2\n3\n", "x".repeat(20));
        assert_eq!(shown(&[], &colored), colored);
    }
}
