//! The line editor: rustyline, with this shell's eyes.
//!
//! Colours are always asked of rustyline, so that it reads the prompt anew for each painting; where the
//! terminal shall have none, what is painted has none.

mod keys;

pub use keys::{Action, read as read_keys};

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nu_ansi_term::Style;
use rustyline::completion::{Candidate, Completer};
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Changeset, Context, EditMode, Editor, Event, Helper};

use super::bell::{Bell, RESTORE};
use super::complete;
use super::highlight::Painter;
use super::history::Past;
use super::look::{Look, size};
use super::menu::Menu;
use super::probe::Probe;
use super::prompt::Prompt;
use super::scene::Scene;
use crate::syntax::lexeme::LexemeKind;
use keys::{Wanted, Wish};

/// How long a key that begins a sequence waits for the next.
const KEY_WAIT_MS: u16 = 300;

/// The line editor of a session.
pub struct LineEditor {
    editor: Editor<LineHelper, Past>,
    bell: Bell,
    probe: Probe,
    menu: Menu,
    wish: Wish,
}

/// How a line was left.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    Line(String),
    /// Ctrl-X Ctrl-E: the line is to be worked on in an editor.
    Compose(String),
}

impl LineEditor {
    /// With keys that do what `named` says, besides those that it has of its own.
    ///
    /// # Errors
    /// [`ReadlineError`] if the terminal can't be used.
    pub fn new(
        past: Past,
        look: Look,
        bell: Bell,
        named: &[(Event, Action)],
    ) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .completion_type(CompletionType::Circular)
            .color_mode(ColorMode::Forced)
            .keyseq_timeout(Some(KEY_WAIT_MS))
            .build();
        let mut editor = Editor::with_history(config, past.clone())?;
        let probe = Probe::default();
        let (wish, menu) = (Wish::default(), Menu::default());
        keys::bind(&mut editor, &wish, &past, &menu);
        keys::bind_named(&mut editor, &wish, &menu, named);
        let helper = LineHelper::new(look, probe.clone(), past, bell.clone(), menu.clone());
        editor.set_helper(Some(helper));
        if let Ok(printer) = editor.create_external_printer() {
            bell.start(printer);
            probe.start(bell.clone());
        }
        Ok(Self { editor, bell, probe, menu, wish })
    }

    /// The session has changed: `scene` is what it is now.
    pub fn set_scene(&mut self, scene: Arc<Scene>) {
        self.probe.begin(scene.fs.clone());
        self.menu.set_scene(Arc::clone(&scene));
        if let Some(helper) = self.editor.helper_mut() {
            helper.scene = scene;
        }
    }

    /// `set -o vi`, `set -o emacs`.
    pub fn set_mode(&mut self, mode: EditMode) {
        use rustyline::config::Configurer as _;
        self.editor.set_edit_mode(mode);
    }

    /// Reads a line, or as many as make a whole command; `text` is there from the start.
    ///
    /// # Errors
    /// [`ReadlineError::Interrupted`] for Ctrl-C, [`ReadlineError::Eof`] for Ctrl-D, or what the
    /// terminal fails with.
    pub fn read(&mut self, prompt: &Prompt, text: &str) -> Result<Read, ReadlineError> {
        if let Some(helper) = self.editor.helper() {
            helper.painting.store(true, Ordering::Relaxed);
            helper.awake.store(false, Ordering::Relaxed);
        }
        let line = self.editor.readline_with_initial(prompt, (text, ""));
        self.bell.reading(false);
        self.menu.close();
        let wanted = self.wish.take();
        let line = line?;
        match wanted {
            None => Ok(Read::Line(line)),
            Some(Wanted::Compose) => Ok(Read::Compose(line)),
            Some(Wanted::Interrupt) => Err(ReadlineError::Interrupted),
        }
    }
}

impl Drop for LineEditor {
    fn drop(&mut self) {
        self.bell.end();
        self.probe.end();
    }
}

/// What rustyline asks while a line is typed.
struct LineHelper {
    scene: Arc<Scene>,
    look: Look,
    painter: Painter,
    probe: Probe,
    past: Past,
    bell: Bell,
    menu: Menu,
    /// The prompt is on the screen: until then the terminal is not the line editor's, and a message
    /// would be printed as it is.
    awake: AtomicBool,
    /// The next painting is rustyline's own doing. It asks for a hint or for the colour of a letter
    /// before each of those, and for neither before one that a message of the bell caused.
    painting: AtomicBool,
    /// The last painting of a line, which stays on the screen.
    last: AtomicBool,
}

impl LineHelper {
    fn new(look: Look, probe: Probe, past: Past, bell: Bell, menu: Menu) -> Self {
        Self {
            scene: Arc::default(),
            look,
            painter: Painter::default(),
            probe,
            past,
            bell,
            menu,
            awake: AtomicBool::default(),
            painting: AtomicBool::default(),
            last: AtomicBool::default(),
        }
    }
}

impl Helper for LineHelper {}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more =
            self.scene.joins_lines && is_incomplete(&self.painter, &self.scene, context.input());
        if more {
            return Ok(ValidationResult::Incomplete);
        }
        // The line is done: nothing is to be painted into what it prints.
        self.bell.reading(false);
        Ok(ValidationResult::Valid(None))
    }
}

/// Whether more lines could make `text` a command that it is not yet.
fn is_incomplete(painter: &Painter, scene: &Scene, text: &str) -> bool {
    let lexed = painter.read(&format!("{text}\n"), scene);
    if lexed.incomplete {
        return true;
    }
    let slashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    let comment = lexed.lexemes.last().is_some_and(|last| last.kind == LexemeKind::Comment);
    !lexed.wrong && !comment && slashes % 2 == 1
}

/// Whether `text`, lines with their newlines, is the beginning of a command.
pub fn wants_more(text: &str, scene: &Scene) -> bool {
    is_incomplete(&Painter::default(), scene, text.strip_suffix('\n').unwrap_or(text))
}

/// Stands for whatever the menu chooses: the line editor walks through these, and each step asks the
/// menu (`update`).
#[derive(Clone, Copy)]
struct Choice;

/// So many steps are taken in a menu before the line is as it was.
const STEPS_MAX: usize = 10_000;

impl Candidate for Choice {
    fn display(&self) -> &str {
        ""
    }

    fn replacement(&self) -> &str {
        ""
    }
}

impl Completer for LineHelper {
    type Candidate = Choice;

    fn complete(
        &self,
        _line: &str,
        at: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Choice>)> {
        Ok((at, vec![Choice; if self.menu.has_next() { STEPS_MAX } else { 0 }]))
    }

    fn update(&self, line: &mut LineBuffer, _start: usize, _elected: &str, undo: &mut Changeset) {
        if let Some((start, text)) = self.menu.take() {
            let end = line.pos();
            line.replace(start.min(end)..end, &text, undo);
            self.menu.left(line.as_str(), line.pos());
        }
    }
}

/// What is shown behind the line, and what the right arrow takes of it.
struct Suggestion {
    shown: String,
    /// `None` for the menu.
    text: Option<String>,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl Hinter for LineHelper {
    type Hint = Suggestion;

    fn hint(&self, line: &str, at: usize, _context: &Context<'_>) -> Option<Suggestion> {
        self.painting.store(true, Ordering::Relaxed);
        self.last.store(false, Ordering::Relaxed);
        if let Some(shown) = self.menu.shown(line, at, self.look, size()) {
            return Some(Suggestion { shown, text: None });
        }
        // Without colours a hint would look as if it had been typed.
        if line.is_empty() || at < line.len() || !self.look.colors {
            return None;
        }
        let text = self.past.hint(line).or_else(|| complete::hint(&self.scene, line))?;
        // One line of it: a longer command would move the prompt.
        let shown = match text.split_once('\n') {
            Some((first, _)) => format!("{first} {}", self.look.pick("…", "...")),
            None => text.clone(),
        };
        Some(Suggestion { shown: super::look::clean(&shown), text: Some(text) })
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        let cursor = (!self.last.load(Ordering::Relaxed)).then_some(at);
        Cow::Owned(self.painter.paint(line, cursor, &self.scene, &self.probe, self.look))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _own: bool) -> Cow<'b, str> {
        if !self.awake.swap(true, Ordering::Relaxed) {
            self.bell.reading(true);
        }
        if self.painting.swap(false, Ordering::Relaxed) {
            Cow::Borrowed(prompt)
        } else {
            Cow::Owned(format!("{RESTORE}{prompt}"))
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        // A menu alone has rows of its own.
        if hint.starts_with('\n') {
            return Cow::Owned(self.menu.styled());
        }
        Cow::Owned(self.look.paint(Style::new().dimmed(), hint))
    }

    // Brackets may be marked, or no longer be; and a painting follows each call.
    fn highlight_char(&self, _line: &str, _at: usize, kind: CmdKind) -> bool {
        self.painting.store(true, Ordering::Relaxed);
        self.last.store(kind == CmdKind::ForcedRefresh, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_on_until_it_is_whole() {
        let scene = Scene::default();
        for more in ["echo 'a", "if true; then", "a |", "a && ", "cat <<E\na", "x() {", "echo \\"] {
            assert!(wants_more(&format!("{more}\n"), &scene), "{more}");
        }
        for whole in ["echo a", "cat <<E\na\nE", "fi", "echo \\\\", "echo a # b \\", "'a\\'", ""] {
            assert!(!wants_more(&format!("{whole}\n"), &scene), "{whole}");
        }
    }
}
