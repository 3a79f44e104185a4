//! Arguments that are one of a few words, as GNU's `XARGMATCH` takes them: abbreviated too.

use crate::command::CommandError;
use crate::quote::marked;

/// Words that mean the same, and what they mean.
pub type Choice<T> = (&'static [&'static str], T);

/// Finds what `value` abbreviates.
///
/// # Errors
/// Wrong usage, listing the words.
pub fn choose<T: Copy + PartialEq>(
    option: &str,
    value: &[u8],
    choices: &[Choice<T>],
) -> Result<T, CommandError> {
    let all =
        || choices.iter().flat_map(|(words, meaning)| words.iter().map(move |w| (*w, *meaning)));
    if let Some((_, meaning)) = all().find(|(word, _)| word.as_bytes() == value) {
        return Ok(meaning);
    }
    let mut found = all().filter(|(word, _)| word.as_bytes().starts_with(value));
    let first = found.next();
    let kind = match first {
        Some((_, meaning)) if found.all(|(_, other)| other == meaning) => return Ok(meaning),
        Some(_) => "ambiguous",
        None => "invalid",
    };
    Err(refused(kind, option, value, choices))
}

/// As [`choose`], for words that cannot be abbreviated.
///
/// # Errors
/// Wrong usage, listing the words.
pub fn choose_exactly<T: Copy>(
    option: &str,
    value: &[u8],
    choices: &[Choice<T>],
) -> Result<T, CommandError> {
    let named = |(words, _): &&Choice<T>| words.iter().any(|word| word.as_bytes() == value);
    match choices.iter().find(named) {
        Some((_, meaning)) => Ok(*meaning),
        None => Err(refused("invalid", option, value, choices)),
    }
}

fn refused<T>(kind: &str, option: &str, value: &[u8], choices: &[Choice<T>]) -> CommandError {
    let mut message =
        format!("{kind} argument {} for {}\nValid arguments are:", marked(value), marked(option));
    for (words, _) in choices {
        let words: Vec<String> = words.iter().map(|word| marked(word).to_string()).collect();
        message.push_str("\n  - ");
        message.push_str(&words.join(", "));
    }
    CommandError::Argument(message)
}

/// `--color[=WHEN]` and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    Never,
    Auto,
}

/// The words for [`When`].
pub const WHEN: &[Choice<When>] = &[
    (&["always", "yes", "force"], When::Always),
    (&["never", "no", "none"], When::Never),
    (&["auto", "tty", "if-tty"], When::Auto),
];
