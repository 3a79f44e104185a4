//! Completion of commands, variables and paths.

use bstr::{BString, ByteSlice};
use mesafs::{FileKind, VPath};
use rustyline::completion::Pair;

use super::scene::Scene;

/// How many candidates are worth showing.
const CANDIDATES_MAX: usize = 2_000;
/// What a word needs a backslash before.
const SPECIAL: &str = " \t\n!\"#$&'()*;<>?[\\]^`{|}~";

/// The word before the cursor.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    /// Where it begins, in bytes of the line.
    start: usize,
    /// Without its quoting.
    text: String,
    /// The quote that is open at the cursor.
    quote: Option<char>,
    /// Whether it is where a command's name stands.
    is_command: bool,
}

/// Words after which a command's name follows.
const BEFORE_COMMAND: &[&str] =
    &["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec", "command"];

fn last_word(line: &str) -> Word {
    let fresh = |start, is_command| Word { start, text: String::new(), quote: None, is_command };
    let mut word = fresh(0, true);
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        let after = at + letter.len_utf8();
        match (letter, word.quote) {
            ('\\', quote) if quote != Some('\'') => {
                if let Some((_, escaped)) = letters.next() {
                    word.text.push(escaped);
                }
            }
            (letter, Some(quote)) if letter == quote => word.quote = None,
            (letter, Some(_)) => word.text.push(letter),
            ('\'' | '"', None) => word.quote = Some(letter),
            (' ' | '\t', None) => {
                let written = line.get(word.start..at).unwrap_or_default();
                let still = written.is_empty()
                    || BEFORE_COMMAND.contains(&written)
                    || is_assignment(written);
                word = fresh(after, word.is_command && still);
            }
            ('\n' | ';' | '|' | '&' | '(' | '`', None) => word = fresh(after, true),
            ('<' | '>', None) => word = fresh(after, false),
            (letter, None) => word.text.push(letter),
        }
    }
    word
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
}

/// Where the replaced word begins, and what may stand there.
pub fn complete(scene: &Scene, line: &str) -> (usize, Vec<Pair>) {
    let word = last_word(line);
    if let Some(name) = word.text.strip_prefix('$').filter(|_| word.quote != Some('\'')) {
        let starting = scene.variables.keys().filter(|variable| variable.starts_with(name));
        let quote = word.quote.map_or(String::new(), String::from);
        let pairs = starting.map(|variable| Pair {
            display: variable.clone(),
            replacement: format!("{quote}${variable}"),
        });
        return (word.start, pairs.collect());
    }
    let mut pairs = Vec::new();
    if word.is_command && !word.text.contains('/') {
        let starting = scene.commands.keys().filter(|name| name.starts_with(&word.text));
        pairs.extend(starting.take(CANDIDATES_MAX).map(|name| Pair {
            display: name.clone(),
            replacement: format!("{} ", quoted(name, word.quote)),
        }));
    } else {
        pairs.extend(paths(scene, &word));
    }
    (word.start, pairs)
}

/// What the name of a command that is being typed goes on with.
pub fn hint(scene: &Scene, line: &str) -> Option<String> {
    let word = last_word(line);
    if !word.is_command || word.quote.is_some() || word.text.len() < 2 || word.text.contains('/') {
        return None;
    }
    let (name, _) = scene.commands.range(word.text.clone()..).next()?;
    name.strip_prefix(&word.text).filter(|rest| !rest.is_empty()).map(str::to_owned)
}

/// The entries that the word may become.
fn paths(scene: &Scene, word: &Word) -> Vec<Pair> {
    let (folder, prefix) = match word.text.rfind('/') {
        Some(at) => word.text.split_at(at + 1),
        None => ("", word.text.as_str()),
    };
    let Some((fs, dir)) = scene.fs.as_ref().zip(look_in(scene, folder)) else { return Vec::new() };
    let entries = fs.read_dir(&dir).unwrap_or_default();
    let shown = entries.into_iter().filter_map(|entry| {
        let name = entry.name.to_str().ok()?;
        let hidden = name.starts_with('.') && !prefix.starts_with('.');
        if hidden || !name.starts_with(prefix) {
            return None;
        }
        let is_dir = match entry.kind {
            FileKind::Directory => true,
            FileKind::Symlink => {
                dir.join(name).and_then(|path| fs.metadata(&path)).is_ok_and(|s| s.is_directory())
            }
            _ => false,
        };
        let display = format!("{name}{}", if is_dir { "/" } else { "" });
        let mut replacement = quoted(&format!("{folder}{display}"), word.quote);
        if !is_dir {
            replacement.extend(word.quote);
            replacement.push(' ');
        }
        Some(Pair { display, replacement })
    });
    shown.take(CANDIDATES_MAX).collect()
}

/// The folder whose entries complete a word that begins with `folder`.
fn look_in(scene: &Scene, folder: &str) -> Option<VPath> {
    let cwd = scene.cwd.as_ref()?;
    match folder.strip_prefix("~/") {
        Some(rest) => {
            let home = scene.home.as_ref()?;
            if rest.is_empty() { Some(home.clone()) } else { home.join(rest).ok() }
        }
        None if folder.is_empty() => Some(cwd.clone()),
        None => cwd.join(BString::from(folder)).ok(),
    }
}

/// The text as it must be typed: inside the open quote, or with backslashes.
fn quoted(text: &str, quote: Option<char>) -> String {
    let mut typed = String::with_capacity(text.len());
    typed.extend(quote);
    for (at, letter) in text.chars().enumerate() {
        let escaped = match quote {
            None if letter == '~' => at > 0,
            None => SPECIAL.contains(letter),
            Some('"') => "\"$`\\".contains(letter),
            Some(_) => false,
        };
        if escaped {
            typed.push('\\');
        }
        typed.push(letter);
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(line: &str) -> (usize, String, bool) {
        let word = last_word(line);
        (word.start, word.text, word.is_command)
    }

    #[test]
    fn the_word_before_the_cursor_is_found_through_quotes() {
        let table = [
            ("", (0, "", true)),
            ("ec", (0, "ec", true)),
            ("cat a\\ b", (4, "a b", false)),
            ("cat 'a b", (4, "a b", false)),
            ("cat x | so", (8, "so", true)),
            ("if tr", (3, "tr", true)),
            ("A=1 en", (4, "en", true)),
            ("cat <fi", (5, "fi", false)),
            ("x=$(ca", (4, "ca", true)),
        ];
        for (line, (start, text, is_command)) in table {
            assert_eq!(word(line), (start, text.to_owned(), is_command), "{line}");
        }
    }

    #[test]
    fn candidates_are_typed_as_the_shell_reads_them() {
        let scene = Scene {
            commands: ["cat", "changes", "chmod"]
                .map(|name| (name.to_owned(), String::new()))
                .into(),
            variables: ["HOME", "HOSTNAME", "PATH"]
                .map(|name| (name.to_owned(), String::new()))
                .into(),
            ..Scene::default()
        };
        let of = |line: &str| {
            let (start, pairs) = complete(&scene, line);
            (start, pairs.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(of("ch"), (0, vec!["changes ".to_owned(), "chmod ".to_owned()]));
        assert_eq!(of("echo $HO"), (5, vec!["$HOME".to_owned(), "$HOSTNAME".to_owned()]));
        assert_eq!(quoted("a b's", None), "a\\ b\\'s");
        assert_eq!(quoted("a b$", Some('"')), "\"a b\\$");
        assert_eq!(quoted("~/a", None), "~/a");
    }
}
