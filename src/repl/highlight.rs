//! The line in colours, as the shell's own parser reads it.

use std::fmt::Write;
use std::sync::Arc;

use mesafs::FileKind;
use nu_ansi_term::{Color, Style};
use parking_lot::Mutex;

use super::look::Look;
use super::probe::Probe;
use super::scene::{Scene, unquoted};
use crate::syntax::lexeme::{Lexed, LexemeKind, lex};
use crate::syntax::symbol::Interner;

/// So many names are read before the table of them is begun anew.
const NAMES_MAX: usize = 10_000;
/// A longer line is shown as it is.
const BYTES_MAX: usize = 64 * 1024;

/// Reads lines and paints them.
#[derive(Default)]
pub struct Painter {
    interner: Mutex<Arc<Interner>>,
    last: Mutex<Last>,
}

/// What was read last: the line is painted again for each move of the cursor.
#[derive(Default)]
struct Last {
    text: String,
    lexed: Arc<Lexed>,
    /// A style for each byte, and of which state of the probe.
    styles: Option<(u64, Arc<[Style]>)>,
}

impl Painter {
    /// Takes `text` apart.
    pub fn read(&self, text: &str, scene: &Scene) -> Arc<Lexed> {
        let mut last = self.last.lock();
        if last.text != text {
            let mut interner = self.interner.lock();
            if interner.len() > NAMES_MAX {
                *interner = Arc::default();
            }
            last.lexed = Arc::new(lex(text.as_bytes(), scene.parser, &interner));
            last.text = text.to_owned();
            last.styles = None;
        }
        Arc::clone(&last.lexed)
    }

    /// `text` in colours, with the partner of the bracket at `cursor` marked. Of the same width.
    pub fn paint(
        &self,
        text: &str,
        cursor: Option<usize>,
        scene: &Scene,
        probe: &Probe,
        look: Look,
    ) -> String {
        if text.len() > BYTES_MAX || !look.colors {
            return visible(text);
        }
        let lexed = self.read(text, scene);
        let version = probe.version();
        let known = self.last.lock().styles.clone().filter(|(of, _)| *of == version);
        let styles = match known {
            Some((_, styles)) => styles,
            None => {
                let styles = styles(text, &lexed, scene, probe);
                self.last.lock().styles = Some((version, Arc::clone(&styles)));
                styles
            }
        };
        let partners = cursor.and_then(|at| brackets(text, &lexed, at));
        write(text, &styles, partners)
    }
}

/// Without what has no width and would be an order to the terminal.
fn visible(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

fn write(text: &str, styles: &[Style], partners: Option<(usize, usize)>) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut current = Style::default();
    for (at, letter) in text.char_indices() {
        if letter.is_control() && !matches!(letter, '\n' | '\t') {
            continue;
        }
        let mut style = styles.get(at).copied().unwrap_or_default();
        if partners.is_some_and(|(one, two)| at == one || at == two) {
            style = style.bold().underline();
        }
        if style != current {
            let _ = write!(out, "{}", current.infix(style));
            current = style;
        }
        out.push(letter);
    }
    if current != Style::default() {
        let _ = write!(out, "{}", current.suffix());
    }
    out
}

fn styles(text: &str, lexed: &Lexed, scene: &Scene, probe: &Probe) -> Arc<[Style]> {
    let mut styles = vec![Style::default(); text.len()];
    for (index, lexeme) in lexed.lexemes.iter().enumerate() {
        let word = text.get(lexeme.span.clone()).unwrap_or_default();
        let style = match lexeme.kind {
            LexemeKind::Keyword => Color::Purple.bold(),
            LexemeKind::Command => {
                let defined = lexed.lexemes.get(index + 1).is_some_and(|next| {
                    next.kind == LexemeKind::Operator && text.get(next.span.clone()) == Some("(")
                });
                if defined { Color::Green.into() } else { command(text, word, scene, probe) }
            }
            LexemeKind::Argument => argument(word, scene, probe),
            LexemeKind::Assignment => Color::Cyan.into(),
            LexemeKind::Operator | LexemeKind::Redirect => Color::Blue.bold(),
            LexemeKind::String | LexemeKind::HereDoc => Color::Yellow.into(),
            LexemeKind::Expansion => Color::Cyan.into(),
            LexemeKind::Comment => Style::new().dimmed(),
            LexemeKind::Fault => Color::Red.reverse(),
        };
        for slot in styles.get_mut(lexeme.span.clone()).unwrap_or_default() {
            // A path that exists is underlined, quoted or not.
            let underlined = slot.is_underline && lexeme.kind == LexemeKind::String;
            *slot = if underlined { style.underline() } else { style };
        }
    }
    styles.into()
}

/// Green if there is such a command, red if there is not.
fn command(text: &str, word: &str, scene: &Scene, probe: &Probe) -> Style {
    let (known, unknown): (Style, Style) = (Color::Green.into(), Color::Red.into());
    let Some(name) = unquoted(word) else { return Style::default() };
    if scene.commands.contains_key(&name) {
        return known;
    }
    if name.contains('/') {
        let found = scene.path(name.as_bytes()).and_then(|path| probe.ask(&path));
        return match found {
            None => Style::default(),
            Some(Some(found)) if found.kind == FileKind::Directory => Style::new().underline(),
            Some(Some(found)) if found.executable => known.underline(),
            Some(_) => unknown,
        };
    }
    // What is being typed may still become one.
    let typing = text.ends_with(word);
    let begins = scene.commands.range(name.clone()..).next();
    match begins {
        Some((other, _)) if typing && other.starts_with(&name) => Style::default(),
        _ => unknown,
    }
}

fn argument(word: &str, scene: &Scene, probe: &Probe) -> Style {
    if word.starts_with('-') {
        return Color::Cyan.into();
    }
    let path = unquoted(word).filter(|word| !word.is_empty());
    let path = path.and_then(|word| scene.path(word.as_bytes()));
    match path.and_then(|path| probe.ask(&path)) {
        Some(Some(_)) => Style::new().underline(),
        _ => Style::default(),
    }
}

/// The bracket at `at`, or before it, and its partner.
fn brackets(text: &str, lexed: &Lexed, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_bracket = |at: &usize| bytes.get(*at).is_some_and(|byte| b"()[]{}".contains(byte));
    let at = [Some(at), at.checked_sub(1)].into_iter().flatten().find(is_bracket)?;
    let quoted = |at: usize| {
        let within =
            |kind| lexed.lexemes.iter().any(|one| one.kind == kind && one.span.contains(&at));
        within(LexemeKind::Comment) || within(LexemeKind::String)
    };
    let inside = quoted(at);
    let mut open = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        if !b"()[]{}".contains(byte) || quoted(place) != inside {
            continue;
        }
        let opener = match byte {
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            _ => {
                open.push((place, *byte));
                continue;
            }
        };
        let (begin, byte) = open.pop()?;
        if byte != opener {
            return None;
        }
        if begin == at || place == at {
            return Some((begin, place));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &str, cursor: Option<usize>) -> String {
        let commands = ["ls", "lsof", "for"].map(|name| (name.to_owned(), String::new()));
        let scene = Scene { commands: commands.into(), ..Scene::default() };
        let look = Look { colors: true, unicode: true, dumb: false };
        Painter::default().paint(text, cursor, &scene, &Probe::default(), look)
    }

    #[test]
    fn words_have_the_colours_of_what_they_are() {
        assert_eq!(painted("ls x", None), "\x1b[32mls\x1b[0m x");
        assert_eq!(painted("nope x", None), "\x1b[31mnope\x1b[0m x");
        // It may become a command yet.
        assert_eq!(painted("lso", None), "lso");
        assert_eq!(painted("ls 'a", None), "\x1b[32mls\x1b[0m \x1b[33m'a\x1b[0m");
        assert_eq!(painted("f() {", None), "\x1b[32mf\x1b[1;34m()\x1b[0m \x1b[1;35m{\x1b[0m");
        assert_eq!(painted("a\x1b[2Jb", None), "a[2Jb");
    }

    #[test]
    fn the_partner_of_a_bracket_is_marked() {
        let lexed = |text: &str| lex(text.as_bytes(), Default::default(), &Arc::default());
        let of = |text: &str, at| brackets(text, &lexed(text), at);
        assert_eq!(of("( a (b) )", 0), Some((0, 8)));
        assert_eq!(of("( a (b) )", 9), Some((0, 8)));
        assert_eq!(of("( a (b) )", 4), Some((4, 6)));
        assert_eq!(of("( a ')' )", 0), Some((0, 8)));
        assert_eq!(of("( a", 0), None);
        assert!(painted("(ls)", Some(0)).contains("\x1b[1;4;34m"));
    }

    #[test]
    fn a_long_line_is_painted_in_time() {
        let line = "echo \"$x\" | ls -l 'a b' && ".repeat(80);
        let begun = std::time::Instant::now();
        for end in (line.len() - 20)..line.len() {
            painted(&line[..end], Some(end));
        }
        // Twenty keys of a debug build.
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    }
}
