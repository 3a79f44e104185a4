//! Values as YAML documents in block style, quoted as PyYAML quotes.

use super::super::print::compact;
use super::super::value::Value;
use super::yaml_read::resolve;

/// Adds a document. `indented` lists stand two blanks further in than the key before them.
pub(super) fn write(value: &Value, indented: bool, out: &mut String) {
    let writer = Writer { indented };
    match value {
        Value::Array(array) if array.len() > 0 => writer.array(array.as_slice(), 0, out),
        Value::Object(object) if object.len() > 0 => writer.block(value, 0, out),
        flat => {
            let text = scalar(flat, 0);
            out.push_str(&text);
            out.push('\n');
            // What ends a plain scalar that is a document of its own.
            if !text.starts_with(['\'', '"', '[', '{']) {
                out.push_str("...\n");
            }
        }
    }
}

struct Writer {
    indented: bool,
}

/// What is nested deeper prints as a remark, as in JSON.
const DEPTH_MAX: usize = 256;

impl Writer {
    fn array(&self, items: &[Value], indent: usize, out: &mut String) {
        for item in items {
            out.push_str(&" ".repeat(indent));
            out.push_str("- ");
            match item {
                _ if indent > DEPTH_MAX * 2 => out.push_str("'<skipped: too deep>'\n"),
                Value::Array(inner) if inner.len() > 0 => {
                    let mut text = String::new();
                    self.array(inner.as_slice(), indent + 2, &mut text);
                    out.push_str(text.get(indent + 2..).unwrap_or_default());
                }
                Value::Object(inner) if inner.len() > 0 => {
                    let mut text = String::new();
                    self.block(item, indent + 2, &mut text);
                    out.push_str(text.get(indent + 2..).unwrap_or_default());
                }
                flat => {
                    out.push_str(&scalar(flat, indent + 2));
                    out.push('\n');
                }
            }
        }
    }

    fn block(&self, value: &Value, indent: usize, out: &mut String) {
        let Value::Object(object) = value else { return };
        for (key, value) in object.iter() {
            out.push_str(&" ".repeat(indent));
            out.push_str(&string(key.as_str(), indent + 2));
            out.push(':');
            match value {
                _ if indent > DEPTH_MAX * 2 => out.push_str(" '<skipped: too deep>'\n"),
                Value::Array(items) if items.len() > 0 => {
                    out.push('\n');
                    self.array(items.as_slice(), indent + if self.indented { 2 } else { 0 }, out);
                }
                Value::Object(inner) if inner.len() > 0 => {
                    out.push('\n');
                    self.block(value, indent + 2, out);
                }
                flat => {
                    out.push(' ');
                    out.push_str(&scalar(flat, indent + 2));
                    out.push('\n');
                }
            }
        }
    }
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) => string(text.as_str(), indent),
        Value::Array(_) => "[]".into(),
        Value::Object(_) => "{}".into(),
        Value::Number(number) if number.is_nan() => ".nan".into(),
        Value::Number(number) if number.is_infinite() => {
            if *number < 0.0 {
                "-.inf".into()
            } else {
                ".inf".into()
            }
        }
        Value::Null | Value::Bool(_) => compact(value),
        other => {
            let text = compact(other);
            // YAML 1.1 wants a point before an exponent.
            match text.split_once('e') {
                Some((digits, exponent)) if !digits.contains('.') => {
                    format!("{digits}.0e{exponent}")
                }
                _ => text,
            }
        }
    }
}

fn string(text: &str, indent: usize) -> String {
    let printable = |letter: char| {
        matches!(letter, '\n' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
            && letter != '\u{feff}'
    };
    let broken = text.contains(" \n") || text.contains("\n ");
    if !text.chars().all(printable) || broken {
        return doubled(text);
    }
    if plain(text) {
        return text.to_owned();
    }
    let quoted = text.replace('\'', "''");
    let mut out = String::from("'");
    let mut rest = quoted.as_str();
    while let Some(at) = rest.find('\n') {
        let (line, after) = rest.split_at(at);
        let next = after.trim_start_matches('\n');
        out.push_str(line);
        // One newline more than there are: a single one would be read as a blank.
        out.push_str(&"\n".repeat(after.len() - next.len() + 1));
        out.push_str(&" ".repeat(indent.max(2)));
        rest = next;
    }
    out.push_str(rest);
    out.push('\'');
    out
}

/// Whether a string can stand without quotes and is still read as that string.
fn plain(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') || text.starts_with(' ') || text.ends_with(' ') {
        return false;
    }
    let dated = text.len() >= 8
        && text.as_bytes().get(4) == Some(&b'-')
        && text.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
    let lower = text.to_ascii_lowercase();
    let word = matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "=" | "<<");
    let numeric = text
        .starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
        && text.chars().all(|letter| {
            letter.is_ascii_digit() || matches!(letter, '_' | ':' | '.' | '+' | '-' | 'e' | 'E')
        })
        && text.contains(|letter: char| letter.is_ascii_digit());
    if dated || word || numeric || resolve(text).text().is_none() || lower.starts_with("0b") {
        return false;
    }
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let mut letters = text.chars();
    let first = letters.next().unwrap_or(' ');
    let second = letters.next().unwrap_or(' ');
    if "#,[]{}&*!|>'\"%@`".contains(first) || ("?:-".contains(first) && second == ' ') {
        return false;
    }
    !text.contains(": ") && !text.contains(" #") && !text.ends_with(':')
}

fn doubled(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{1b}' => out.push_str("\\e"),
            letter if (letter as u32) < 0x20 || letter as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02X}", letter as u32));
            }
            '\u{feff}' => out.push_str("\\uFEFF"),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
