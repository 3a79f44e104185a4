//! What the terminal can show: colours, letters beyond ASCII, how many columns.

use std::io::IsTerminal;

use nu_ansi_term::Style;
use unicode_width::UnicodeWidthStr;

use crate::cli::host;

/// What is assumed where the terminal does not tell.
const COLUMNS: usize = 80;
const ROWS: usize = 24;

/// How things are shown on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub colors: bool,
    pub unicode: bool,
    /// It understands no control sequences at all.
    pub dumb: bool,
}

impl Look {
    /// What the host's environment says: `NO_COLOR`, `TERM`, and the locale.
    pub fn of_host() -> Self {
        let text = |name: &str| host(name).map(|value| value.to_string_lossy().into_owned());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let dumb = text("TERM").is_none_or(|term| matches!(&*term, "dumb" | "cons25" | "emacs"));
        Self {
            colors: !dumb && host("NO_COLOR").is_none() && std::io::stdout().is_terminal(),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            dumb,
        }
    }

    /// The first text, or the second where only ASCII can be shown.
    pub fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    pub fn paint(self, style: Style, text: &str) -> String {
        if self.colors && !text.is_empty() { style.paint(text).to_string() } else { text.into() }
    }
}

/// Columns and rows of the terminal.
pub fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let or = |count: u16, other: usize| if count == 0 { other } else { usize::from(count) };
    size.map_or((COLUMNS, ROWS), |size| (or(size.ws_col, COLUMNS), or(size.ws_row, ROWS)))
}

/// How many columns `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` with nothing that a terminal would take for an order, nor letters that change the order of
/// others.
pub fn clean(text: &str) -> String {
    let harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if harmful(letter) { '?' } else { letter }).collect()
}

/// [`clean`], with its newlines.
pub fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// The beginning of `text` that fits in `columns`.
pub fn cut(text: &str, columns: usize) -> &str {
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let after = at + letter.len_utf8();
        if width(text.get(..after).unwrap_or_default()) > columns {
            break;
        }
        end = after;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_as_an_order() {
        assert_eq!(clean("a\x1b[31mb\u{9b}c\u{202e}d"), "a?[31mb?c?d");
        assert_eq!(clean("übergröße"), "übergröße");
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("abc", 9), "abc");
    }
}
