//! Values as JSON text: compact or indented, sorted, coloured.

use super::number;
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

/// Adds `value` to `out`.
pub(crate) fn print(value: &Value, style: &Style, out: &mut Vec<u8>) {
    match &style.colors {
        Some(colors) => colored(value, style, colors, 0, out),
        None => plain(value, style, 0, out),
    }
}

/// As `tojson` gives it.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = Vec::new();
    print(value, &Style::COMPACT, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Cut off for messages: at most `limit` bytes, `...` among them.
pub(super) fn excerpt(value: &Value, limit: usize) -> String {
    let mut text = compact(value);
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

fn plain(value: &Value, style: &Style, depth: usize, out: &mut Vec<u8>) {
    if depth > DEPTH_MAX {
        out.extend_from_slice(b"<skipped: too deep>");
        return;
    }
    match value {
        Value::Array(array) => {
            out.push(b'[');
            for (at, item) in array.as_slice().iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                newline(style, depth + 1, out);
                plain(item, style, depth + 1, out);
            }
            if array.len() > 0 {
                newline(style, depth, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            let mut first = true;
            let mut entry = |key: &str, value: &Value, out: &mut Vec<u8>| {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                newline(style, depth + 1, out);
                string(key, style.ascii, out);
                out.push(b':');
                if style.indent != Indent::Compact {
                    out.push(b' ');
                }
                plain(value, style, depth + 1, out);
            };
            if style.sorted {
                for (key, value) in object.sorted() {
                    entry(key.as_str(), value, out);
                }
            } else {
                for (key, value) in object.iter() {
                    entry(key.as_str(), value, out);
                }
            }
            if object.len() > 0 {
                newline(style, depth, out);
            }
            out.push(b'}');
        }
        scalar_value => scalar(scalar_value, style, out),
    }
}

fn colored(value: &Value, style: &Style, colors: &Colors, depth: usize, out: &mut Vec<u8>) {
    let color = colors.of(value).as_bytes();
    out.extend_from_slice(color);
    if depth > DEPTH_MAX {
        out.extend_from_slice(b"<skipped: too deep>");
        out.extend_from_slice(RESET);
        return;
    }
    match value {
        Value::Array(array) if array.len() > 0 => {
            out.push(b'[');
            for (at, item) in array.as_slice().iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(color);
                    out.push(b',');
                }
                newline(style, depth + 1, out);
                colored(item, style, colors, depth + 1, out);
            }
            out.extend_from_slice(color);
            newline(style, depth, out);
            out.extend_from_slice(color);
            out.push(b']');
        }
        Value::Array(_) => out.extend_from_slice(b"[]"),
        Value::Object(object) if object.len() > 0 => {
            out.push(b'{');
            let entries = if style.sorted { object.sorted() } else { object.iter().collect() };
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(color);
                    out.push(b',');
                }
                newline(style, depth + 1, out);
                out.extend_from_slice(RESET);
                out.extend_from_slice(colors.key().as_bytes());
                string(key.as_str(), style.ascii, out);
                out.extend_from_slice(RESET);
                out.extend_from_slice(color);
                out.push(b':');
                if style.indent != Indent::Compact {
                    out.push(b' ');
                }
                out.extend_from_slice(RESET);
                colored(value, style, colors, depth + 1, out);
            }
            out.extend_from_slice(color);
            newline(style, depth, out);
            out.extend_from_slice(color);
            out.push(b'}');
        }
        Value::Object(_) => out.extend_from_slice(b"{}"),
        value => scalar(value, style, out),
    }
    out.extend_from_slice(RESET);
}

fn newline(style: &Style, depth: usize, out: &mut Vec<u8>) {
    let (byte, width) = match style.indent {
        Indent::Compact => return,
        Indent::Spaces(width) => (b' ', width),
        Indent::Tab => (b'\t', 1),
    };
    out.push(b'\n');
    out.resize(out.len() + depth * width, byte);
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
