//! Text screen by screen, on a terminal.
//!
//! What is written goes to the terminal until a screen is full; then a key is waited for: space for the next
//! screen, Enter for a line, `b` and `k` back, `/` to search, `a` for all of it, `q` to leave, after which
//! what is still written is passed over. What was shown is kept ([`KEPT_BYTES_MAX`]) to go back to. At
//! the end of the text nothing is waited for.

mod kept;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mesafs::filesystem::SeekFrom;
use mesafs::{FsResult, FsStat};
use parking_lot::Mutex;

use crate::cancel::Cancel;
use crate::stream::Stream;
use kept::{Kept, Wanted};

pub use kept::KEPT_BYTES_MAX;

/// The screen of a terminal that does not tell.
const SIZE: (usize, usize) = (80, 24);
/// What is asked, and what where there is no room for that.
const ASK: &str = "-- space: on, b: back, Enter: a line, /: search, a: all, q: leave --";
const ASK_SHORT: &str = "-- space, b, Enter, /, a, q --";
const ERASED: &[u8] = b"\r\x1b[K";
const CLEARED: &[u8] = b"\x1b[m\x1b[H\x1b[2J";
/// Ends a colour. It takes no room, and so begins no row.
const RESETS: [&[u8]; 2] = [b"\x1b[m", b"\x1b[0m"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    /// So many rows may begin before a key is waited for.
    Rows(usize),
    /// Nothing is shown before a line that has this.
    Find(Wanted),
    All,
    Left,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// Where the cursor is in its row.
    column: usize,
    /// The next letter begins a line.
    fresh: bool,
    /// Inside an escape sequence, which takes no room.
    escape: bool,
    kept: Kept,
    wanted: Option<Wanted>,
}

/// A terminal that is written to screen by screen.
#[derive(Debug)]
pub struct Paged {
    terminal: Arc<dyn Stream>,
    state: Mutex<State>,
    /// Keys that were typed ahead.
    typed: Mutex<Bytes>,
}

impl Paged {
    #[must_use]
    pub fn new(terminal: Arc<dyn Stream>) -> Self {
        let mode = Mode::Rows(screen(&*terminal).1);
        let state = State {
            mode,
            column: 0,
            fresh: true,
            escape: false,
            kept: Kept::default(),
            wanted: None,
        };
        Self { terminal, state: Mutex::new(state), typed: Mutex::default() }
    }

    /// Whether the reader has left.
    pub fn is_left(&self) -> bool {
        self.state.lock().mode == Mode::Left
    }

    fn put(&self, text: &[u8], cancel: &Cancel) -> FsResult<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.terminal.write(Bytes::copy_from_slice(text), cancel)
    }

    /// Shows a question, and answers the key that is pressed.
    fn key(&self, question: &str, cancel: &Cancel) -> FsResult<Bytes> {
        let (columns, _) = screen(&*self.terminal);
        let shown: String = question.chars().take(columns.saturating_sub(1)).collect();
        self.put(format!("\x1b[7m{shown}\x1b[m").as_bytes(), cancel)?;
        let key = self.next_key(cancel);
        // After Ctrl-C the question goes all the same.
        let always = Cancel::new();
        let erased = self.put(ERASED, if key.is_ok() { cancel } else { &always });
        let key = key?;
        erased.map(|()| key)
    }

    /// One key of what was typed, which may have come in one piece.
    fn next_key(&self, cancel: &Cancel) -> FsResult<Bytes> {
        let mut typed = self.typed.lock();
        if typed.is_empty() {
            *typed = self.terminal.read_key(cancel)?;
        }
        let len = match typed.as_ref() {
            [b'\x1b', b'[' | b'O', rest @ ..] => {
                let end = rest.iter().position(|byte| byte.is_ascii_alphabetic() || *byte == b'~');
                end.map_or(typed.len(), |end| end + 3)
            }
            [] => 0,
            [_, rest @ ..] => {
                // The other bytes of the same letter.
                1 + rest.iter().take_while(|byte| matches!(byte, 0x80..0xc0)).count()
            }
        };
        Ok(typed.split_to(len))
    }

    /// Asks for keys until more text is wanted.
    fn ask(&self, state: &mut State, cancel: &Cancel) -> FsResult<()> {
        // The rows before this one are on the screen, as many as it has.
        let mut bottom = state.kept.rows();
        let mut note = None;
        loop {
            let (columns, rows) = screen(&*self.terminal);
            let ask = if ASK.len() < columns { ASK } else { ASK_SHORT };
            let key = self.key(note.take().as_deref().unwrap_or(ask), cancel)?;
            let half = (rows / 2).max(1);
            let (on, back) = match &*key {
                b" " | b"f" | b"\x1b[6~" | b"\x06" => (rows, 0),
                b"\r" | b"\n" | b"j" | b"e" | b"\x1b[B" | b"\x0e" | b"\x05" => (1, 0),
                b"d" | b"\x04" => (half, 0),
                b"b" | b"\x1b[5~" | b"\x02" => (0, rows),
                b"k" | b"y" | b"\x1b[A" | b"\x10" | b"\x19" => (0, 1),
                b"u" | b"\x15" => (0, half),
                b"g" | b"<" | b"\x1b[H" => (0, usize::MAX),
                b"a" | b"G" | b">" | b"\x1b[F" => {
                    self.put(state.kept.text_of(bottom..state.kept.rows()), cancel)?;
                    state.mode = Mode::All;
                    return Ok(());
                }
                b"q" | b"Q" | b"\x1b" | b"" => {
                    state.mode = Mode::Left;
                    return Ok(());
                }
                b"/" | b"n" => {
                    if &*key == b"/" {
                        let Some(text) = self.search_text(cancel)? else { continue };
                        if !text.is_empty() {
                            state.wanted = Some(Wanted::new(&text));
                        }
                    }
                    let Some(wanted) = state.wanted.clone() else {
                        note = Some("-- nothing was searched for yet --".to_owned());
                        continue;
                    };
                    // From the second row of the screen on.
                    let from = bottom.saturating_sub(rows) + 1;
                    let Some(found) = state.kept.find(&wanted, from) else {
                        state.mode = Mode::Find(wanted);
                        return Ok(());
                    };
                    match self.show_from(state, found, cancel)? {
                        Some(now) => bottom = now,
                        None => return Ok(()),
                    }
                    continue;
                }
                _ => continue,
            };
            let all = state.kept.rows();
            if back > 0 {
                bottom = bottom.saturating_sub(back).max(rows.min(all));
                self.put(CLEARED, cancel)?;
                self.put(state.kept.text_of(bottom.saturating_sub(rows)..bottom), cancel)?;
            } else if bottom < all {
                let next = (bottom + on).min(all);
                self.put(state.kept.text_of(bottom..next), cancel)?;
                bottom = next;
            } else {
                state.mode = Mode::Rows(on);
                return Ok(());
            }
        }
    }

    /// Shows a screen that begins with a row that is kept; answers the row behind it. `None` if there
    /// is room for more than is there.
    fn show_from(
        &self,
        state: &mut State,
        first: usize,
        cancel: &Cancel,
    ) -> FsResult<Option<usize>> {
        let (rows, all) = (screen(&*self.terminal).1, state.kept.rows());
        let end = (first + rows).min(all);
        self.put(CLEARED, cancel)?;
        self.put(state.kept.text_of(first..end), cancel)?;
        if end - first == rows {
            return Ok(Some(end));
        }
        state.mode = Mode::Rows(rows - (end - first));
        Ok(None)
    }

    /// The text that is typed behind `/`; `None` if that is given up.
    fn search_text(&self, cancel: &Cancel) -> FsResult<Option<String>> {
        let mut text = String::new();
        loop {
            let key = self.key(&format!("/{text}"), cancel)?;
            match &*key {
                b"\r" | b"\n" => return Ok(Some(text)),
                b"\x1b" | b"\x07" | b"" => return Ok(None),
                b"\x7f" | b"\x08" => {
                    if text.pop().is_none() {
                        return Ok(None);
                    }
                }
                b"\x15" => text.clear(),
                key => {
                    let typed = std::str::from_utf8(key).unwrap_or_default();
                    if !typed.chars().any(char::is_control) {
                        text.push_str(typed);
                    }
                }
            }
        }
    }

    /// Whether the byte at the beginning of `data` begins a row of the screen.
    fn begins_row(state: &State, data: &[u8], columns: usize) -> bool {
        let Some(&byte) = data.first() else { return false };
        match byte {
            _ if state.escape => false,
            b'\x1b' => {
                let ends = |reset: &&[u8]| data.starts_with(reset) || reset.starts_with(data);
                state.fresh && !RESETS.iter().any(ends)
            }
            _ if state.fresh => true,
            // Not the first byte of a letter; a newline ends the row that it is in.
            0x80..0xc0 | b'\n' | b'\r' | b'\x08' | b'\t' => false,
            _ => state.column >= columns,
        }
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
        while let Some(&byte) = data.get(at) {
            if matches!(state.mode, Mode::All | Mode::Left) {
                break;
            }
            if Self::begins_row(state, data.get(at..).unwrap_or_default(), columns) {
                let before = data.split_to(at);
                at = 0;
                if !matches!(state.mode, Mode::Find(_)) {
                    self.terminal.write(before, cancel)?;
                }
                if let Mode::Find(wanted) = &state.mode
                    && state.fresh
                    && let Some(found) = state.kept.find_in_last_line(wanted)
                {
                    self.show_from(state, found, cancel)?;
                }
                if state.mode == Mode::Rows(0) {
                    self.ask(state, cancel)?;
                    if matches!(state.mode, Mode::All | Mode::Left) {
                        break;
                    }
                }
                if let Mode::Rows(left) = &mut state.mode {
                    *left = left.saturating_sub(1);
                }
                state.kept.begin_row(state.fresh);
                state.column = 0;
                state.fresh = false;
            }
            state.kept.push(byte);
            at += 1;
            match byte {
                b'\x1b' => state.escape = true,
                _ if state.escape => state.escape = !byte.is_ascii_alphabetic(),
                b'\n' => (state.fresh, state.column) = (true, 0),
                b'\r' => state.column = 0,
                b'\t' => state.column = (state.column + 8 - state.column % 8).min(columns),
                // Not the first byte of a letter.
                0x80..0xc0 => {}
                _ => state.column += 1,
            }
        }
        match state.mode {
            Mode::Left | Mode::Find(_) => Ok(()),
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

impl Drop for Paged {
    /// Where the text ends in a search: its last screen, and that nothing was found behind it.
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let Mode::Find(wanted) = &state.mode else { return };
        let (rows, all) = (screen(&*self.terminal).1, state.kept.rows());
        let found = state.kept.find_in_last_line(wanted);
        let first = found.unwrap_or_else(|| all.saturating_sub(rows.saturating_sub(1)));
        let mut text = [CLEARED, state.kept.text_of(first..all)].concat();
        if found.is_none() {
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            text.extend_from_slice(b"\x1b[7m-- not found --\x1b[m\n");
        }
        // There is nobody to tell.
        drop(self.terminal.write(Bytes::from(text), &Cancel::new()));
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
        drop(paged);
        let text = String::from_utf8(fake.0.lock().0.clone()).unwrap();
        let erased = std::str::from_utf8(ERASED).unwrap();
        let cleared = std::str::from_utf8(CLEARED).unwrap();
        let ask: String = ASK_SHORT.chars().take(19).collect();
        let text = text.replace(&format!("\x1b[7m{ask}\x1b[m{erased}"), "<>");
        text.replace(erased, "<").replace(cleared, "^")
    }

    #[test]
    fn a_screen_at_a_time() {
        assert_eq!(shown(&[], "1\n2\n3\n"), "1\n2\n3\n");
        assert_eq!(shown(&[], "1\n2\n3\n4\n"), "1\n2\n3\n<>");
        assert_eq!(shown(&[b" "], "1\n2\n3\n4\n5\n6\n7"), "1\n2\n3\n<>4\n5\n6\n<>");
        let (text, wanted) = ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n<><>4\n<>5\n6\n");
        assert_eq!(shown(&[b"x", b"\n", b"a"], text), wanted);
        // Keys that come in one piece are as many.
        assert_eq!(shown(&[b"x\na"], text), wanted);
        // What is longer than a row takes two, and colours take no room.
        let long = "x".repeat(21);
        assert_eq!(shown(&[], &format!("{long}\n2\n3\n")), format!("{long}\n2\n<>"));
        let colored = format!("\x1b[1m{}\x1b[m\n2\n3\n", "x".repeat(20));
        assert_eq!(shown(&[], &colored), colored);
    }

    #[test]
    fn a_row_that_goes_on_behind_a_full_screen_keeps_its_first_letter() {
        let long = "x".repeat(20);
        assert_eq!(shown(&[b" "], &format!("1\n2\n{long}y\n4\n")), format!("1\n2\n{long}<>y\n4\n"));
        // A colour that ends behind the last newline asks for nothing.
        assert_eq!(shown(&[], "1\n2\n\x1b[1m3\n\x1b[m"), "1\n2\n\x1b[1m3\n\x1b[m");
    }

    #[test]
    fn back_and_on() {
        let text = "1\n2\n3\n4\n5\n6\n7\n";
        assert_eq!(
            shown(&[b" ", b"b", b" ", b" "], text),
            "1\n2\n3\n<>4\n5\n6\n<>^1\n2\n3\n<>4\n5\n6\n<>7\n"
        );
        assert_eq!(shown(&[b" ", b"k", b"a"], text), "1\n2\n3\n<>4\n5\n6\n<>^3\n4\n5\n<>6\n7\n");
        assert_eq!(shown(&[b"k", b"g", b"q"], text), "1\n2\n3\n<>^1\n2\n3\n<>^1\n2\n3\n<>");
    }

    #[test]
    fn search() {
        let text = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
        let typed = |text: &str| format!("\x1b[7m/{text}\x1b[m<");
        let words = |upto: &[&str]| upto.iter().map(|text| typed(text)).collect::<String>();
        let first = format!("one\ntwo\nthree\n<>{}", words(&["", "s", "sx", "s", "si", "six"]));
        let first_keys: [&[u8]; 7] = [b"/", b"s", b"x", b"\x7f", b"i", b"x", b"\r"];
        assert_eq!(
            shown(&[&first_keys[..], &[b" ", b"q"]].concat(), text),
            format!("{first}^six\nseven\neight\n")
        );
        // What is on the screen is found, too; then what comes; then nothing.
        let keys: &[&[u8]] = &[b"/", b"t", b"\r", b"n", b"n", b"n"];
        assert_eq!(
            shown(keys, text),
            format!(
                "one\ntwo\nthree\n<>{}^two\nthree\nfour\n<>^three\nfour\nfive\n<>^eight\n",
                words(&["", "t"])
            )
        );
        let keys: &[&[u8]] = &[b"/", b"z", b"\r"];
        assert_eq!(
            shown(keys, text),
            format!(
                "one\ntwo\nthree\n<>{}^seven\neight\n\x1b[7m-- not found --\x1b[m\n",
                words(&["", "z"])
            )
        );
    }
}
