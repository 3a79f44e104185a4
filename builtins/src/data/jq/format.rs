//! `@csv`, `@sh` and their like.

use super::error::{Error, fail_for};
use super::print::{compact, json};
use super::runtime::Runtime;
use super::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
    Csv,
    Tsv,
    Html,
    Uri,
    UriDecode,
    Sh,
    Base64,
    Base64Decode,
    Base32,
    Base32Decode,
}

impl Format {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "json" => Self::Json,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "html" => Self::Html,
            "uri" => Self::Uri,
            "urid" => Self::UriDecode,
            "sh" => Self::Sh,
            "base64" => Self::Base64,
            "base64d" => Self::Base64Decode,
            "base32" => Self::Base32,
            "base32d" => Self::Base32Decode,
            _ => return None,
        })
    }

    pub fn apply(self, value: &Value, runtime: &mut Runtime<'_>) -> Result<String, Error> {
        match self {
            Self::Json => json(value, runtime),
            Self::Csv => row(value, "csv", ",", csv_text),
            Self::Tsv => row(value, "tsv", "\t", tsv_text),
            Self::Sh => shell(value),
            _ => {
                let text = match value {
                    Value::String(text) => text.as_str().to_owned(),
                    value => json(value, runtime)?,
                };
                match self {
                    Self::Html => Ok(html(&text)),
                    Self::Uri => Ok(uri(&text)),
                    Self::UriDecode => uri_decode(&text)
                        .map_or_else(|| fail_for(value, "is not a valid uri encoding"), Ok),
                    Self::Base64 => Ok(base64(text.as_bytes())),
                    Self::Base64Decode => base64_decode(&text).or_else(|why| fail_for(value, why)),
                    Self::Base32 => Ok(base32(text.as_bytes())),
                    Self::Base32Decode => match base32_decode(&text) {
                        Some(text) => Ok(text),
                        None => fail_for(value, "is not valid base32 data"),
                    },
                    _ => Ok(text),
                }
            }
        }
    }
}

/// A scalar as `tostring` gives it: strings as they are.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        value => compact(value),
    }
}

fn row(
    value: &Value,
    name: &str,
    separator: &str,
    quote: fn(&str) -> String,
) -> Result<String, Error> {
    let Value::Array(items) = value else {
        return fail_for(value, &format!("cannot be {name}-formatted, only array"));
    };
    let mut out = String::new();
    for (at, item) in items.as_slice().iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Null => {}
            Value::Bool(_) => out.push_str(&compact(item)),
            Value::Number(number) if number.is_nan() => {}
            Value::Number(_) | Value::Literal(_) => out.push_str(&compact(item)),
            Value::String(text) => out.push_str(&quote(text.as_str())),
            _ => return fail_for(item, "is not valid in a csv row"),
        }
    }
    Ok(out)
}

fn csv_text(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn tsv_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            letter => out.push(letter),
        }
    }
    out
}

fn shell(value: &Value) -> Result<String, Error> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::Array(_) | Value::Object(_) => {
                return fail_for(item, "can not be escaped for shell");
            }
            Value::String(text) => {
                words.push(format!("'{}'", text.as_str().replace('\'', "'\\''")))
            }
            item => words.push(compact(item)),
        }
    }
    Ok(words.join(" "))
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

fn uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn uri_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail.get(2..)?;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base64(bytes: &[u8]) -> String {
    encode(bytes, BASE64, 3, 6)
}

fn base32(bytes: &[u8]) -> String {
    encode(bytes, BASE32, 5, 5)
}

/// Groups of `group` bytes become digits of `bits` bits, filled up with `=`.
fn encode(bytes: &[u8], digits: &[u8], group: usize, bits: usize) -> String {
    let width = group * 8 / bits;
    let mut out = String::with_capacity(bytes.len().div_ceil(group) * width);
    for chunk in bytes.chunks(group) {
        let word = chunk.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        let word = word << (8 * (group - chunk.len()));
        let used = (chunk.len() * 8).div_ceil(bits);
        for at in 0..width {
            let shift = bits * (width - 1 - at);
            let digit = (word >> shift) as usize & ((1 << bits) - 1);
            let letter = digits.get(digit).copied().unwrap_or(b'=');
            out.push(if at < used { char::from(letter) } else { '=' });
        }
    }
    out
}

fn base64_decode(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('=');
    let valid = text.bytes().all(|letter| BASE64.contains(&letter));
    if valid && text.len() % 4 == 1 {
        return Err("trailing base64 byte found");
    }
    let bytes = decode(text, BASE64, 6).ok_or("is not valid base64 data")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn base32_decode(text: &str) -> Option<String> {
    let bytes = decode(text.trim_end_matches('='), BASE32, 5)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn decode(text: &str, digits: &[u8], bits: u32) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut word, mut held) = (0u32, 0);
    for letter in text.bytes() {
        let digit = digits.iter().position(|known| *known == letter)?;
        word = word << bits | u32::try_from(digit).ok()?;
        held += bits;
        if held >= 8 {
            held -= 8;
            out.push((word >> held) as u8);
            word &= (1 << held) - 1;
        }
    }
    Some(out)
}
