//! `sub`, `gsub` and `gensub`.

use std::ops::Range;

use bstr::ByteSlice;
use bytes::Bytes;

use super::super::ast::Expr;
use super::super::value::Value;
use super::{Done, Machine, Regex};

/// Which matches are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Counted from 1.
    Number(u64),
}

type Groups = [Option<Range<usize>>];

impl<'p> Machine<'p, '_, '_, '_, '_> {
    pub(super) fn sub(&mut self, args: &'p [Expr], all: bool) -> Done<Value> {
        let [pattern, replacement, rest @ ..] = args else { return Ok(Value::Uninit) };
        let regex = self.pattern(pattern)?;
        let replacement = self.text(replacement)?;
        let subject = match rest.first() {
            Some(target) => self.text(target)?,
            None => self.whole_record(),
        };
        let which = if all { Which::All } else { Which::Number(1) };
        let simple = !replacement.contains(&b'\\') && !replacement.contains(&b'&');
        let (text, count) = replace(&regex, &subject, which, false, |text, groups, out| {
            if simple {
                out.extend_from_slice(&replacement);
            } else {
                expand(&replacement, text, groups, false, out);
            }
        });
        if count > 0 {
            let value = Value::Text(text.into());
            match rest.first() {
                Some(Expr::Constant(_)) => {}
                Some(
                    target @ (Expr::Var(_) | Expr::Field(_) | Expr::Element(..) | Expr::Group(_)),
                ) => {
                    self.set(target, value)?;
                }
                Some(_) => {}
                None => self.set_record(value.text(b"")),
            }
        }
        Ok(Value::Number(count as f64))
    }

    pub(super) fn gensub(&mut self, args: &'p [Expr]) -> Done<Value> {
        let [pattern, replacement, how, rest @ ..] = args else { return Ok(Value::Uninit) };
        let regex = self.pattern(pattern)?;
        let replacement = self.text(replacement)?;
        let how = self.eval(how)?;
        let which = match how.text(b"%d").first() {
            Some(b'g' | b'G') => Which::All,
            _ if how.number() < 1.0 => {
                let shown = how.text(&self.convfmt);
                let shown = shown.as_bstr();
                self.ctx.complain(format!(
                    "cmd. line:1: warning: gensub: third argument `{shown}' treated as 1"
                ))?;
                Which::Number(1)
            }
            _ => Which::Number(how.number() as u64),
        };
        let subject: Bytes = match rest.first() {
            Some(target) => self.text(target)?,
            None => self.whole_record(),
        };
        let (text, _) = replace(&regex, &subject, which, true, |text, groups, out| {
            expand(&replacement, text, groups, true, out);
        });
        Ok(text.into())
    }
}

/// The text with matches replaced, and how many were.
fn replace(
    regex: &Regex,
    text: &[u8],
    which: Which,
    groups: bool,
    mut with: impl FnMut(&[u8], &Groups, &mut Vec<u8>),
) -> (Vec<u8>, u64) {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    let mut from = 0;
    let mut seen = 0;
    let mut count = 0;
    // An empty match right behind another match is none.
    let mut last_end = None;
    while from <= text.len() {
        let found = match groups {
            true => regex.captures_at(text, from),
            false => regex.find_at(text, from).map(|whole| vec![Some(whole)]),
        };
        let Some(found) = found else { break };
        let Some(whole) = found.first().cloned().flatten() else { break };
        if whole.is_empty() && last_end == Some(whole.start) {
            from = next_character(text, whole.end);
            continue;
        }
        seen += 1;
        last_end = Some(whole.end);
        if which == Which::All || which == Which::Number(seen) {
            out.extend_from_slice(text.get(copied..whole.start).unwrap_or_default());
            with(text, &found, &mut out);
            copied = whole.end;
            count += 1;
            if which != Which::All {
                break;
            }
        }
        from = if whole.is_empty() { next_character(text, whole.end) } else { whole.end };
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    (out, count)
}

fn next_character(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.char_indices().next().map_or(1, |(_, end, _)| end)
}

/// `&` is the match, `\&` an ampersand, `\\` a backslash; `gensub` knows `\0` to `\9` too.
fn expand(replacement: &[u8], text: &[u8], groups: &Groups, numbered: bool, out: &mut Vec<u8>) {
    let group = |number: usize, out: &mut Vec<u8>| {
        if let Some(Some(span)) = groups.get(number) {
            out.extend_from_slice(text.get(span.clone()).unwrap_or_default());
        }
    };
    let mut rest = replacement;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'\\' && !numbered {
            // Before an ampersand two backslashes are one, and an odd one takes its meaning.
            let run = 1 + tail.iter().take_while(|byte| **byte == b'\\').count();
            let after = tail.get(run - 1..).unwrap_or_default();
            let ampersand = after.first() == Some(&b'&');
            out.resize(out.len() + if ampersand { run / 2 } else { run }, b'\\');
            rest = after;
            if ampersand && run % 2 == 1 {
                out.push(b'&');
                rest = after.get(1..).unwrap_or_default();
            }
            continue;
        }
        match (byte, tail.first()) {
            (b'&', _) => group(0, out),
            (b'\\', Some(b'&')) => {
                out.push(b'&');
                rest = tail.get(1..).unwrap_or_default();
            }
            (b'\\', Some(b'\\')) => {
                out.push(b'\\');
                rest = tail.get(1..).unwrap_or_default();
            }
            (b'\\', Some(digit @ b'0'..=b'9')) if numbered => {
                group(usize::from(digit - b'0'), out);
                rest = tail.get(1..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
}
