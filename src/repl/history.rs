//! The history: what was typed, here and in other sessions.
//!
//! Every line is kept with its folder, repository, change, exit code and duration, in a database that all
//! sessions share (`store.rs`); without one it lasts as long as the session. In memory is what the
//! line editor walks and searches: the lines, oldest first.

mod expand;
mod store;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustyline::history::{History, SearchDirection, SearchResult};

pub use expand::{Expanded, expand};
use store::Store;

/// Where a line was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub cwd: String,
    /// `ORG/REPO`
    pub repo: String,
    pub change: String,
}

/// A line of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub text: String,
    pub place: Place,
    /// `None` while it runs.
    pub status: Option<u8>,
    /// Typed in this session.
    pub own: bool,
}

#[derive(Debug, Default)]
struct Lines {
    entries: Vec<Entry>,
    /// Where the prompt is now.
    here: Place,
}

/// What the line editor walks; a clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct Past(Arc<RwLock<Lines>>);

/// What `HISTCONTROL` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub ignore_space: bool,
    pub ignore_dups: bool,
    pub erase_dups: bool,
}

impl Control {
    /// Reads `HISTCONTROL`; unset it is `ignoreboth`.
    pub fn of(value: Option<&str>) -> Self {
        let words: Vec<&str> = value.unwrap_or("ignoreboth").split(':').collect();
        let has = |word: &str| words.contains(&word) || words.contains(&"ignoreboth");
        Self {
            ignore_space: has("ignorespace"),
            ignore_dups: has("ignoredups"),
            erase_dups: words.contains(&"erasedups"),
        }
    }
}

/// The history of a session, and the database behind it.
#[derive(Debug)]
pub struct Recorder {
    past: Past,
    store: Option<Store>,
}

/// A line that runs, to be told how it ended.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    index: usize,
    row: Option<i64>,
}

impl Recorder {
    /// Opens the database in `path`. One that can't be opened is done without.
    pub fn open(path: Option<&Path>, lines_max: usize) -> Self {
        let mut store = path.and_then(|path| Store::open(path, lines_max).ok());
        let past = Past::default();
        if let (Some(store), Some(path)) = (&mut store, path)
            && store.is_new()
        {
            // What an earlier version kept as text, beside the database.
            let old = std::fs::read_to_string(path.with_extension("")).unwrap_or_default();
            // A history that can't be taken over stays where it is.
            drop(store.import(&old_lines(&old)));
        }
        if let Some(store) = &mut store {
            past.0.write().entries = store.load().unwrap_or_default();
        }
        Self { past, store }
    }

    pub fn past(&self) -> &Past {
        &self.past
    }

    /// Takes in what other sessions have typed, for a prompt at `here`.
    pub fn refresh(&mut self, here: Place) {
        let fresh = self.store.as_mut().and_then(|store| store.fresh().ok()).unwrap_or_default();
        let mut lines = self.past.0.write();
        lines.entries.extend(fresh);
        lines.here = here;
    }

    /// Keeps a line that is about to run, unless `control` leaves it out.
    pub fn note(&mut self, text: &str, control: Control) -> Option<Running> {
        let text = text.trim_end();
        if text.is_empty() || control.ignore_space && text.starts_with([' ', '\t']) {
            return None;
        }
        let mut lines = self.past.0.write();
        let place = lines.here.clone();
        if control.erase_dups {
            lines.entries.retain(|entry| entry.text != text);
        }
        let repeated = lines.entries.iter().rfind(|entry| entry.own);
        if control.ignore_dups && repeated.is_some_and(|entry| entry.text == text) {
            return None;
        }
        let row = self.store.as_mut().and_then(|store| {
            if control.erase_dups {
                // What can't be erased is found twice.
                drop(store.erase(text));
            }
            store.add(text, &place).ok()
        });
        lines.entries.push(Entry { text: text.to_owned(), place, status: None, own: true });
        Some(Running { index: lines.entries.len() - 1, row })
    }

    /// How a line ended, and how long it took.
    pub fn ended(&mut self, running: Running, status: u8, took: Duration) {
        if let Some(entry) = self.past.0.write().entries.get_mut(running.index) {
            entry.status = Some(status);
        }
        if let (Some(store), Some(row)) = (&mut self.store, running.row) {
            // A line without its status is still a line.
            drop(store.end(row, status, took));
        }
    }
}

/// The lines of a text file of rustyline's: it begins with `#V2`, and a newline in a line is `\\n`.
fn old_lines(text: &str) -> Vec<String> {
    let (escaped, text) = match text.strip_prefix("#V2\n") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let unescape = |line: &str| {
        let mut out = String::with_capacity(line.len());
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (letter, escaped) {
                ('\\', true) => match letters.next() {
                    Some('n') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => out.push('\\'),
                },
                (letter, _) => out.push(letter),
            }
        }
        out
    };
    text.lines().map(unescape).filter(|line| !line.trim().is_empty()).collect()
}

impl Past {
    /// The texts, oldest first, at most `count` of them.
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.read();
        let from = lines.entries.len().saturating_sub(count);
        lines.entries.iter().skip(from).map(|entry| entry.text.clone()).collect()
    }

    /// What follows `typed` in the line that was used last: in this repository, else anywhere.
    pub fn hint(&self, typed: &str) -> Option<String> {
        let lines = self.0.read();
        let fits = |entry: &&Entry| entry.text.len() > typed.len() && entry.text.starts_with(typed);
        // What failed is not suggested again, if something else can be.
        let worked = |entry: &&Entry| entry.status.is_none_or(|status| status == 0);
        let near = |entry: &&Entry| entry.place.repo == lines.here.repo;
        let entries = || lines.entries.iter().rev().filter(fits);
        let found = entries()
            .filter(near)
            .find(worked)
            .or_else(|| entries().find(worked))
            .or_else(|| entries().next())?;
        found.text.get(typed.len()..).map(str::to_owned)
    }

    /// The last word of the last line.
    pub fn last_word(&self) -> Option<String> {
        let lines = self.0.read();
        expand::words(&lines.entries.last()?.text).pop()
    }
}

/// What a search asks for: `@repo @dir @session @ok @fail` are filters, the rest is looked for.
struct Query<'a> {
    filters: Vec<&'a str>,
    text: &'a str,
}

impl<'a> Query<'a> {
    fn of(term: &'a str) -> Self {
        let mut query = Self { filters: Vec::new(), text: term };
        while let Some((word, rest)) = query.text.split_once(' ') {
            if !matches!(word, "@repo" | "@dir" | "@session" | "@ok" | "@fail") {
                break;
            }
            query.filters.push(word);
            query.text = rest;
        }
        query
    }

    fn find(&self, entry: &Entry, here: &Place) -> Option<usize> {
        let passes = self.filters.iter().all(|filter| match *filter {
            "@repo" => entry.place.repo == here.repo,
            "@dir" => entry.place.cwd == here.cwd,
            "@session" => entry.own,
            "@ok" => entry.status == Some(0),
            _ => entry.status.is_some_and(|status| status != 0),
        });
        if passes { entry.text.find(self.text) } else { None }
    }
}

impl Past {
    fn seek(
        &self,
        start: usize,
        direction: SearchDirection,
        find: impl Fn(&Entry, &Place) -> Option<usize>,
    ) -> Option<SearchResult<'_>> {
        let lines = self.0.read();
        let result = |idx: usize| {
            let entry = lines.entries.get(idx)?;
            let pos = find(entry, &lines.here)?;
            Some(SearchResult { entry: Cow::Owned(entry.text.clone()), idx, pos })
        };
        match direction {
            SearchDirection::Reverse => {
                (0..=start.min(lines.entries.len().saturating_sub(1))).rev().find_map(result)
            }
            SearchDirection::Forward => (start..lines.entries.len()).find_map(result),
        }
    }
}

// The line editor walks the list; what goes into it is for the recorder.
impl History for Past {
    fn get(
        &self,
        index: usize,
        _direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        let text = self.0.read().entries.get(index).map(|entry| entry.text.clone());
        Ok(text.map(|text| SearchResult { entry: Cow::Owned(text), idx: index, pos: 0 }))
    }

    fn add(&mut self, _line: &str) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn add_owned(&mut self, _line: String) -> rustyline::Result<bool> {
        Ok(false)
    }

    fn len(&self) -> usize {
        self.0.read().entries.len()
    }

    fn is_empty(&self) -> bool {
        self.0.read().entries.is_empty()
    }

    fn set_max_len(&mut self, _len: usize) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _yes: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _yes: bool) {}

    fn save(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn append(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        self.0.write().entries.clear();
        Ok(())
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        let query = Query::of(term);
        Ok(self.seek(start, direction, |entry, here| query.find(entry, here)))
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self
            .seek(start, direction, |entry, _| entry.text.starts_with(term).then_some(term.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Control = Control { ignore_space: true, ignore_dups: true, erase_dups: false };

    fn at(repo: &str, cwd: &str) -> Place {
        Place { cwd: cwd.into(), repo: repo.into(), change: "kx".into() }
    }

    fn type_in(recorder: &mut Recorder, place: Place, text: &str, status: u8) {
        recorder.refresh(place);
        if let Some(running) = recorder.note(text, BOTH) {
            recorder.ended(running, status, Duration::from_millis(5));
        }
    }

    #[test]
    fn sessions_share_what_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/history.db");
        let mut one = Recorder::open(Some(&path), 100);
        let mut two = Recorder::open(Some(&path), 100);
        type_in(&mut one, at("a/b", "/a/b"), "echo one", 0);
        type_in(&mut two, at("a/b", "/a/b"), "echo two", 1);
        one.refresh(Place::default());
        assert_eq!(one.past().last(9), ["echo one", "echo two"]);
        let three = Recorder::open(Some(&path), 100);
        assert_eq!(three.past().last(9), ["echo one", "echo two"]);
        assert_eq!(three.past().0.read().entries[1].status, Some(1));
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_old_text_history_is_taken_over_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let text = "#V2\necho one\nfor x in 1; do\\necho \\\\ $x; done\n\n";
        std::fs::write(folder.path().join("history"), text).unwrap();
        for _ in 0..2 {
            let recorder = Recorder::open(Some(&path), 100);
            assert_eq!(recorder.past().last(9), ["echo one", "for x in 1; do\necho \\ $x; done"]);
        }
    }

    #[test]
    fn what_is_left_out_is_left_out() {
        let mut recorder = Recorder::open(None, 100);
        for text in ["ls", "ls", " secret", "", "pwd", "ls"] {
            type_in(&mut recorder, Place::default(), text, 0);
        }
        assert_eq!(recorder.past().last(9), ["ls", "pwd", "ls"]);
        let erase = Control::of(Some("erasedups"));
        recorder.note("ls", erase);
        assert_eq!(recorder.past().last(9), ["pwd", "ls"]);
        assert_eq!(Control::of(None), BOTH);
        assert!(!Control::of(Some("ignoredups")).ignore_space);
    }

    #[test]
    fn hints_come_from_this_repository_first() {
        let mut recorder = Recorder::open(None, 100);
        type_in(&mut recorder, at("a/b", "/a/b"), "make here", 0);
        type_in(&mut recorder, at("a/c", "/a/c"), "make there", 0);
        type_in(&mut recorder, at("a/c", "/a/c"), "make broken", 2);
        recorder.refresh(at("a/b", "/a/b"));
        assert_eq!(recorder.past().hint("make"), Some(" here".into()));
        recorder.refresh(at("a/d", "/a/d"));
        assert_eq!(recorder.past().hint("make"), Some(" there".into()));
        assert_eq!(recorder.past().hint("make b"), Some("roken".into()));
        assert_eq!(recorder.past().hint("x"), None);
    }

    #[test]
    fn a_search_has_filters() {
        let mut recorder = Recorder::open(None, 100);
        type_in(&mut recorder, at("a/b", "/a/b"), "grep x", 0);
        type_in(&mut recorder, at("a/b", "/a/b/d"), "grep y", 1);
        type_in(&mut recorder, at("a/c", "/a/c"), "grep z", 0);
        recorder.refresh(at("a/b", "/a/b"));
        let past = recorder.past().clone();
        let found = |term: &str| {
            let found = past.search(term, past.len() - 1, SearchDirection::Reverse).unwrap();
            found.map(|found| found.entry.into_owned())
        };
        assert_eq!(found("grep"), Some("grep z".into()));
        assert_eq!(found("@repo grep"), Some("grep y".into()));
        assert_eq!(found("@repo @ok grep"), Some("grep x".into()));
        assert_eq!(found("@dir gr"), Some("grep x".into()));
        assert_eq!(found("@fail "), Some("grep y".into()));
        assert_eq!(found("@x"), None);
    }
}
