//! Values as JSON text: compact or indented, sorted, coloured.

use super::error::Error;
use super::number;
use super::runtime::Runtime;
use super::value::Value;

/// What is nested deeper prints as a remark, as in jq.
const DEPTH_MAX: usize = 256;

/// How to print.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub indent: Indent,
    pub sorted: bool,
    pub ascii: bool,
    pub colors: Option<Colors>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Indent {
    Compact,
    Spaces(usize),
    Tab,
}

impl Style {
    pub const COMPACT: Self =
        Self { indent: Indent::Compact, sorted: false, ascii: false, colors: None };
}

/// The escape sequences for null, false, true, numbers, strings, arrays, objects and keys.
#[derive(Debug, Clone)]
pub(crate) struct Colors(Vec<String>);

const COLOR_NAMES: [&str; 8] = ["1;30", "0;39", "0;39", "0;39", "0;32", "1;39", "1;39", "34;1"];

impl Default for Colors {
    fn default() -> Self {
        Self(COLOR_NAMES.iter().map(|color| format!("\x1b[{color}m")).collect())
    }
}

impl Colors {
    /// Reads `JQ_COLORS`: fields between colons, each digits and semicolons. `None` if one is not.
    pub fn parse(text: &str) -> Option<Self> {
        let mut colors = Self::default();
        for (field, slot) in text.split(':').zip(&mut colors.0) {
            if !field.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
                return None;
            }
            *slot = format!("\x1b[{field}m");
        }
        Some(colors)
    }

    fn of(&self, value: &Value) -> &str {
        let at = match value {
            Value::Null => 0,
            Value::Bool(false) => 1,
            Value::Bool(true) => 2,
            Value::Number(_) | Value::Literal(_) => 3,
            Value::String(_) => 4,
            Value::Array(_) => 5,
            Value::Object(_) => 6,
        };
        self.0.get(at).map_or("", String::as_str)
    }

    fn key(&self) -> &str {
        self.0.get(7).map_or("", String::as_str)
    }
}

const RESET: &[u8] = b"\x1b[0m";

/// What looks on while a value is printed: it may take what is there already, and it says whether
/// to go on. Shared values can print longer than they are by any factor.
pub(super) type Guard<'g> = &'g mut dyn FnMut(&mut Vec<u8>) -> bool;

/// How much is printed between two looks of the guard.
const GUARD_BYTES: usize = 64 * 1024;

/// Adds `value` to `out`.
pub(crate) fn print(value: &Value, style: &Style, out: &mut Vec<u8>, guard: Guard<'_>) {
    let mut printer = Printer { style, out, guard, look_at: GUARD_BYTES, stopped: false };
    match &style.colors {
        Some(colors) => printer.colored(value, colors, 0),
        None => printer.plain(value, 0),
    }
}

/// As `tojson` gives it, cut off at `limit` bytes or soon after.
fn compact_to(value: &Value, limit: usize) -> String {
    let mut out = Vec::new();
    let style = &Style::COMPACT;
    let guard: Guard<'_> = &mut |_: &mut Vec<u8>| false;
    let mut printer = Printer { style, out: &mut out, guard, look_at: limit, stopped: false };
    printer.plain(value, 0);
    String::from_utf8(out).unwrap_or_default()
}

/// As `tojson` gives it, for messages: no longer than a mebibyte or so.
pub(crate) fn compact(value: &Value) -> String {
    compact_to(value, 1 << 20)
}

/// As `tojson` gives it, if there is room for it.
pub(super) fn json(value: &Value, runtime: &mut Runtime<'_>) -> Result<String, Error> {
    let mut failed = None;
    let mut out = Vec::new();
    print(value, &Style::COMPACT, &mut out, &mut |out| {
        let checked =
            runtime.check().and_then(|()| Ok(runtime.meter.room(out.len() as u64 * 2)?));
        failed = checked.err();
        failed.is_none()
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(String::from_utf8(out).unwrap_or_default()),
    }
}

/// Cut off for messages: at most `limit` bytes, `...` among them.
pub(super) fn excerpt(value: &Value, limit: usize) -> String {
    let mut text = compact_to(value, limit + 1);
    if text.len() > limit {
        let mut end = limit - 3;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("...");
    }
    text
}

struct Printer<'a> {
    style: &'a Style,
    out: &'a mut Vec<u8>,
    guard: Guard<'a>,
    /// The length at which the guard looks.
    look_at: usize,
    stopped: bool,
}

impl Printer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Whether to stop here.
    fn stops(&mut self) -> bool {
        if self.out.len() >= self.look_at && !self.stopped {
            self.stopped = !(self.guard)(self.out);
            self.look_at = self.out.len() + GUARD_BYTES;
        }
        self.stopped
    }

    fn plain(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            return self.put(b"<skipped: too deep>");
        }
        match value {
            Value::Array(array) => {
                self.put(b"[");
                for (at, item) in array.as_slice().iter().enumerate() {
                    if self.stops() {
                        return;
                    }
                    if at > 0 {
                        self.put(b",");
                    }
                    self.newline(depth + 1);
                    self.plain(item, depth + 1);
                }
                if array.len() > 0 {
                    self.newline(depth);
                }
                self.put(b"]");
            }
            Value::Object(object) => {
                self.put(b"{");
                if self.style.sorted {
                    for (at, (key, value)) in object.sorted().into_iter().enumerate() {
                        self.entry(key.as_str(), value, at, depth);
                    }
                } else {
                    for (at, (key, value)) in object.iter().enumerate() {
                        self.entry(key.as_str(), value, at, depth);
                    }
                }
                if object.len() > 0 {
                    self.newline(depth);
                }
                self.put(b"}");
            }
            value => scalar(value, self.style, self.out),
        }
    }

    fn entry(&mut self, key: &str, value: &Value, at: usize, depth: usize) {
        if self.stops() {
            return;
        }
        if at > 0 {
            self.put(b",");
        }
        self.newline(depth + 1);
        string(key, self.style.ascii, self.out);
        self.put(if self.style.indent == Indent::Compact { b":" } else { b": " });
        self.plain(value, depth + 1);
    }

    fn colored(&mut self, value: &Value, colors: &Colors, depth: usize) {
        let color = colors.of(value).as_bytes();
        self.put(color);
        if depth > DEPTH_MAX {
            self.put(b"<skipped: too deep>");
            return self.put(RESET);
        }
        match value {
            Value::Array(array) if array.len() > 0 => {
                self.put(b"[");
                for (at, item) in array.as_slice().iter().enumerate() {
                    if self.stops() {
                        return;
                    }
                    if at > 0 {
                        self.put(color);
                        self.put(b",");
                    }
                    self.newline(depth + 1);
                    self.colored(item, colors, depth + 1);
                }
                self.put(color);
                self.newline(depth);
                self.put(color);
                self.put(b"]");
            }
            Value::Array(_) => self.put(b"[]"),
            Value::Object(object) if object.len() > 0 => {
                self.put(b"{");
                let sorted = self.style.sorted;
                let entries = if sorted { object.sorted() } else { object.iter().collect() };
                for (at, (key, value)) in entries.into_iter().enumerate() {
                    if self.stops() {
                        return;
                    }
                    if at > 0 {
                        self.put(color);
                        self.put(b",");
                    }
                    self.newline(depth + 1);
                    self.put(RESET);
                    self.put(colors.key().as_bytes());
                    string(key.as_str(), self.style.ascii, self.out);
                    self.put(RESET);
                    self.put(color);
                    self.put(if self.style.indent == Indent::Compact { b":" } else { b": " });
                    self.put(RESET);
                    self.colored(value, colors, depth + 1);
                }
                self.put(color);
                self.newline(depth);
                self.put(color);
                self.put(b"}");
            }
            Value::Object(_) => self.put(b"{}"),
            value => scalar(value, self.style, self.out),
        }
        self.put(RESET);
    }

    fn newline(&mut self, depth: usize) {
        let (byte, width) = match self.style.indent {
            Indent::Compact => return,
            Indent::Spaces(width) => (b' ', width),
            Indent::Tab => (b'\t', 1),
        };
        self.out.push(b'\n');
        self.out.resize(self.out.len() + depth * width, byte);
    }
}

fn scalar(value: &Value, style: &Style, out: &mut Vec<u8>) {
    match value {
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) if number.is_nan() => out.extend_from_slice(b"null"),
        Value::Number(number) => number::print(*number, out),
        Value::Literal(literal) => out.extend_from_slice(literal.text.as_bytes()),
        Value::String(text) => string(text.as_str(), style.ascii, out),
        _ => out.extend_from_slice(b"null"),
    }
}

fn string(text: &str, ascii: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let special =
        |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f) || (ascii && !byte.is_ascii());
    if !bytes.iter().any(special) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            letter
                if (letter as u32) < 0x20
                    || letter == '\u{7f}'
                    || (ascii && !letter.is_ascii()) =>
            {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}
