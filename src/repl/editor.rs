//! The line editor: history, hints from it, and completion.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::ByteSlice;
use mesafs::{FileSystem, VPath};
use nu_ansi_term::Style;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};

use super::complete;
use super::prompt::Prompt;
use crate::state::Shell;

/// How many lines the history keeps.
const HISTORY_LINES_MAX: usize = 10_000;

/// What completion looks at: the session as it was when the prompt appeared.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub fs: Option<Arc<dyn FileSystem>>,
    pub cwd: Option<VPath>,
    pub home: Option<VPath>,
    /// Everything that a command may begin with, sorted.
    pub commands: Vec<String>,
    /// Sorted.
    pub variables: Vec<String>,
}

impl Scene {
    /// What `shell` knows, with the names of the external commands.
    pub fn of(shell: &Shell, fs: Arc<dyn FileSystem>, mut commands: Vec<String>) -> Self {
        let text = |bytes: &[u8]| bytes.to_str().ok().map(str::to_owned);
        let functions = shell.functions.sorted();
        commands.extend(functions.iter().filter_map(|entry| text(&entry.function.name)));
        commands.extend(shell.aliases.iter().filter_map(|(name, _)| text(name)));
        commands.extend(crate::special::names().map(str::to_owned));
        commands.sort();
        commands.dedup();
        let variables = shell.variable_names();
        let mut variables: Vec<_> = variables.iter().filter_map(|(name, _)| text(name)).collect();
        variables.sort();
        let home = shell.text_of(b"HOME").and_then(|home| VPath::new(home.into_owned()).ok());
        Self { fs: Some(fs), cwd: Some(shell.dirs.cwd.clone()), home, commands, variables }
    }
}

/// The line editor of a session.
pub struct LineEditor {
    editor: Editor<LineHelper, FileHistory>,
    history: Option<PathBuf>,
}

impl LineEditor {
    /// `history` is the file that keeps the lines.
    ///
    /// # Errors
    /// [`ReadlineError`] if the terminal can't be used.
    pub fn new(history: Option<&Path>) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(HISTORY_LINES_MAX)?
            .history_ignore_dups(true)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(LineHelper::default()));
        if let Some(path) = history {
            if let Some(parent) = path.parent() {
                drop(fs::create_dir_all(parent));
            }
            // The first session has none; one that can't be read is begun anew.
            drop(editor.load_history(path));
        }
        Ok(Self { editor, history: history.map(Path::to_owned) })
    }

    pub fn set_scene(&mut self, scene: Scene) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.scene = scene;
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`ReadlineError::Interrupted`] for Ctrl-C, [`ReadlineError::Eof`] for Ctrl-D, or what the
    /// terminal fails with.
    pub fn read(&mut self, prompt: &Prompt) -> Result<String, ReadlineError> {
        self.editor.readline(&(&prompt.plain, &prompt.styled))
    }

    /// Adds a command to the history, and to its file.
    pub fn remember(&mut self, text: &str) {
        let added = self.editor.add_history_entry(text).unwrap_or(false);
        if let (true, Some(path)) = (added, &self.history) {
            // A history that can't be kept must not stop the session.
            drop(self.editor.append_history(path));
        }
    }
}

/// What rustyline asks while a line is typed.
#[derive(Default)]
struct LineHelper {
    scene: Scene,
    hinter: HistoryHinter,
}

impl Helper for LineHelper {}
impl Validator for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete::complete(&self.scene, line.get(..at).unwrap_or(line)))
    }
}

impl Hinter for LineHelper {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        let hint = self.hinter.hint(line, at, context)?;
        // One line of it: a longer command would move the prompt.
        let first = hint.lines().next().unwrap_or_default();
        (first.len() == hint.len()).then_some(hint)
    }
}

impl Highlighter for LineHelper {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(Style::new().dimmed().paint(hint).to_string())
    }
}
