//! What the word before the cursor may become.
//!
//! Commands, options and operands come from the commands' tables (`command.rs`), names of files from
//! the mount (`paths.rs`), bookmarks, changes and repositories from its history (`places.rs`), and what a script
//! has told `complete` from that (`crate::special::complete`). To look may take long: `menu.rs` waits for it
//! on another thread.

mod command;
mod paths;
mod places;
mod select;
mod word;

use super::scene::Scene;
use select::{Fit, select};
use word::{Part, Role, Word, typed};

/// Something that the word may become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// What stands there then, without quoting.
    pub text: String,
    /// As the menu shows it.
    pub shown: String,
    /// A few words about it.
    pub about: String,
    /// Nothing follows it yet: a folder, `--option=`.
    pub goes_on: bool,
    /// It is typed as it is.
    pub verbatim: bool,
}

impl Candidate {
    pub fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        let text = text.into();
        Self { shown: text.clone(), text, about: about.into(), ..Self::default() }
    }

    fn goes_on(mut self) -> Self {
        self.goes_on = true;
        self
    }
}

/// What there is for a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    part: Part,
    quote: Option<char>,
    /// None of them begins with what is typed.
    fuzzy: bool,
    pub candidates: Vec<Candidate>,
}

impl Found {
    /// Where the text begins that is replaced.
    pub fn start(&self) -> usize {
        self.part.start
    }

    /// A candidate as it must be typed, to its end.
    pub fn whole(&self, index: usize) -> Option<String> {
        let candidate = self.candidates.get(index)?;
        let mut text = if candidate.verbatim {
            candidate.text.clone()
        } else {
            typed(&candidate.text, self.part, self.quote)
        };
        if !candidate.goes_on {
            text.extend(self.quote.filter(|_| !candidate.verbatim));
            text.push(' ');
        }
        Some(text)
    }

    /// What all candidates begin with, as it must be typed; `None` if that is no more than there is.
    pub fn common(&self) -> Option<String> {
        let first = self.candidates.first()?;
        if self.fuzzy || self.candidates.iter().any(|one| one.verbatim != first.verbatim) {
            return None;
        }
        let mut common = first.text.as_str();
        for other in &self.candidates {
            let same = common.char_indices().zip(other.text.chars());
            let end = same.take_while(|((_, one), two)| one == two).last();
            let end = end.map_or(0, |((at, letter), _)| at + letter.len_utf8());
            common = common.get(..end).unwrap_or_default();
        }
        if common.is_empty() {
            return None;
        }
        let verbatim = first.verbatim;
        Some(if verbatim { common.to_owned() } else { typed(common, self.part, self.quote) })
    }
}

/// A word, and what might stand in its place from `part` on.
struct Offer {
    part: Part,
    all: Vec<Candidate>,
}

/// What the word before the end of `line` may become.
pub fn complete(scene: &Scene, line: &str) -> Found {
    let word = Word::last(line, scene);
    if let Some(found) = variables(scene, &word) {
        return found;
    }
    if let Some(found) = command::programmed(scene, line, &word) {
        return found;
    }
    let offer = match word.role {
        Role::Command if !word.text.contains('/') => {
            let all = scene.commands.iter().map(|(name, about)| {
                Candidate::new(name, about.lines().next().unwrap_or_default())
            });
            Some(Offer { part: word.whole, all: all.collect() })
        }
        Role::Command => return paths::found(scene, &word, paths::Wanted::Executable),
        Role::File | Role::Value => None,
        Role::Operand => match command::operand(scene, &word) {
            command::Operand::Offer(offer) => Some(offer),
            command::Operand::Path(wanted) => return paths::found(scene, &word, wanted),
        },
    };
    match offer {
        Some(Offer { part, all }) => {
            let (candidates, fit) = select(all, word.from(part), |one| &one.text);
            // An option that there is not is a fault, and no other one.
            let fuzzy = fit == Fit::Fuzzy;
            let candidates =
                if fuzzy && word.from(part).starts_with('-') { Vec::new() } else { candidates };
            Found { part, quote: word.quote, fuzzy, candidates }
        }
        None => paths::found(scene, &word, paths::Wanted::Any),
    }
}

/// `$NAME` at the cursor.
fn variables(scene: &Scene, word: &Word) -> Option<Found> {
    let (start, name, braced) = word.variable.as_ref()?;
    let all: Vec<_> = scene.variables.iter().collect();
    let (near, fit) = select(all, name, |(known, _)| known);
    let candidates = near.into_iter().map(|(known, value)| Candidate {
        text: if *braced { format!("${{{known}}}") } else { format!("${known}") },
        shown: known.clone(),
        about: value.clone(),
        goes_on: true,
        verbatim: true,
    });
    let part = Part { start: *start, ..Part::default() };
    let candidates = candidates.collect();
    Some(Found { part, quote: None, fuzzy: fit == Fit::Fuzzy, candidates })
}

/// What the name of a command that is being typed goes on with.
pub fn hint(scene: &Scene, line: &str) -> Option<String> {
    let word = Word::last(line, scene);
    let text = word.text.as_str();
    if word.role != Role::Command || word.quote.is_some() || text.len() < 2 || text.contains('/') {
        return None;
    }
    let (name, _) = scene.commands.range(text.to_owned()..).next()?;
    name.strip_prefix(text).filter(|rest| !rest.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        let named = |names: &[&str]| {
            names.iter().map(|name| ((*name).to_owned(), format!("about {name}"))).collect()
        };
        let tables = mesash_builtins::registry::Registry::standard();
        Scene {
            commands: named(&["cat", "changes", "chmod", "ls"]),
            variables: named(&["HOME", "HOSTNAME", "PATH"]),
            tables: tables.iter().map(|table| (table.name, table)).collect(),
            jobs: vec![("%1".into(), "sleep 9".into())],
            ..Scene::default()
        }
    }

    fn of(line: &str) -> (usize, Vec<String>) {
        let found = complete(&scene(), line);
        let all = (0..found.candidates.len()).filter_map(|at| found.whole(at));
        (found.start(), all.collect())
    }

    fn pair(start: usize, texts: &[&str]) -> (usize, Vec<String>) {
        (start, texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn names_of_commands_and_variables() {
        assert_eq!(of("ch"), pair(0, &["changes ", "chmod "]));
        assert_eq!(of("cgs"), pair(0, &["changes "]));
        assert_eq!(of("echo $HO"), pair(5, &["$HOME", "$HOSTNAME"]));
        assert_eq!(of("echo \"a${PA"), pair(7, &["${PATH}"]));
        assert_eq!(complete(&scene(), "ch").common(), Some("ch".into()));
        assert_eq!(complete(&scene(), "echo $H").common(), Some("$HO".into()));
    }

    #[test]
    fn options_and_subcommands_come_from_the_tables() {
        assert_eq!(of("ls --full"), pair(3, &["--full-time "]));
        assert_eq!(of("grep --max-c"), pair(5, &["--max-count="]));
        assert_eq!(of("changes che"), pair(8, &["checkpoint "]));
        assert_eq!(of("changes describe --mess"), pair(17, &["--message="]));
        assert_eq!(of("ls --nosuch"), pair(3, &[]));
        assert_eq!(of("find . -mt"), pair(7, &["-mtime "]));
        assert_eq!(of("ls --color=al"), pair(11, &["always "]));
        assert_eq!(of("fg %"), pair(3, &["%1 "]));
        assert_eq!(of("set -o pipe"), pair(7, &["pipefail "]));
        assert_eq!(of("unset HOS"), pair(6, &["HOSTNAME "]));
        assert_eq!(of("man ch"), pair(4, &["changes ", "chmod "]));
    }
}
