//! `read`: a line into variables.

use std::time::{Duration, Instant};

use bstr::ByteSlice;
use mesafs::Errno;
use mesash_builtins::budget::{Budget, Growing};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::core::test::integer;
use mesash_builtins::stream::{ReadError, Stream};

use super::{Call, Special, is_reference, options};
use crate::eval::{Eval, Step, Unwind, expand};
use crate::state::{Attrs, IndexedArray, Str, Variable, names};

pub const READ: Special = Special {
    name: "read",
    synopsis: "[-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] \
        [-t timeout] [-u fd] [name ...]",
    summary: "Read a line from the standard input and split it into fields.",
    run: read,
    ..Special::BASE
};

/// What `$?` is after a time-out: 128 + SIGALRM.
const TIMED_OUT: u8 = 142;

/// What was read, charged as long as it is held.
#[derive(Debug)]
pub struct Taken {
    pub bytes: Vec<u8>,
    held: Growing,
}

/// Reads up to and with `delimiter` and not a byte more, so that whoever reads next goes on there.
/// Nothing at the end.
///
/// # Errors
/// Those of the stream; a line that is longer than the run may hold.
pub fn read_line(
    stream: &dyn Stream,
    cancel: &Cancel,
    delimiter: u8,
    budget: &Budget,
) -> Result<Taken, ReadError> {
    let mut held = Growing::new(budget);
    let mut bytes = Vec::new();
    loop {
        let piece = stream.read_until(delimiter, usize::MAX, cancel)?;
        held.reach(bytes.len() + piece.len())?;
        bytes.extend_from_slice(&piece);
        if piece.last().is_none_or(|last| *last == delimiter) {
            return Ok(Taken { bytes, held });
        }
    }
}

/// What a failed read means for a builtin that reads from `fd`.
pub fn read_failed(eval: &mut Eval, call: &Call<'_>, error: ReadError, fd: u32) -> Step {
    match error {
        ReadError::Limit(limit) => Err(eval.expand_failed(limit.into())),
        ReadError::Stream(error) if error.errno() == Errno::Canceled => Err(Unwind::Abort),
        ReadError::Stream(error) => {
            let (number, reason) = (fd.to_string(), error.to_string());
            eval.fail(call, &[b"read error: ", number.as_bytes(), b": ", reason.as_bytes()])
        }
    }
}

struct Asked {
    raw: bool,
    delimiter: u8,
    /// `-n` or `-N`
    count: Option<usize>,
    /// `-N`: the delimiter counts for nothing.
    exactly: bool,
    deadline: Option<Instant>,
}

/// What was read. A byte that a backslash protected is marked, so that it isn't split at.
struct Line {
    text: Vec<u8>,
    /// As long as `text`, or empty if nothing is protected.
    protected: Vec<bool>,
    /// 0 if the delimiter (or the count) was reached, 1 at the end, 142 after the time-out.
    status: u8,
    held: Growing,
}

fn read(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "ersa:d:i:n:N:p:t:u:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut asked = Asked {
        raw: given.has(b'r'),
        delimiter: b'\n',
        count: None,
        exactly: false,
        deadline: None,
    };
    let mut fd = 0;
    let mut timeout = None;
    for letter in &given.letters {
        let Some(value) = &letter.value else { continue };
        match letter.letter {
            b'd' => asked.delimiter = value.first().copied().unwrap_or(0),
            b'n' | b'N' => match integer(value).and_then(|n| usize::try_from(n).ok()) {
                Some(count) => {
                    asked.count = Some(count);
                    asked.exactly = letter.letter == b'N';
                }
                None => return eval.fail(call, &[value, b": invalid number"]),
            },
            b't' => match seconds(value) {
                Some(time) => timeout = Some(time),
                None => return eval.fail(call, &[value, b": invalid timeout specification"]),
            },
            b'u' => match integer(value).and_then(|fd| u32::try_from(fd).ok()) {
                Some(number) => {
                    if eval.shell.fds.get(number).is_none() {
                        let text = b": invalid file descriptor: Bad file descriptor";
                        return eval.fail(call, &[value, text]);
                    }
                    fd = number;
                }
                None => {
                    return eval.fail(call, &[value, b": invalid file descriptor specification"]);
                }
            },
            _ => {}
        }
    }
    for name in given.rest.iter().take(1).chain(given.value(b'a')) {
        if !is_reference(name) {
            return eval.fail(call, &[b"`", name, b"': not a valid identifier"]);
        }
    }
    // Of the others, those before a bad one are still assigned.
    let bad = given.rest.iter().position(|name| !is_reference(name));
    let Some(entry) = eval.shell.fds.get(fd).filter(|fd| fd.readable) else {
        return eval.fail(call, &[b"read error: 0: Bad file descriptor"]);
    };
    let stream = std::sync::Arc::clone(&entry.stream);
    if timeout.is_none() {
        let default = eval.shell.scalar(names::TMOUT).and_then(|value| seconds(&value));
        timeout = default.filter(|time| !time.is_zero());
    }
    if let Some(time) = timeout {
        if time.is_zero() {
            let ready = stream.wait_readable(Duration::ZERO, &eval.shell.cancel);
            return Ok(u8::from(!ready.unwrap_or(true)));
        }
        asked.deadline = Instant::now().checked_add(time);
    }
    if let Some(prompt) = given.value(b'p').filter(|_| stream.is_terminal()) {
        eval.put_error(prompt);
    }
    let line = match take(eval, &*stream, &asked) {
        Ok(line) => line,
        Err(error) => return read_failed(eval, call, error, fd),
    };
    if let Some(array) = given.value(b'a')
        && let Some(symbol) = eval.shell.interner.get(array)
        && eval.shell.variable(symbol).is_some_and(Variable::is_assoc)
    {
        return eval.fail(call, &[array, b": not an indexed array"]);
    }
    let stored = match given.value(b'a') {
        Some(array) => store_array(eval, array, &line),
        None => store(eval, given.rest, &line, asked.exactly, bad.unwrap_or(usize::MAX)),
    };
    if let (Ok(()), Some(name)) = (&stored, bad.and_then(|at| given.rest.get(at))) {
        return eval.fail(call, &[b"`", name, b"': not a valid identifier"]);
    }
    if let Err(error) = stored {
        return eval.assignment_failed(call, error);
    }
    Ok(line.status)
}

fn seconds(text: &[u8]) -> Option<Duration> {
    let text = text.to_str().ok()?;
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value: f64 = plain.then(|| text.parse().ok()).flatten()?;
    Duration::try_from_secs_f64(value).ok()
}

/// Reads what was asked for, taking backslashes away unless `-r`.
fn take(eval: &Eval, stream: &dyn Stream, asked: &Asked) -> Result<Line, ReadError> {
    let (cancel, budget) = (&eval.shell.cancel, &eval.shell.budget);
    if asked.raw && asked.count.is_none() && asked.deadline.is_none() {
        let Taken { bytes: mut text, held } = read_line(stream, cancel, asked.delimiter, budget)?;
        let ended = text.last() == Some(&asked.delimiter);
        if ended {
            text.pop();
        }
        if asked.delimiter != 0 && text.contains(&0) {
            text.retain(|byte| *byte != 0);
        }
        return Ok(Line { text, protected: Vec::new(), status: u8::from(!ended), held });
    }
    let mut line =
        Line { text: Vec::new(), protected: Vec::new(), status: 0, held: Growing::new(budget) };
    let mut escaped = false;
    // Counted in characters: a byte that continues one is none.
    let mut characters = 0;
    let mut pending = 0usize;
    while asked.count.is_none_or(|count| characters < count) {
        if let Some(end) = asked.deadline {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !stream.wait_readable(left, cancel)? {
                line.status = TIMED_OUT;
                return Ok(line);
            }
        }
        // A character has at least one byte, so this never takes too much.
        let want = asked.count.map_or(usize::MAX, |count| count - characters);
        let piece = if asked.exactly {
            stream.read(want, cancel)?
        } else {
            stream.read_until(asked.delimiter, want, cancel)?
        };
        if piece.is_empty() {
            line.status = 1;
            return Ok(line);
        }
        line.held.reach(2 * (line.text.len() + piece.len()))?;
        for &byte in &piece {
            if escaped {
                escaped = false;
                if byte == b'\n' {
                    continue;
                }
                line.push(byte, true);
            } else if byte == b'\\' && !asked.raw {
                escaped = true;
                continue;
            } else if byte == asked.delimiter && !asked.exactly {
                return Ok(line);
            } else if byte == 0 {
                continue;
            } else {
                line.push(byte, false);
            }
            pending = match byte {
                0xc2..=0xdf if pending == 0 => 1,
                0xe0..=0xef if pending == 0 => 2,
                0xf0..=0xf4 if pending == 0 => 3,
                0x80..=0xbf if pending > 0 => pending - 1,
                _ => 0,
            };
            characters += usize::from(pending == 0);
        }
    }
    Ok(line)
}

impl Line {
    fn push(&mut self, byte: u8, protected: bool) {
        self.text.push(byte);
        self.protected.push(protected);
    }
}

/// What IFS says of a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Blank,
    Separator,
}

struct Splitter<'a> {
    line: &'a Line,
    ifs: &'a [u8],
    at: usize,
}

impl Splitter<'_> {
    fn class(&self, at: usize) -> Option<Class> {
        let byte = *self.line.text.get(at)?;
        if self.line.protected.get(at) == Some(&true) || !self.ifs.contains(&byte) {
            return Some(Class::Text);
        }
        let blank = matches!(byte, b' ' | b'\t' | b'\n');
        Some(if blank { Class::Blank } else { Class::Separator })
    }

    fn skip_blanks(&mut self) {
        while self.class(self.at) == Some(Class::Blank) {
            self.at += 1;
        }
    }

    /// The next field and what separates it from the one after; `None` at the end.
    fn field(&mut self) -> Option<&[u8]> {
        if self.at >= self.line.text.len() {
            return None;
        }
        let start = self.at;
        while self.class(self.at) == Some(Class::Text) {
            self.at += 1;
        }
        let end = self.at;
        self.skip_blanks();
        if self.class(self.at) == Some(Class::Separator) {
            self.at += 1;
            self.skip_blanks();
        }
        self.line.text.get(start..end)
    }

    /// Everything that is left, for the last variable: blanks at its end go, and if only one field
    /// is left, the separator after it too.
    fn rest(&mut self) -> &[u8] {
        let start = self.at;
        let mut end = self.line.text.len();
        while end > start && self.class(end - 1) == Some(Class::Blank) {
            end -= 1;
        }
        let mut probe = Splitter { line: self.line, ifs: self.ifs, at: start };
        let first = probe.field().map_or(0, <[u8]>::len);
        if probe.at >= self.line.text.len() {
            end = start + first;
        }
        self.line.text.get(start..end).unwrap_or_default()
    }
}

fn ifs(eval: &Eval) -> Str {
    eval.shell.scalar(names::IFS).unwrap_or_else(|| Str::new(b" \t\n"))
}

fn put(eval: &mut Eval, name: &[u8], value: &[u8]) -> Result<(), expand::ExpandError> {
    let value = Str::copied(value, &eval.shell.budget)?;
    expand::assign_name(&mut eval.shell, &mut eval.rt, name, value, false)
}

fn store(
    eval: &mut Eval,
    names: &[Str],
    line: &Line,
    exactly: bool,
    most: usize,
) -> Result<(), expand::ExpandError> {
    let Some((last, firsts)) = names.split_last() else {
        return put(eval, b"REPLY", &line.text);
    };
    if exactly {
        put(eval, names.first().unwrap_or(last), &line.text)?;
        return names.iter().take(most).skip(1).try_for_each(|name| put(eval, name, b""));
    }
    let ifs = ifs(eval);
    let mut splitter = Splitter { line, ifs: &ifs, at: 0 };
    splitter.skip_blanks();
    for name in firsts.iter().take(most) {
        put(eval, name, splitter.field().unwrap_or_default())?;
    }
    if most < names.len() {
        return Ok(());
    }
    put(eval, last, splitter.rest())
}

fn store_array(eval: &mut Eval, name: &[u8], line: &Line) -> Result<(), expand::ExpandError> {
    let ifs = ifs(eval);
    let mut splitter = Splitter { line, ifs: &ifs, at: 0 };
    splitter.skip_blanks();
    let mut array = IndexedArray::default();
    while let Some(field) = splitter.field() {
        array.push(Str::copied(field, &eval.shell.budget)?);
    }
    let symbol = eval.target_symbol(name)?;
    let attrs = eval.shell.vars.get(symbol).map(|variable| variable.attrs).unwrap_or_default();
    if attrs.has(Attrs::CASE) || attrs.has(Attrs::INTEGER) {
        // Each is assigned as if alone.
        let name = Str::new(&eval.shell.name(symbol));
        eval.shell.set_array(symbol, IndexedArray::default())?;
        for (index, value) in array.iter() {
            let place = [name.as_bytes(), format!("[{index}]").as_bytes()].concat();
            expand::assign_name(&mut eval.shell, &mut eval.rt, &place, value.clone(), false)?;
        }
        return Ok(());
    }
    Ok(eval.shell.set_array(symbol, array)?)
}

impl Eval {
    /// A line of standard input for the shell itself (`select`); `None` at the end.
    pub fn read_input_line(&mut self) -> Result<Option<Vec<u8>>, Unwind> {
        let Some(fd) = self.shell.fds.get(0) else { return Ok(None) };
        let stream = std::sync::Arc::clone(&fd.stream);
        match read_line(&*stream, &self.shell.cancel, b'\n', &self.shell.budget) {
            Ok(Taken { bytes, .. }) if bytes.is_empty() => Ok(None),
            Ok(Taken { bytes: mut line, .. }) => {
                if line.last() == Some(&b'\n') {
                    line.pop();
                }
                Ok(Some(line))
            }
            Err(ReadError::Limit(limit)) => Err(self.expand_failed(limit.into())),
            Err(ReadError::Stream(error)) if error.errno() == Errno::Canceled => Err(Unwind::Abort),
            Err(ReadError::Stream(_)) => Ok(None),
        }
    }
}
