//! Reads JSON texts out of bytes as they come: a state machine that keeps its place between chunks.
//!
//! It takes what jq takes (numbers like `.5`, `nan`, values with nothing between them) and words
//! its errors as jq does. Nesting is bounded by [`DEPTH_MAX`].

use memchr::memchr2;

use super::number;
use super::object::Object;
use super::value::{Array, Text, Value};

/// How deep arrays and objects may be nested in a text.
pub(super) const DEPTH_MAX: usize = 256;

#[derive(Debug)]
enum Open {
    Array(Array),
    Object(Object),
    /// Within an object, after the colon.
    Pair(Object, Text),
}

/// Keys that came lately, so that equal ones share their text.
#[derive(Debug)]
struct Keys(Vec<Option<Text>>);

impl Keys {
    fn share(&mut self, text: &str) -> Text {
        let bytes = text.as_bytes();
        let edge = |at: Option<&u8>| usize::from(at.copied().unwrap_or(0));
        let hash = bytes.len() * 7 + edge(bytes.first()) * 31 + edge(bytes.last()) * 5;
        let Some(slot) = self.0.get_mut(hash & 63) else { return text.into() };
        match slot {
            Some(known) if known.as_str() == text => known.clone(),
            slot => slot.insert(text.into()).clone(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Reader {
    stack: Vec<Open>,
    next: Option<Value>,
    token: Vec<u8>,
    in_string: bool,
    escaped: bool,
    line: usize,
    column: usize,
    begun: bool,
    keys: Keys,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    pub fn new() -> Self {
        Self {
            stack: Vec::new(),
            next: None,
            token: Vec::new(),
            in_string: false,
            escaped: false,
            line: 1,
            column: 0,
            begun: false,
            keys: Keys(vec![None; 64]),
        }
    }

    /// Takes bytes from the front of `input` until a value is whole; `None` if they are not enough.
    ///
    /// # Errors
    /// What is wrong and where, in jq's words.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Value>, String> {
        if !self.begun && !input.is_empty() {
            self.begun = true;
            match input {
                [0xef, 0xbb, 0xbf, rest @ ..] => *input = rest,
                [0xef, ..] => return Err("Malformed BOM".into()),
                _ => {}
            }
        }
        while let [byte, rest @ ..] = *input {
            if self.in_string {
                if self.string(input).map_err(|error| self.place(&error))?
                    && let Some(value) = self.done()
                {
                    return Ok(Some(value));
                }
                continue;
            }
            *input = rest;
            self.column += 1;
            if *byte == b'\n' {
                self.line += 1;
                self.column = 0;
            }
            match self.byte(*byte) {
                Ok(None) => {}
                Ok(Some(value)) => return Ok(Some(value)),
                Err(error) => return Err(self.place(error)),
            }
        }
        Ok(None)
    }

    /// The last value, which only the end completes.
    ///
    /// # Errors
    /// As [`Reader::feed`], if a value is cut off.
    pub fn finish(&mut self) -> Result<Option<Value>, String> {
        let at_end = |error: &str| {
            Err(format!("{error} at EOF at line {}, column {}", self.line, self.column))
        };
        if self.in_string {
            return at_end("Unfinished string");
        }
        if let Err(error) = self.literal() {
            return Err(format!("{error} at EOF at line {}, column {}", self.line, self.column));
        }
        if !self.stack.is_empty() {
            return Err(format!(
                "Unfinished JSON term at EOF at line {}, column {}",
                self.line, self.column
            ));
        }
        Ok(self.next.take())
    }

    fn place(&self, error: &str) -> String {
        format!("{error} at line {}, column {}", self.line, self.column)
    }

    fn done(&mut self) -> Option<Value> {
        if self.stack.is_empty() { self.next.take() } else { None }
    }

    fn byte(&mut self, byte: u8) -> Result<Option<Value>, &'static str> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                self.literal()?;
                Ok(self.done())
            }
            b'"' => {
                self.literal()?;
                let done = self.done();
                self.in_string = true;
                Ok(done)
            }
            b'[' | b']' | b'{' | b'}' | b',' | b':' => {
                self.literal()?;
                let before = self.done();
                self.structure(byte)?;
                Ok(before.or_else(|| self.done()))
            }
            byte => {
                self.token.push(byte);
                Ok(None)
            }
        }
    }

    fn value(&mut self, value: Value) -> Result<(), &'static str> {
        if self.next.is_some() {
            return Err("Expected separator between values");
        }
        self.next = Some(value);
        Ok(())
    }

    fn structure(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            b'[' | b'{' => {
                if self.stack.len() >= DEPTH_MAX {
                    return Err("Exceeds depth limit for parsing");
                }
                if self.next.is_some() {
                    return Err("Expected separator between values");
                }
                let array = byte == b'[';
                let open =
                    if array { Open::Array(Array::default()) } else { Open::Object(Object::new()) };
                self.stack.push(open);
            }
            b':' => {
                let Some(key) = self.next.take() else {
                    return Err("Expected string key before ':'");
                };
                match self.stack.pop() {
                    Some(Open::Object(object)) => {
                        let Value::String(key) = key else {
                            return Err("Object keys must be strings");
                        };
                        self.stack.push(Open::Pair(object, key));
                    }
                    _ => return Err("':' not as part of an object"),
                }
            }
            b',' => {
                let Some(value) = self.next.take() else {
                    return Err("Expected value before ','");
                };
                match self.stack.pop() {
                    Some(Open::Array(mut array)) => {
                        array.push(value);
                        self.stack.push(Open::Array(array));
                    }
                    Some(Open::Pair(mut object, key)) => {
                        object.insert(key, value);
                        self.stack.push(Open::Object(object));
                    }
                    _ => return Err("Objects must consist of key:value pairs"),
                }
            }
            b']' => {
                let Some(Open::Array(mut array)) = self.stack.pop() else {
                    return Err("Unmatched ']'");
                };
                match self.next.take() {
                    Some(value) => array.push(value),
                    None if array.len() > 0 => return Err("Expected another array element"),
                    None => {}
                }
                self.next = Some(Value::Array(array));
            }
            _ => match (self.stack.pop(), self.next.take()) {
                (None, _) => return Err("Unmatched '}'"),
                (Some(Open::Pair(mut object, key)), Some(value)) => {
                    object.insert(key, value);
                    self.next = Some(Value::Object(object));
                }
                (_, Some(_)) => return Err("Objects must consist of key:value pairs"),
                (Some(Open::Object(object)), None) => {
                    if object.len() > 0 {
                        return Err("Expected another key-value pair");
                    }
                    self.next = Some(Value::Object(object));
                }
                _ => return Err("Unmatched '}'"),
            },
        }
        Ok(())
    }

    /// A word outside strings has ended.
    fn literal(&mut self) -> Result<(), &'static str> {
        if self.token.is_empty() {
            return Ok(());
        }
        let value = match (self.token.first(), &self.token[..]) {
            (_, b"true") => Some(Value::Bool(true)),
            (_, b"false") => Some(Value::Bool(false)),
            (_, b"null") => Some(Value::Null),
            (Some(b'n'), token) if token.starts_with(b"nan") => special(token),
            (Some(b't' | b'f' | b'n'), _) => return Err("Invalid literal"),
            (_, token) => number::read(token).or_else(|| special(token)),
        };
        let value = value.ok_or("Invalid numeric literal")?;
        self.token.clear();
        self.value(value)
    }

    /// Goes on in a string; true at its end.
    fn string(&mut self, input: &mut &[u8]) -> Result<bool, String> {
        while !input.is_empty() {
            if self.escaped {
                self.escaped = false;
                self.take(input, 1);
                continue;
            }
            let Some(at) = memchr2(b'"', b'\\', input) else {
                self.take(input, input.len());
                return Ok(false);
            };
            if input.get(at) == Some(&b'\\') {
                self.take(input, at + 1);
                self.escaped = true;
                continue;
            }
            let piece = input.get(..at).unwrap_or_default();
            let whole = self.token.is_empty();
            self.count(piece);
            self.column += 1;
            let value = if whole {
                self.text(piece)
            } else {
                self.token.extend_from_slice(piece);
                let token = std::mem::take(&mut self.token);
                self.text(&token)
            };
            *input = input.get(at + 1..).unwrap_or_default();
            self.in_string = false;
            let value = value?;
            self.value(value)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn take(&mut self, input: &mut &[u8], count: usize) {
        let (piece, rest) = input.split_at(count.min(input.len()));
        self.count(piece);
        self.token.extend_from_slice(piece);
        *input = rest;
    }

    fn count(&mut self, piece: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', piece).count();
        if lines == 0 {
            self.column += piece.len();
        } else {
            self.line += lines;
            let last = memchr::memrchr(b'\n', piece).unwrap_or(0);
            self.column = piece.len() - last - 1;
        }
    }

    fn text(&mut self, raw: &[u8]) -> Result<Value, String> {
        const CONTROL: &str =
            "Invalid string: control characters from U+0000 through U+001F must be escaped";
        if raw.iter().any(|byte| *byte < 0x20) {
            return Err(CONTROL.into());
        }
        let unescaped;
        let bytes = if memchr::memchr(b'\\', raw).is_some() {
            unescaped = unescape(raw)?;
            &unescaped[..]
        } else {
            raw
        };
        let text = String::from_utf8_lossy(bytes);
        let is_key = matches!(self.stack.last(), Some(Open::Object(_)));
        if is_key && text.len() <= 64 {
            return Ok(Value::String(self.keys.share(&text)));
        }
        Ok(Value::String(text.into_owned().into()))
    }
}

/// NaN and the infinities, as `strtod` reads them.
fn special(token: &[u8]) -> Option<Value> {
    let (sign, word) = match token {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        rest => (1.0, rest),
    };
    let word = word.to_ascii_lowercase();
    if word == b"infinity" || word == b"inf" {
        return Some(Value::Number(sign * f64::INFINITY));
    }
    let payload = word.strip_prefix(b"nan")?;
    payload.iter().all(u8::is_ascii_digit).then_some(Value::Number(f64::NAN))
}

/// Replaces the escapes of a JSON string.
pub(super) fn unescape(raw: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let letter = tail.get(1).copied();
        rest = tail.get(2..).unwrap_or_default();
        let byte = match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => letter,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let letter = unicode(&mut rest)?;
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return Err("Invalid escape".into()),
        };
        out.push(byte);
    }
    out.extend_from_slice(rest);
    Ok(out)
}

fn unicode(rest: &mut &[u8]) -> Result<char, String> {
    let Some(code) = hex(rest) else { return Err("Invalid \\uXXXX escape".into()) };
    *rest = rest.get(4..).unwrap_or_default();
    if !(0xd800..0xdc00).contains(&code) {
        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let low = rest.strip_prefix(b"\\u").and_then(hex);
    let Some(low) = low.filter(|low| (0xdc00..0xe000).contains(low)) else {
        return Err("Invalid \\uXXXX\\uXXXX surrogate pair escape".into());
    };
    *rest = rest.get(6..).unwrap_or_default();
    let code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex(rest: &[u8]) -> Option<u32> {
    let digits = rest.get(..4)?;
    digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}

/// Reads a text that holds exactly one value.
///
/// # Errors
/// As [`Reader::feed`], with the text, as `fromjson` words it.
pub(super) fn read_one(text: &str) -> Result<Value, String> {
    let mut reader = Reader::new();
    let within = |error: String| format!("{error} (while parsing '{text}')");
    let mut input = text.as_bytes();
    let mut found = None;
    loop {
        let value = match reader.feed(&mut input).map_err(within)? {
            Some(value) => value,
            None => match reader.finish().map_err(within)? {
                Some(value) => value,
                None => break,
            },
        };
        if found.is_some() {
            return Err(within("Unexpected extra JSON values".into()));
        }
        found = Some(value);
    }
    found.ok_or_else(|| within("Expected JSON value".into()))
}
