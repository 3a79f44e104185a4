//! Keys and what they do, by the names that the config file has for them: those of readline.

use std::collections::BTreeMap;

use mesash_builtins::near::nearest;
use rustyline::{Anchor, At, Cmd, Event, KeyCode, KeyEvent, Modifiers, Movement, Word};

/// What a key may be set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Run(Cmd),
    /// `edit-and-execute-command`
    Compose,
    /// `complete`
    Complete,
}

/// The functions that keys may be set to.
fn actions() -> Vec<(&'static str, Action)> {
    use Cmd::{Kill, Move, Yank};
    use Movement::{
        BackwardChar, BackwardWord, BeginningOfLine, EndOfLine, ForwardChar, ForwardWord, WholeLine,
    };
    let run = |name, cmd| (name, Action::Run(cmd));
    vec![
        run("abort", Cmd::Abort),
        run("accept-line", Cmd::AcceptLine),
        run("backward-char", Move(BackwardChar(1))),
        run("backward-delete-char", Kill(BackwardChar(1))),
        run("backward-kill-line", Kill(BeginningOfLine)),
        run("backward-kill-word", Kill(BackwardWord(1, Word::Emacs))),
        run("backward-word", Move(BackwardWord(1, Word::Emacs))),
        run("beginning-of-history", Cmd::BeginningOfHistory),
        run("beginning-of-line", Move(BeginningOfLine)),
        run("capitalize-word", Cmd::CapitalizeWord),
        run("clear-screen", Cmd::ClearScreen),
        ("complete", Action::Complete),
        run("delete-char", Kill(ForwardChar(1))),
        run("downcase-word", Cmd::DowncaseWord),
        ("edit-and-execute-command", Action::Compose),
        run("end-of-history", Cmd::EndOfHistory),
        run("end-of-file", Cmd::EndOfFile),
        run("end-of-line", Move(EndOfLine)),
        run("forward-char", Move(ForwardChar(1))),
        run("forward-word", Move(ForwardWord(1, At::AfterEnd, Word::Emacs))),
        run("history-search-backward", Cmd::HistorySearchBackward),
        run("history-search-forward", Cmd::HistorySearchForward),
        run("kill-line", Kill(EndOfLine)),
        run("kill-whole-line", Kill(WholeLine)),
        run("kill-word", Kill(ForwardWord(1, At::AfterEnd, Word::Emacs))),
        run("next-history", Cmd::NextHistory),
        run("none", Cmd::Noop),
        run("previous-history", Cmd::PreviousHistory),
        run("quoted-insert", Cmd::QuotedInsert),
        run("reverse-search-history", Cmd::ReverseSearchHistory),
        run("take-hint", Cmd::CompleteHint),
        run("transpose-chars", Cmd::TransposeChars),
        run("transpose-words", Cmd::TransposeWords(1)),
        run("undo", Cmd::Undo(1)),
        run("unix-line-discard", Kill(BeginningOfLine)),
        run("unix-word-rubout", Kill(BackwardWord(1, Word::Big))),
        run("upcase-word", Cmd::UpcaseWord),
        run("yank", Yank(1, Anchor::Before)),
        run("yank-pop", Cmd::YankPop),
    ]
}

/// Reads the settings: a key, or several one after another, and a function or `insert TEXT`.
///
/// # Errors
/// What is wrong, with what may have been meant.
pub fn read(settings: &BTreeMap<String, String>) -> Result<Vec<(Event, Action)>, String> {
    settings.iter().map(|(keys, action)| Ok((event(keys)?, self::action(action)?))).collect()
}

fn action(name: &str) -> Result<Action, String> {
    if let Some(text) = name.strip_prefix("insert ") {
        return Ok(Action::Run(Cmd::Insert(1, text.to_owned())));
    }
    let actions = actions();
    match actions.iter().find(|(known, _)| *known == name) {
        Some((_, action)) => Ok(action.clone()),
        None => {
            let near = meant(name, actions.iter().map(|(known, _)| *known));
            Err(format!("keys: there is no function '{name}'{near}"))
        }
    }
}

fn event(text: &str) -> Result<Event, String> {
    let keys: Result<Vec<KeyEvent>, String> = text.split_whitespace().map(key).collect();
    match keys?.as_slice() {
        [] => Err("keys: a key is missing".to_owned()),
        keys => Ok(Event::KeySeq(keys.to_vec())),
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("down", KeyCode::Down),
    ("end", KeyCode::End),
    ("enter", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("home", KeyCode::Home),
    ("insert", KeyCode::Insert),
    ("left", KeyCode::Left),
    ("pagedown", KeyCode::PageDown),
    ("pageup", KeyCode::PageUp),
    ("right", KeyCode::Right),
    ("space", KeyCode::Char(' ')),
    ("tab", KeyCode::Tab),
    ("up", KeyCode::Up),
];

/// `ctrl-x`, `alt-.`, `shift-f5`, `pageup`
fn key(text: &str) -> Result<KeyEvent, String> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    let mut modifiers = Modifiers::NONE;
    let prefixes =
        [("ctrl-", Modifiers::CTRL), ("alt-", Modifiers::ALT), ("shift-", Modifiers::SHIFT)];
    while let Some((prefix, modifier)) =
        prefixes.iter().find(|(prefix, _)| rest.starts_with(prefix) && rest.len() > prefix.len())
    {
        modifiers |= *modifier;
        rest = rest.get(prefix.len()..).unwrap_or_default();
    }
    let mut letters = rest.chars();
    let code = match (letters.next(), letters.as_str()) {
        (Some(letter), "") if modifiers.contains(Modifiers::CTRL) => {
            KeyCode::Char(letter.to_ascii_uppercase())
        }
        // Alt with a capital letter is another key than with a small one.
        (Some(_), "") => KeyCode::Char(text.chars().next_back().unwrap_or_default()),
        (Some('f'), number) if number.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n)) => {
            KeyCode::F(number.parse().unwrap_or(1))
        }
        _ => match NAMED.iter().find(|(name, _)| *name == rest) {
            Some((_, code)) => *code,
            None => {
                let near = meant(rest, NAMED.iter().map(|(name, _)| *name));
                return Err(format!("keys: there is no key '{text}'{near}"));
            }
        },
    };
    Ok(KeyEvent::normalize(KeyEvent(code, modifiers)))
}

/// `; did you mean 'x'?`
fn meant<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> String {
    nearest(wrong, names).map_or(String::new(), |name| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_functions_have_readlines_names() {
        assert_eq!(key("ctrl-t"), Ok(KeyEvent::ctrl('T')));
        assert_eq!(key("alt-."), Ok(KeyEvent::alt('.')));
        assert_eq!(key("Alt-L"), Ok(KeyEvent::alt('L')));
        assert_eq!(key("PageUp"), Ok(KeyEvent(KeyCode::PageUp, Modifiers::NONE)));
        assert_eq!(key("f5"), Ok(KeyEvent(KeyCode::F(5), Modifiers::NONE)));
        assert_eq!(
            key("pagup"),
            Err("keys: there is no key 'pagup'; did you mean 'pageup'?".into())
        );
        assert_eq!(action("insert ls -l"), Ok(Action::Run(Cmd::Insert(1, "ls -l".into()))));
        let wrong = "keys: there is no function 'kill-lin'; did you mean 'kill-line'?";
        assert_eq!(action("kill-lin"), Err(wrong.into()));
    }

    #[test]
    fn the_document_names_every_function() {
        let document = include_str!("../../../../docs/config.md");
        for (name, _) in actions() {
            assert!(document.contains(&format!("`{name}`")), "{name}");
        }
    }
}
