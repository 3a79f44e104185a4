//! What `complete` was told, for a line that is being typed (bash manual, 8.6).

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::ByteSlice;
use mesafs::{OpenOptions, VPath};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::stream::FileStream;

use super::CompletionSpec;
use crate::eval::Eval;
use crate::state::{Fd, IndexedArray, Str, names};

/// Where words end for completion, beside blanks, if `COMP_WORDBREAKS` does not say.
const BREAKS: &[u8] = b"\"'><=;|&(:";
/// A function may load another specification and ask to begin again, so often.
const TRIES_MAX: usize = 5;
/// The status with which it asks.
const AGAIN: u8 = 124;
/// What `COMP_KEY` and `COMP_TYPE` say: Tab.
const TAB: &str = "9";

/// The completion that runs.
#[derive(Debug, Clone)]
pub struct Completing {
    command: Str,
    previous: Str,
    /// As `compopt` changes them.
    pub(super) options: BTreeSet<&'static str>,
    /// What the function returned.
    pub(super) status: u8,
}

impl Completing {
    /// What a function is called with, for `word`.
    pub(super) fn arguments(&self, word: &Str) -> Vec<Str> {
        vec![self.command.clone(), word.clone(), self.previous.clone()]
    }
}

/// What a script offers for a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    pub words: Vec<String>,
    /// The word that they stand for: so many bytes at the end of the line.
    pub word_len: usize,
    /// The quote that the word begins with.
    pub quote: Option<char>,
    /// They are names of files, to be quoted.
    pub filenames: bool,
    pub noquote: bool,
    pub nospace: bool,
}

impl Eval {
    /// What was specified for the command that `text` begins with; `None` if nothing was, or it leaves the word
    /// to the shell. `cancel` ends it. The functions that it runs write to nowhere.
    pub fn offered(&mut self, text: &str, cancel: &Cancel) -> Option<Offered> {
        if self.rt.completions.is_empty() {
            return None;
        }
        let breaks = self.shell.scalar(names::COMP_WORDBREAKS);
        let breaks = breaks.as_deref().map_or(BREAKS, |text| text);
        let words = split(text.as_bytes(), breaks);
        let null = VPath::new("/dev/null")
            .and_then(|path| self.shell.fs().open(&path, &OpenOptions::writing(0o666)));
        let sink = Fd::both(Arc::new(FileStream(null.ok()?)));
        let kept = [1, 2].map(|fd| self.shell.fds.set(fd, Some(sink.clone())));
        let status = self.shell.status;
        let outer = std::mem::replace(&mut self.shell.cancel, cancel.clone());
        let offered = self.run_specified(text, &words);
        self.shell.cancel = outer;
        self.shell.status = status;
        self.rt.completing = None;
        self.rt.pending_unwind = None;
        for (fd, kept) in [1, 2].into_iter().zip(kept) {
            self.shell.fds.set(fd, kept);
        }
        offered
    }

    fn run_specified(&mut self, text: &str, words: &[&[u8]]) -> Option<Offered> {
        let (&last, before) = words.split_last()?;
        let command = before.first()?;
        let word = last.to_str().ok()?;
        let quote = word.chars().next().filter(|letter| matches!(letter, '\'' | '"'));
        let bare = Str::from(word.strip_prefix(['\'', '"']).unwrap_or(word));
        let word_len = last.len();
        for _ in 0..TRIES_MAX {
            let mut spec = self.specified(command)?;
            // The shell's own completion comes instead of bash's.
            let falls_back = spec.options.remove("default") | spec.options.remove("bashdefault");
            let previous = Str::from(before.last().copied().unwrap_or_default());
            let (command, options) = (Str::from(*command), spec.options.clone());
            self.rt.completing = Some(Completing { command, previous, options, status: 0 });
            self.describe(text, words).ok()?;
            let found = self.completions_of(&spec, &bare).ok()?;
            let done = self.rt.completing.take()?;
            if done.status == AGAIN {
                continue;
            }
            let has = |name: &str| done.options.contains(name);
            if found.is_empty() && (falls_back || has("default") || has("bashdefault")) {
                return None;
            }
            let paths = ["file", "directory"].iter().any(|name| spec.actions.contains(name));
            let mut words: Vec<String> =
                found.into_iter().filter_map(|word| String::from_utf8(word).ok()).collect();
            if !has("nosort") {
                words.sort();
                words.dedup();
            }
            return Some(Offered {
                words,
                word_len,
                quote,
                filenames: paths || has("filenames") || has("dirnames") || has("plusdirs"),
                noquote: has("noquote"),
                nospace: has("nospace"),
            });
        }
        None
    }

    /// The specification of a command, by its whole name, by the last part of it, or the default one.
    fn specified(&self, command: &[u8]) -> Option<CompletionSpec> {
        let last = command.rsplit_str("/").next().unwrap_or(command);
        let find = |name: &[u8]| {
            let known = self.rt.completions.iter().find(|(known, _)| known.as_bytes() == name);
            known.map(|(_, spec)| spec.clone())
        };
        find(command).or_else(|| find(last)).or_else(|| find(b"-D"))
    }

    /// Sets the variables that a function looks at.
    fn describe(&mut self, text: &str, words: &[&[u8]]) -> Result<(), crate::eval::Unwind> {
        let point = text.len().to_string();
        let index = words.len().saturating_sub(1).to_string();
        let scalars = [
            (names::COMP_LINE, text),
            (names::COMP_POINT, &point),
            (names::COMP_TYPE, TAB),
            (names::COMP_KEY, TAB),
            (names::COMP_CWORD, &index),
        ];
        for (name, value) in scalars {
            self.set_simple(name, Str::from(value))?;
        }
        let array: IndexedArray = words.iter().map(|word| Str::from(*word)).collect();
        let set = self.shell.set_array(names::COMP_WORDS, array);
        self.checked(set)
    }
}

/// The words of a command as `COMP_WORDS` has them: quoted as typed, and what breaks words is one of its
/// own.
fn split<'t>(text: &'t [u8], breaks: &[u8]) -> Vec<&'t [u8]> {
    let is_break =
        |byte: u8| breaks.contains(&byte) && !byte.is_ascii_whitespace() && !b"'\"".contains(&byte);
    let (mut words, mut start, mut at, mut quote) = (Vec::new(), 0, 0, None);
    while let Some(&byte) = text.get(at) {
        match (byte, quote) {
            (b'\\', None | Some(b'"')) => at += 1,
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'\'' | b'"', None) => quote = Some(byte),
            (byte, None) if byte.is_ascii_whitespace() || is_break(byte) => {
                if start < at {
                    words.push(text.get(start..at).unwrap_or_default());
                }
                start = at + 1;
                if is_break(byte) {
                    while text.get(start).is_some_and(|&next| is_break(next)) {
                        start += 1;
                    }
                    words.push(text.get(at..start).unwrap_or_default());
                    at = start - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    // The cursor stands behind a break, not in it.
    words.push(text.get(start..).unwrap_or_default());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_completion_functions_expect_them() {
        let of = |text: &str| {
            let words = split(text.as_bytes(), BREAKS);
            words.iter().map(|word| word.to_str_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("git add a\\ b 'c d"), ["git", "add", "a\\ b", "'c d"]);
        assert_eq!(of("x --a=b:c"), ["x", "--a", "=", "b", ":", "c"]);
        assert_eq!(of("x --a="), ["x", "--a", "=", ""]);
        assert_eq!(of("x "), ["x", ""]);
    }
}
