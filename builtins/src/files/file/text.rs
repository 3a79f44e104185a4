//! Text: its encoding, its line ends, and what kind of text it is.

use bstr::ByteSlice;

use super::Kind;

/// Lines longer than this are told of.
const LONG_BYTES: usize = 300;

/// The encoding: in words, and as MIME has it.
fn encoding(head: &[u8]) -> Option<(&'static str, &'static str)> {
    // Control characters that stand in text: BEL, BS, TAB, LF, FF, CR, ESC and NEL.
    let plain = |byte: u8| matches!(byte, 7..=10 | 12 | 13 | 27 | 32..=126 | 133);
    if head.iter().all(|&byte| plain(byte) && byte < 128) {
        return Some(("ASCII", "us-ascii"));
    }
    if head.starts_with(b"\xff\xfe") && head.len().is_multiple_of(2) {
        return Some(("Unicode text, UTF-16, little-endian", "utf-16le"));
    }
    if head.starts_with(b"\xfe\xff") && head.len().is_multiple_of(2) {
        return Some(("Unicode text, UTF-16, big-endian", "utf-16be"));
    }
    if head.iter().any(|&byte| byte < 128 && !plain(byte)) {
        return None;
    }
    // The last character may be cut where the reading stopped.
    let valid = match head.to_str() {
        Ok(_) => true,
        Err(error) => {
            error.error_len().is_none() && error.valid_up_to() + 4 > head.len() && head.len() > 4
        }
    };
    if valid {
        return Some(match head.starts_with(b"\xef\xbb\xbf") {
            true => ("Unicode text, UTF-8 (with BOM)", "utf-8"),
            false => ("Unicode text, UTF-8", "utf-8"),
        });
    }
    Some(match head.iter().all(|&byte| plain(byte) || byte >= 160) {
        true => ("ISO-8859", "iso-8859-1"),
        false => ("Non-ISO extended-ASCII", "unknown-8bit"),
    })
}

/// The encoding as MIME has it, for a format that may be text as well.
pub(super) fn charset(head: &[u8]) -> &'static str {
    encoding(head).map_or("binary", |(_, charset)| charset)
}

pub(super) fn describe(head: &[u8]) -> Kind {
    let Some((words, charset)) = encoding(head) else {
        return Kind::new("data", "application/octet-stream", "binary");
    };
    if charset.starts_with("utf-16") {
        return Kind::new(format!("{words} text"), "text/plain", charset);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match sort(text) {
        Sort::Whole(text, mime) => Kind::new(text, mime, charset),
        Sort::Kind(kind, mime, executable) => {
            let lead = if kind.is_empty() { kind } else { format!("{kind}, ") };
            let tail = if executable { " executable" } else { "" };
            let text = format!("{lead}{words} text{tail}{}", endings(head));
            Kind::new(text, mime, charset)
        }
    }
}

/// `, with CRLF line terminators` and what else is worth telling.
fn endings(head: &[u8]) -> String {
    let mut text = String::new();
    let (mut crlf, mut cr, mut lf, mut nel) = (0, 0, 0, 0);
    let (mut long, mut start) = (0, 0);
    for (at, &byte) in head.iter().enumerate() {
        match byte {
            b'\n' => {
                if at > 0 && head.get(at - 1) == Some(&b'\r') {
                    crlf += 1;
                    cr -= 1;
                } else {
                    lf += 1;
                }
            }
            b'\r' => cr += 1,
            0x85 if !head.is_ascii() && head.to_str().is_err() => nel += 1,
            _ => continue,
        }
        long = long.max(at - start);
        start = at + 1;
    }
    long = long.max(head.len() - start);
    if long > LONG_BYTES {
        text.push_str(&format!(", with very long lines ({long})"));
    }
    if crlf + cr + lf + nel == 0 {
        text.push_str(", with no line terminators");
    } else if crlf + cr + nel > 0 {
        let kinds = [("CRLF", crlf), ("CR", cr), ("LF", lf), ("NEL", nel)];
        let names: Vec<_> = kinds.iter().filter(|(_, n)| *n > 0).map(|(name, _)| *name).collect();
        text.push_str(&format!(", with {} line terminators", names.join(", ")));
    }
    if head.contains(&27) {
        text.push_str(", with escape sequences");
    }
    if head.contains(&8) {
        text.push_str(", with overstriking");
    }
    text
}

enum Sort {
    /// The words are all that is said.
    Whole(String, &'static str),
    /// The kind goes before the encoding; whether it can be run.
    Kind(String, &'static str, bool),
}

fn kind(text: &str, mime: &'static str) -> Sort {
    Sort::Kind(text.to_owned(), mime, false)
}

fn sort(text: &[u8]) -> Sort {
    if let Some(rest) = text.strip_prefix(b"#!") {
        return script(rest);
    }
    let trimmed = text.trim_ascii();
    if matches!(trimmed.first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde_json::Value>(trimmed).is_ok()
    {
        return Sort::Whole("JSON text data".to_owned(), "application/json");
    }
    let whole: &[(&[u8], &str, &'static str)] = &[
        (b"-----BEGIN CERTIFICATE-----", "PEM certificate", "text/plain"),
        (b"-----BEGIN CERTIFICATE REQ", "PEM certificate request", "text/plain"),
        (b"-----BEGIN RSA PRIVATE", "PEM RSA private key", "text/plain"),
        (b"-----BEGIN DSA PRIVATE", "PEM DSA private key", "text/plain"),
        (b"-----BEGIN EC PRIVATE", "PEM EC private key", "text/plain"),
        (b"-----BEGIN OPENSSH PRIVATE KEY", "OpenSSH private key", "text/plain"),
        (b"-----BEGIN PGP PUBLIC KEY", "PGP public key block", "application/pgp-keys"),
        (b"ssh-rsa ", "OpenSSH RSA public key", "text/plain"),
        (b"ssh-ed25519 ", "OpenSSH ED25519 public key", "text/plain"),
    ];
    if let Some((_, words, mime)) = whole.iter().find(|(lead, ..)| text.starts_with(lead)) {
        return Sort::Whole((*words).to_owned(), mime);
    }
    if let Some(rest) = text.strip_prefix(b"%!PS-Adobe-") {
        let level =
            rest.split(|byte| !byte.is_ascii_digit() && *byte != b'.').next().unwrap_or_default();
        let words = format!("PostScript document text conforming DSC level {}", level.as_bstr());
        return Sort::Whole(words, "application/postscript");
    }
    let lower = text.get(..1024).unwrap_or(text).trim_ascii_start().to_ascii_lowercase();
    if lower.starts_with(b"<?xml version=\"1.0\"") || lower.starts_with(b"<?xml version='1.0'") {
        return match lower.find(b"<svg").is_some() {
            true => Sort::Whole("SVG Scalable Vector Graphics image".to_owned(), "image/svg+xml"),
            false => kind("XML 1.0 document", "text/xml"),
        };
    }
    if lower.starts_with(b"<svg") {
        return Sort::Whole("SVG Scalable Vector Graphics image".to_owned(), "image/svg+xml");
    }
    if lower.starts_with(b"<!doctype html")
        || lower.starts_with(b"<html")
        || lower.starts_with(b"<head")
    {
        return kind("HTML document", "text/html");
    }
    let lines: Vec<&[u8]> = text.lines().take(100).collect();
    let starts = |lead: &[u8]| lines.iter().any(|line| line.starts_with(lead));
    let first = |lead: &[u8]| text.starts_with(lead);
    if first(b"diff ") || (first(b"--- ") && starts(b"+++ ") && starts(b"@@ ")) {
        return kind("unified diff output", "text/x-diff");
    }
    if first(b"*** ") && starts(b"--- ") && starts(b"***************") {
        return kind("context diff output", "text/x-diff");
    }
    if starts(b"\\documentclass") {
        return kind("LaTeX 2e document", "text/x-tex");
    }
    if first(b"From: ") || first(b"Return-Path:") || first(b"Received:") {
        let words = if first(b"From: ") { "news or mail" } else { "SMTP mail" };
        return kind(words, "message/rfc822");
    }
    if lines.iter().any(|line| line.starts_with(b"#include")) {
        return match starts(b"class ")
            || starts(b"template")
            || starts(b"namespace ")
            || starts(b"using namespace")
        {
            true => kind("C++ source", "text/x-c++"),
            false => kind("C source", "text/x-c"),
        };
    }
    if starts(b"import java") || starts(b"package ") && starts(b"public class ") {
        return kind("Java source", "text/x-java");
    }
    let python = |line: &&[u8]| {
        let def =
            line.strip_prefix(b"def ").is_some_and(|rest| rest.trim_ascii_end().ends_with(b":"));
        let from = line.starts_with(b"from ") && line.find(b" import ").is_some();
        def || from
    };
    if lines.iter().any(python) || (starts(b"import ") && starts(b"class ")) {
        return Sort::Kind("Python script".to_owned(), "text/x-script.python", true);
    }
    if is_table(&lines) {
        return Sort::Whole("CSV text".to_owned(), "text/csv");
    }
    Sort::Kind(String::new(), "text/plain", false)
}

/// Several lines with the same number of fields, more than one.
fn is_table(lines: &[&[u8]]) -> bool {
    let fields = |line: &&[u8]| {
        let mut quoted = false;
        line.iter()
            .filter(|&&byte| {
                quoted ^= byte == b'"';
                byte == b',' && !quoted
            })
            .count()
    };
    let Some(count) = lines.first().map(fields).filter(|count| *count > 0) else { return false };
    lines.len() > 1 && lines.iter().take(10).all(|line| fields(line) == count)
}

/// What stands behind `#!`.
fn script(rest: &[u8]) -> Sort {
    let line = rest.lines().next().unwrap_or_default().trim_ascii();
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let path = words.next().unwrap_or_default();
    let base = |path: &'_ [u8]| path.rsplit(|&byte| byte == b'/').next().unwrap_or(path).to_vec();
    let by_env = base(path) == b"env";
    let name = if by_env {
        words.find(|word| !word.starts_with(b"-")).map(base)
    } else {
        Some(base(path))
    };
    let name = name.unwrap_or_default();
    let stem = name.trim_end_with(|letter| letter.is_ascii_digit() || letter == '.');
    let known: Option<(&str, &'static str)> = match stem {
        b"sh" => Some(("POSIX shell script", "text/x-shellscript")),
        b"bash" => Some(("Bourne-Again shell script", "text/x-shellscript")),
        b"ksh" => Some(("Korn shell script", "text/x-shellscript")),
        b"zsh" => Some(("Paul Falstad's zsh script", "text/x-shellscript")),
        b"csh" => Some(("C shell script", "text/x-shellscript")),
        b"tcsh" => Some(("Tenex C shell script", "text/x-shellscript")),
        b"python" => Some(("Python script", "text/x-script.python")),
        b"ruby" => Some(("Ruby script", "text/x-ruby")),
        b"php" => Some(("PHP script", "text/x-php")),
        b"lua" => Some(("Lua script", "text/x-lua")),
        b"awk" => Some(("awk script", "text/x-awk")),
        b"gawk" => Some(("GNU awk script", "text/x-gawk")),
        _ => None,
    };
    match (known, stem) {
        (Some((words, mime)), _) => Sort::Kind(words.to_owned(), mime, true),
        (None, b"perl") => Sort::Whole("Perl script text executable".to_owned(), "text/x-perl"),
        (None, b"node" | b"nodejs") => {
            Sort::Kind("Node.js script executable".to_owned(), "application/javascript", false)
        }
        (None, _) => {
            let shown =
                if by_env { name.as_bstr().to_string() } else { line.as_bstr().to_string() };
            Sort::Kind(format!("a {shown} script"), "text/plain", true)
        }
    }
}
