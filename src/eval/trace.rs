//! `set -x`: commands as they run.

use std::sync::Arc;

use bytes::Bytes;
use mesash_builtins::core::shell_quote;
use mesash_builtins::stream::Stream;

use super::{Eval, expand};
use crate::expand::Expanded;
use crate::state::{Opt, Str, names};
use crate::syntax::ast::{
    ArithExpr, ArrayElement, AssignValue, Assignment, Case, For, Word, WordFlags, WordPart,
    WordText,
};

use shell_quote::traced as shown;

/// `'value'` or `['key']='value'`, if both are constant.
fn element_shown(element: &ArrayElement) -> Option<Vec<u8>> {
    let value = shell_quote::single(&element.value.constant()?);
    let Some(key) = &element.key else { return Some(value) };
    let key = shell_quote::single(&key.word.constant()?);
    let sign: &[u8] = if element.append { b"]+=" } else { b"]=" };
    Some([b"[", key.as_slice(), sign, &value].concat())
}

impl Eval {
    #[inline]
    pub fn wants_tracing(&self) -> bool {
        self.shell.options.has(Opt::XTrace)
    }

    fn trace_stream(&self) -> Option<Arc<dyn Stream>> {
        let chosen = self.shell.text_of(b"BASH_XTRACEFD");
        let fd = chosen.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        self.writable(fd.unwrap_or(2)).or_else(|| self.writable(2))
    }

    /// Writes a line after `PS4`, whose first character is repeated for each level.
    pub fn trace(&mut self, text: &[u8]) {
        let Some(stream) = self.trace_stream() else { return };
        let raw = self.shell.scalar(names::PS4).unwrap_or(Str::EMPTY);
        // What `PS4` runs must not be traced itself.
        self.shell.options.set(Opt::XTrace, false);
        let before = (self.shell.status, self.shell.substitutions);
        let prompt = expand::prompt(&mut self.shell, &mut self.rt, &raw).unwrap_or(raw);
        (self.shell.status, self.shell.substitutions) = before;
        self.shell.options.set(Opt::XTrace, true);
        let mut line = Vec::with_capacity(prompt.len() + text.len() + 8);
        let first = prompt.chars_head();
        for _ in 0..self.rt.trace_level {
            line.extend_from_slice(first);
        }
        line.extend_from_slice(&prompt);
        line.extend_from_slice(text);
        line.push(b'\n');
        drop(stream.write(Bytes::from(line), &self.shell.cancel));
    }

    pub fn trace_words(&mut self, words: &[Str]) {
        let shown: Vec<Vec<u8>> = words.iter().map(|word| shown(word)).collect();
        self.trace(&bstr::join(" ", shown));
    }

    /// Carries out an assignment and shows it: the value is expanded once, for both.
    pub fn assign_traced(&mut self, assignment: &Assignment) -> expand::Expanded<()> {
        let AssignValue::Scalar(word) = &assignment.value else {
            self.show_assignment(assignment, b"", false);
            return expand::assign(&mut self.shell, &mut self.rt, assignment);
        };
        let value = expand::assigned(&mut self.shell, &mut self.rt, word)?;
        let parts = [WordPart::Quoted(value.to_vec().into_boxed_slice().into())];
        let flags = WordFlags::CONST | WordFlags::QUOTED;
        let word = Word { parts: parts.into(), flags, text: WordText::default() };
        let constant = Assignment { value: AssignValue::Scalar(word), ..assignment.clone() };
        self.show_assignment(assignment, &value, false);
        expand::assign(&mut self.shell, &mut self.rt, &constant)
    }

    /// An argument of a declaration, or an assignment before a command, once it was made.
    pub fn trace_assignment(&mut self, assignment: &Assignment, value: &[u8]) {
        self.show_assignment(assignment, value, true);
    }

    fn show_assignment(&mut self, assignment: &Assignment, value: &[u8], quotes_arrays: bool) {
        let text = match &assignment.value {
            AssignValue::Array(elements) => {
                // A declaration shows what constant values come out as, a plain assignment the text.
                let shown: Option<Vec<_>> = elements.iter().map(element_shown).collect();
                match shown.filter(|_| !assignment.append && quotes_arrays) {
                    Some(list) => {
                        let name = self.shell.name(assignment.name).to_vec();
                        [name.as_slice(), b"=(", &bstr::join(" ", list), b")"].concat()
                    }
                    None => expand::text_of(&assignment.text).to_vec(),
                }
            }
            AssignValue::Scalar(_) => {
                let mut text = self.shell.name(assignment.name).to_vec();
                if let Some(subscript) = &assignment.subscript {
                    text.push(b'[');
                    text.extend_from_slice(&subscript.text);
                    text.push(b']');
                }
                text.extend_from_slice(if assignment.append { b"+=" } else { b"=" });
                if !value.is_empty() {
                    text.extend_from_slice(&shown(value));
                }
                text
            }
        };
        self.trace(&text);
    }

    pub fn trace_for(&mut self, node: &For, keyword: &str) {
        let mut text = format!("{keyword} ").into_bytes();
        text.extend_from_slice(&node.name);
        text.extend_from_slice(b" in");
        match &node.words {
            Some(words) => {
                for word in words {
                    text.push(b' ');
                    text.extend_from_slice(&expand::text_of(&word.text));
                }
            }
            None => text.extend_from_slice(b" \"$@\""),
        }
        self.trace(&text);
    }

    pub fn trace_case(&mut self, node: &Case) {
        let word = expand::text_of(&node.word.text);
        self.trace(&[b"case ", word.as_slice(), b" in"].concat());
    }

    /// The value of `((…))`, which a trace shows as it is once it is expanded.
    pub fn arith(&mut self, expr: &ArithExpr) -> Expanded<i64> {
        if !self.wants_tracing() {
            return expand::arith(&mut self.shell, &mut self.rt, expr);
        }
        let text = expand::assigned(&mut self.shell, &mut self.rt, &expr.word)?;
        self.trace(&[b"(( ", text.as_bytes(), b" ))"].concat());
        expand::arith_text(&mut self.shell, &mut self.rt, &text)
    }
}

impl Str {
    /// The bytes of the first character.
    fn chars_head(&self) -> &[u8] {
        use bstr::ByteSlice;
        let end = self.char_indices().next().map_or(0, |(_, end, _)| end);
        self.get(..end).unwrap_or_default()
    }
}
