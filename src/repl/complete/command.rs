//! Options and operands, as the tables of the commands tell them.

use mesash_builtins::args::{Opt as Flag, Takes};
use mesash_builtins::command::Command;

use super::paths::Wanted;
use super::select::{Fit, select};
use super::word::{Part, Role, Word};
use super::{Candidate, Found, Offer, Scene, places};
use crate::state::{Group, Opt};

/// What an operand may become.
pub enum Operand {
    Offer(Offer),
    Path(Wanted),
}

/// What a word of a synopsis stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    Command,
    Variable,
    Alias,
    Job,
    SetOption,
    Shopt,
    Repo,
    Bookmark,
    Revision,
    Words(&'static str),
    File,
}

/// The operands of the shell's own commands, whose synopses say less.
const SPECIALS: &[(&str, Kind)] = &[
    ("alias", Kind::Alias),
    ("bg", Kind::Job),
    ("builtin", Kind::Command),
    ("cd", Kind::Folder),
    ("declare", Kind::Variable),
    ("disown", Kind::Job),
    ("enable", Kind::Command),
    ("export", Kind::Variable),
    ("fg", Kind::Job),
    ("hash", Kind::Command),
    ("help", Kind::Command),
    ("jobs", Kind::Job),
    ("kill", Kind::Job),
    ("local", Kind::Variable),
    ("man", Kind::Command),
    ("pushd", Kind::Folder),
    ("read", Kind::Variable),
    ("readonly", Kind::Variable),
    ("repos", Kind::Repo),
    ("shopt", Kind::Shopt),
    ("type", Kind::Command),
    ("typeset", Kind::Variable),
    ("unalias", Kind::Alias),
    ("unset", Kind::Variable),
    ("wait", Kind::Job),
    ("whatis", Kind::Command),
    ("which", Kind::Command),
];

/// What an operand or the value of an option is, by its name in the synopsis of `command`.
fn kind(name: &'static str, command: &str) -> Option<Kind> {
    let bookmarks = command.starts_with("bookmarks ") || command == "bookmarks";
    Some(match name.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
        "DIR" | "DIRECTORY" | "EXDIR" | "dir" => Kind::Folder,
        "REPO" => Kind::Repo,
        "REVISION" | "REVISIONS" | "CHANGE" => Kind::Revision,
        // Those of `ops` are operations.
        "ID" if !command.starts_with("ops") => Kind::Revision,
        "BOOKMARK" => Kind::Bookmark,
        "NAME" | "SOURCE" | "TARGET" | "OLD" if bookmarks => Kind::Bookmark,
        "COMMAND" => Kind::Command,
        "WHEN" => Kind::Words("always|never|auto"),
        "job_spec" => Kind::Job,
        "FILE" | "FILES" | "PATH" | "F" | "RFILE" | "SOURCE" | "TARGET" | "DEST" | "INPUT"
        | "OUTPUT" | "file" | "path" | "filename" => Kind::File,
        _ if name.contains('|') => Kind::Words(name),
        _ => return None,
    })
}

/// The command that `before` calls: a subcommand is one of its own. How many words name it.
fn table<'s>(scene: &'s Scene, before: &[String]) -> Option<(&'s Command, usize)> {
    let command = *scene.tables.get(before.first()?.rsplit('/').next()?)?;
    let sub = before.get(1).and_then(|second| {
        let named = |sub: &&&Command| sub.name.rsplit(' ').next() == Some(second);
        command.subcommands.iter().find(named)
    });
    Some(sub.map_or((command, 1), |sub| (*sub, 2)))
}

/// What the operand before the cursor may become.
pub fn operand(scene: &Scene, word: &Word) -> Operand {
    let table = table(scene, &word.before);
    let name = word.before.first().map_or("", String::as_str);
    let dashes = word.before.iter().any(|word| word == "--");
    if let Some((command, _)) = table
        && !dashes
    {
        if let Some(part) = word.value {
            let option = word.text.get(2..part.at - 1).unwrap_or_default();
            let flag = command.options.iter().find(|flag| flag.long == Some(option));
            return value(scene, word, flag, command, part);
        }
        if let Some(flag) = word.before.last().and_then(|last| waiting(command, last)) {
            return value(scene, word, Some(flag), command, word.whole);
        }
    }
    if word.text.starts_with(['-', '+']) && !dashes {
        let all = match table {
            Some((command, _)) => options(command, &word.text),
            None => letters(name),
        };
        return Operand::Offer(Offer { part: word.whole, all });
    }
    if name == "set" && word.before.last().is_some_and(|last| matches!(&**last, "-o" | "+o")) {
        return of_kind(scene, word, Kind::SetOption, word.whole);
    }
    if let Some((_, kind)) = SPECIALS.iter().find(|(special, _)| *special == name) {
        return of_kind(scene, word, *kind, word.whole);
    }
    let Some((command, depth)) = table else { return Operand::Path(Wanted::Any) };
    if depth == 1 && word.before.len() == 1 && !command.subcommands.is_empty() {
        let all = command.subcommands.iter().map(|sub| {
            let name = sub.name.rsplit(' ').next().unwrap_or(sub.name);
            Candidate::new(name, first_line(sub.summary))
        });
        return Operand::Offer(Offer { part: word.whole, all: all.collect() });
    }
    let mut kinds = kinds(command);
    // A revision may be given by a bookmark's name, and is offered with those.
    if kinds.contains(&Kind::Revision) {
        kinds.retain(|kind| *kind != Kind::Bookmark);
    }
    match kinds.as_slice() {
        [] => Operand::Path(Wanted::Any),
        kinds if kinds.contains(&Kind::File) => Operand::Path(Wanted::Any),
        [kind, ..] => of_kind(scene, word, *kind, word.whole),
    }
}

/// The operands of `command`, as its synopsis names them.
fn kinds(command: &Command) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for form in command.synopsis.lines() {
        let mut words = form.split(|letter: char| " ()[]|.,'".contains(letter));
        while let Some(word) = words.next() {
            // The value of an option.
            if word.starts_with('-') {
                let takes = |flag: &&Flag| {
                    let named = |name: &str| word.trim_start_matches('-') == name;
                    flag.long.is_some_and(named)
                        || flag.short.is_some_and(|short| named(short.encode_utf8(&mut [0; 4])))
                };
                let flag = command.options.iter().find(takes);
                if flag.is_some_and(|flag| matches!(flag.takes, Takes::Value(_))) {
                    words.next();
                }
            } else if let Some(kind) = kind(word, command.name)
                && !kinds.contains(&kind)
            {
                kinds.push(kind);
            }
        }
    }
    kinds
}

/// The option whose value comes after the word `last`.
fn waiting<'c>(command: &'c Command, last: &str) -> Option<&'c Flag> {
    let takes = |flag: &&Flag| matches!(flag.takes, Takes::Value(_));
    match last.strip_prefix("--") {
        Some(long) => command.options.iter().filter(takes).find(|flag| flag.long == Some(long)),
        None => {
            // Before the last letter of a cluster, none takes a value.
            let letters = last.strip_prefix('-')?;
            let (index, letter) = letters.char_indices().last()?;
            let takes_before = letters.get(..index)?.chars().any(|letter| {
                command.options.iter().filter(takes).any(|flag| flag.short == Some(letter))
            });
            let found = command.options.iter().filter(takes);
            found.filter(|_| !takes_before).find(|flag| flag.short == Some(letter))
        }
    }
}

fn value(
    scene: &Scene,
    word: &Word,
    flag: Option<&Flag>,
    command: &Command,
    part: Part,
) -> Operand {
    let name = flag.and_then(|flag| match flag.takes {
        Takes::Value(name) | Takes::Optional(name) => Some((name, flag.long)),
        Takes::Nothing => None,
    });
    let kind = match name {
        Some((_, Some("bookmark"))) => Some(Kind::Bookmark),
        Some((name, _)) => kind(name, command.name),
        None => None,
    };
    match kind {
        Some(kind) => of_kind(scene, word, kind, part),
        None => Operand::Path(Wanted::Any),
    }
}

fn of_kind(scene: &Scene, word: &Word, kind: Kind, part: Part) -> Operand {
    let named = |list: &[(String, String)]| {
        list.iter().map(|(name, about)| Candidate::new(name, about)).collect::<Vec<_>>()
    };
    let options = |group: Group| {
        let all = Opt::ALL.iter().filter(move |opt| opt.group() == group);
        all.map(|opt| Candidate::new(opt.name(), "")).collect::<Vec<_>>()
    };
    let all = match kind {
        Kind::File => return Operand::Path(Wanted::Any),
        Kind::Folder => return Operand::Path(Wanted::Folder),
        Kind::Command => {
            let all = scene.commands.iter();
            all.map(|(name, about)| Candidate::new(name, first_line(about))).collect()
        }
        Kind::Variable => {
            let all = scene.variables.iter();
            all.map(|(name, value)| Candidate::new(name, value)).collect()
        }
        Kind::Alias => {
            let all = scene.commands.iter().filter(|(_, about)| about.starts_with("alias for "));
            all.map(|(name, about)| Candidate::new(name, about)).collect()
        }
        Kind::Job => named(&scene.jobs),
        Kind::SetOption => options(Group::Set),
        Kind::Shopt => options(Group::Shopt),
        Kind::Repo => places::repos(scene),
        Kind::Bookmark => places::bookmarks(scene, asked_repo(&word.before)),
        Kind::Revision => places::revisions(scene, asked_repo(&word.before)),
        Kind::Words(words) => words.split('|').map(|word| Candidate::new(word, "")).collect(),
    };
    Operand::Offer(Offer { part, all })
}

/// `-r REPO` among the words before.
fn asked_repo(before: &[String]) -> Option<&str> {
    let at = before.iter().rposition(|word| word == "-r" || word == "--repo");
    at.and_then(|at| before.get(at + 1))
        .map(String::as_str)
        .or_else(|| before.iter().rev().find_map(|word| word.strip_prefix("--repo=")))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The options of a command, for what is typed of one.
fn options(command: &Command, typed: &str) -> Vec<Candidate> {
    let mut all = Vec::new();
    for flag in command.options.iter().filter(|flag| !flag.help.is_empty()) {
        let about = first_line(flag.help);
        let short = flag.short.map(|letter| format!("-{letter}"));
        if let Some(short) = &short
            && !typed.starts_with("--")
        {
            let long = flag.long.map_or(String::new(), |long| format!(", --{long}"));
            let shown = format!("{short}{long}");
            all.push(Candidate { shown, ..Candidate::new(short, about) });
        }
        if let Some(long) = flag.long
            && (typed.starts_with("--") || short.is_none())
        {
            let takes = matches!(flag.takes, Takes::Value(_));
            let text = format!("--{long}{}", if takes { "=" } else { "" });
            let one = Candidate::new(text, about);
            all.push(if takes { one.goes_on() } else { one });
        }
    }
    let words = command.words.iter().flat_map(|words| words.split("  "));
    let words = words.filter(|words| words.starts_with('-'));
    all.extend(
        words.filter_map(|words| words.split(' ').next()).map(|word| Candidate::new(word, "")),
    );
    let own = [("--help", "show what there is to know"), ("--version", "show the version")];
    for (name, about) in own {
        if typed.starts_with("--") && !all.iter().any(|one| one.text == name) {
            all.push(Candidate::new(name, about));
        }
    }
    all
}

/// The option letters of a builtin, as its synopsis has them: `[-dms]`.
fn letters(name: &str) -> Vec<Candidate> {
    let Some(synopsis) = crate::special::synopsis(name) else { return Vec::new() };
    let groups = synopsis.split(|letter: char| " []|".contains(letter));
    let letters = groups.filter_map(|word| word.strip_prefix('-')).flat_map(str::chars);
    let mut all: Vec<Candidate> = letters
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| Candidate::new(format!("-{letter}"), ""))
        .collect();
    all.push(Candidate::new("--help", "show what there is to know"));
    all.dedup();
    all
}

/// What `complete` was told for the command.
pub fn programmed(scene: &Scene, line: &str, word: &Word) -> Option<Found> {
    if word.role != Role::Operand || word.before.is_empty() {
        return None;
    }
    let programs = scene.programs.as_ref()?;
    let command = line.get(word.command_start..)?;
    let offered = programs.ask(command.trim_start())?;
    let start = line.len().checked_sub(offered.word_len)?;
    let part = Part { start, at: word.whole.at + 1, quote: offered.quote };
    let all = offered.words.into_iter().map(|text| {
        let folder = offered.filenames && scene.is_folder(&text);
        let shown = match offered.filenames {
            true => text.trim_end_matches('/').rsplit('/').next().unwrap_or(&text).to_owned(),
            false => text.trim_end().to_owned(),
        };
        let text = if folder && !text.ends_with('/') { format!("{text}/") } else { text };
        let verbatim = !offered.filenames || offered.noquote;
        Candidate {
            text,
            shown,
            about: String::new(),
            goes_on: folder || offered.nospace,
            verbatim,
        }
    });
    let (candidates, fit) = select(all.collect(), "", |one: &Candidate| &one.text);
    Some(Found { part, quote: offered.quote, fuzzy: fit == Fit::Fuzzy, candidates })
}
