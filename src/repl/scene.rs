//! The session as it was when the prompt appeared: what colours, hints and completion look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use mesafs::{FileSystem, VPath};
use mesash_builtins::command::Command;

use super::programs::Programs;
use crate::eval::parser_options;
use crate::state::Shell;
use crate::syntax::options::ParserOptions;

/// What the line editor knows of the session.
#[derive(Clone, Default)]
pub struct Scene {
    pub fs: Option<Arc<dyn FileSystem>>,
    pub cwd: Option<VPath>,
    pub home: Option<VPath>,
    /// `ORG/REPO` of the checkout that holds `cwd`.
    pub repo: Option<String>,
    /// Everything that a command may begin with, with a line about it.
    pub commands: BTreeMap<String, String>,
    /// With what they hold, cut short.
    pub variables: BTreeMap<String, String>,
    /// The tables of the commands that have one.
    pub tables: BTreeMap<&'static str, &'static Command>,
    /// `%1` and what runs there.
    pub jobs: Vec<(String, String)>,
    /// What scripts have told `complete`.
    pub programs: Option<Programs>,
    pub parser: ParserOptions,
    /// More lines of a command are typed into the same buffer.
    pub joins_lines: bool,
}

/// How much of a variable is shown.
const VALUE_CHARS_MAX: usize = 200;

impl Scene {
    /// What `shell` knows, besides the commands of the registry.
    pub fn of(
        shell: &Shell,
        fs: Arc<dyn FileSystem>,
        mut commands: BTreeMap<String, String>,
    ) -> Self {
        let text = |bytes: &[u8]| bytes.to_str().ok().map(str::to_owned);
        for (name, value) in shell.aliases.iter() {
            if let Some(name) = text(name) {
                commands.insert(name, format!("alias for {}", value.as_bstr()));
            }
        }
        for entry in shell.functions.sorted() {
            if let Some(name) = text(&entry.function.name) {
                commands.insert(name, "function".to_owned());
            }
        }
        let variables = shell.variable_names();
        let variables = variables.iter().filter_map(|(name, _)| {
            let value = shell.text_of(name).unwrap_or_default();
            let value = value.to_str_lossy();
            Some((text(name)?, value.chars().take(VALUE_CHARS_MAX).collect()))
        });
        let home = shell.text_of(b"HOME").and_then(|home| VPath::new(home.into_owned()).ok());
        Self {
            fs: Some(fs),
            cwd: Some(shell.dirs.cwd.clone()),
            home,
            commands,
            variables: variables.collect(),
            parser: parser_options(shell),
            joins_lines: shell.text_of(b"PS2").is_none(),
            ..Self::default()
        }
    }

    /// What a variable holds, if no more than completion shows of one.
    pub fn variable(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?;
        (value.chars().count() < VALUE_CHARS_MAX).then(|| value.clone())
    }

    /// Whether a word, its quoting removed, is the path of a folder.
    pub fn is_folder(&self, word: &str) -> bool {
        let path = self.path(word.as_bytes()).zip(self.fs.as_ref());
        path.is_some_and(|(path, fs)| fs.metadata(&path).is_ok_and(|stat| stat.is_directory()))
    }

    /// The path that a word means, its quoting removed.
    pub fn path(&self, word: &[u8]) -> Option<VPath> {
        let cwd = self.cwd.as_ref()?;
        if word == b"~" {
            return self.home.clone();
        }
        match word.strip_prefix(b"~/") {
            Some(b"") => self.home.clone(),
            Some(rest) => self.home.as_ref()?.join(BString::from(rest)).ok(),
            None if word.is_empty() => Some(cwd.clone()),
            None => cwd.join(BString::from(word)).ok(),
        }
    }
}

/// What a word of a command line stands for, its quotes removed; `None` if it is expanded to something
/// else.
pub fn unquoted(word: &str) -> Option<String> {
    let mut text = String::with_capacity(word.len());
    let mut quote = None;
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', None) => text.extend(letters.next()),
            ('\\', Some('"')) => match letters.next() {
                Some(next @ ('"' | '\\' | '$' | '`')) => text.push(next),
                Some(next) => text.extend(['\\', next]),
                None => text.push('\\'),
            },
            (letter, Some(open)) if letter == open => quote = None,
            ('$' | '`', None | Some('"')) => return None,
            (letter, Some(_)) => text.push(letter),
            ('\'' | '"', None) => quote = Some(letter),
            ('*' | '?' | '[' | '{', None) => return None,
            (letter, None) => text.push(letter),
        }
    }
    Some(text)
}
