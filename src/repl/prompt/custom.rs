//! Prompts of one's own: `PS1` and `PS2`, with bash's escapes and a few more.
//!
//! `\c` is the change, `\b` the bookmark, `\m` how many files the change modifies, `\y` how many
//! paths others have changed since the last line (four columns, which change while you type). In bash
//! those stand for themselves. `\j`, `\!` and `\#` are known to the line editor alone.

use std::sync::Arc;

use super::{Facts, LIVE_MARK, Place, Prompt, draw};
use crate::eval::Session;
use crate::repl::live::Live;
use crate::repl::look::{Look, clean, size};

const NEXT: &str = "> ";

/// The numbers of `\!`, `\#` and `\j`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    pub history: usize,
    pub command: usize,
    pub jobs: usize,
}

/// The prompt for a new command.
pub fn first(
    session: &mut Session,
    facts: &Facts,
    numbers: Numbers,
    live: &Arc<Live>,
    look: Look,
) -> Prompt {
    match variable(session, b"PS1", facts, numbers, live, look) {
        Some(own) => own,
        None => draw(facts, live, look, size().0),
    }
}

/// The prompt for the next line of a command; `None` if there is no `PS2`.
pub fn next(
    session: &mut Session,
    facts: &Facts,
    numbers: Numbers,
    live: &Arc<Live>,
    look: Look,
) -> Prompt {
    variable(session, b"PS2", facts, numbers, live, look)
        .unwrap_or_else(|| Prompt::new(NEXT, NEXT.into(), live, look))
}

/// The prompt that a variable holds, if it is set.
fn variable(
    session: &mut Session,
    name: &'static [u8],
    facts: &Facts,
    numbers: Numbers,
    live: &Arc<Live>,
    look: Look,
) -> Option<Prompt> {
    let raw = session.with_shell(|shell| shell.text_of(name).map(|text| text.to_vec()))??;
    let text = with_escapes(&raw, facts, numbers);
    let text = session.with_eval(move |eval| eval.prompt_of(&text))?;
    let (plain, styled) = take_apart(&String::from_utf8_lossy(&text));
    Some(Prompt::new(&plain, styled, live, look))
}

/// Puts in what bash's own escapes don't have.
fn with_escapes(raw: &[u8], facts: &Facts, numbers: Numbers) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        let value = match bytes.next() {
            Some(b'c') => place(facts, |_, change, _| change.to_owned()),
            Some(b'b') => place(facts, |bookmark, _, _| bookmark.to_owned()),
            Some(b'm') => place(facts, |_, _, changed| changed.to_string()),
            Some(b'y') => LIVE_MARK.to_string(),
            Some(b'j') => numbers.jobs.to_string(),
            Some(b'!') => numbers.history.to_string(),
            Some(b'#') => numbers.command.to_string(),
            Some(other) => {
                text.extend_from_slice(&[b'\\', other]);
                continue;
            }
            None => "\\".to_owned(),
        };
        // It is expanded after that.
        for letter in value.chars() {
            if matches!(letter, '$' | '`' | '\\') {
                text.push(b'\\');
            }
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    text
}

fn place(facts: &Facts, tell: impl Fn(&str, &str, usize) -> String) -> String {
    match &facts.place {
        Place::Change { bookmark, change, changed, .. } => {
            let bookmark = clean(bookmark.as_deref().unwrap_or_default());
            tell(&bookmark, change, changed.unwrap_or(0))
        }
        Place::None | Place::Expired => String::new(),
    }
}

/// Without and with what `\[` and `\]` enclose, which takes no room.
fn take_apart(text: &str) -> (String, String) {
    let (mut plain, mut styled, mut hidden) = (String::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '\u{1}' => hidden = true,
            '\u{2}' => hidden = false,
            letter => {
                styled.push(letter);
                if !hidden {
                    plain.push(letter);
                }
            }
        }
    }
    (plain, styled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bash_has_no_escape_for_is_put_in() {
        let change = Place::Change {
            bookmark: Some("a$b".into()),
            change: "kx".into(),
            changed: Some(2),
            conflicted: false,
            read_only: false,
        };
        let facts = Facts { place: change, ..Facts::default() };
        let numbers = Numbers { history: 7, command: 3, jobs: 1 };
        let made = with_escapes(br"\w \b \c \m \j \! \# \\c\$ \y", &facts, numbers);
        let wanted = format!(r"\w a\$b kx 2 1 7 3 \\c\$ {LIVE_MARK}");
        assert_eq!(String::from_utf8_lossy(&made), wanted);
        assert_eq!(take_apart("\u{1}\x1b[1m\u{2}x"), ("x".into(), "\x1b[1mx".into()));
    }
}
