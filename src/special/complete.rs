//! `complete`, `compgen`, `compopt`: what words may be completed to.

mod line;

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::ByteSlice;
use mesash_builtins::core::shell_quote;

pub use line::{Completing, Offered};

use super::options::Given;
use super::{ALL, Call, Special, help, options};
use crate::eval::{Eval, Step, Unwind, call, expand, lookup};
use crate::state::names::is_identifier;
use crate::state::signal::{SIGNAL_MAX, signal_name};
use crate::state::{Attrs, Group, IndexedArray, Str, names};

const LETTERS: &str = "abcdefgjksuvo:A:G:W:F:C:X:P:S:";

pub const COMPGEN: Special = Special {
    name: "compgen",
    synopsis: "[-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] \
        [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]",
    summary: "Display possible completions depending on the options.",
    run: compgen,
    ..Special::BASE
};
pub const COMPLETE: Special = Special {
    name: "complete",
    synopsis: "[-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] \
        [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]",
    summary: "Specify how arguments are to be completed by Readline.",
    run: complete,
    ..Special::BASE
};
pub const COMPOPT: Special = Special {
    name: "compopt",
    synopsis: "[-o|+o option] [-DEI] [name ...]",
    summary: "Modify or display completion options.",
    run: compopt,
    ..Special::BASE
};

/// The names of `-A` in the order in which `complete -p` shows them, with the letter that stands
/// for some.
const ACTIONS: &[(&str, Option<u8>)] = &[
    ("alias", Some(b'a')),
    ("arrayvar", None),
    ("binding", None),
    ("builtin", Some(b'b')),
    ("command", Some(b'c')),
    ("directory", Some(b'd')),
    ("disabled", None),
    ("enabled", None),
    ("export", Some(b'e')),
    ("file", Some(b'f')),
    ("function", None),
    ("group", Some(b'g')),
    ("helptopic", None),
    ("hostname", None),
    ("job", Some(b'j')),
    ("keyword", Some(b'k')),
    ("running", None),
    ("service", Some(b's')),
    ("setopt", None),
    ("shopt", None),
    ("signal", None),
    ("stopped", None),
    ("user", Some(b'u')),
    ("variable", Some(b'v')),
];

/// The reserved words in bash's order.
const KEYWORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do",
    "done", "in", "function", "time", "{", "}", "!", "[[", "]]", "coproc",
];

const OPTIONS: &[&str] = &[
    "bashdefault",
    "default",
    "dirnames",
    "filenames",
    "noquote",
    "nosort",
    "nospace",
    "plusdirs",
];

/// How something is completed.
#[derive(Debug, Clone, Default)]
pub struct CompletionSpec {
    options: BTreeSet<&'static str>,
    actions: Vec<&'static str>,
    glob: Option<Str>,
    words: Option<Str>,
    prefix: Option<Str>,
    suffix: Option<Str>,
    filter: Option<Str>,
    function: Option<Str>,
    command: Option<Str>,
}

/// What `complete` knows, by command name, oldest first.
pub type Completions = Vec<(Str, CompletionSpec)>;

/// Reads a specification from options.
fn spec(eval: &Eval, call: &Call<'_>, given: &Given<'_>) -> Result<CompletionSpec, Step> {
    let mut spec = CompletionSpec::default();
    for letter in &given.letters {
        let value = letter.value.clone();
        match (letter.letter, value) {
            (b'o', Some(name)) => {
                match OPTIONS.iter().find(|known| name.as_bytes() == known.as_bytes()) {
                    Some(known) => drop(spec.options.insert(known)),
                    None => {
                        eval.say(call, &[&name, b": invalid option name"]);
                        return Err(Ok(2));
                    }
                }
            }
            (b'A', Some(name)) => {
                match ACTIONS.iter().find(|(known, _)| name.as_bytes() == known.as_bytes()) {
                    Some((known, _)) => spec.actions.push(known),
                    None => {
                        eval.say(call, &[&name, b": invalid action name"]);
                        return Err(Ok(2));
                    }
                }
            }
            (b'G', value) => spec.glob = value,
            (b'W', value) => spec.words = value,
            (b'P', value) => spec.prefix = value,
            (b'S', value) => spec.suffix = value,
            (b'X', value) => spec.filter = value,
            (b'F', value) => spec.function = value,
            (b'C', value) => spec.command = value,
            (short, _) => {
                if let Some((known, _)) = ACTIONS.iter().find(|(_, own)| *own == Some(short)) {
                    spec.actions.push(known);
                }
            }
        }
    }
    Ok(spec)
}

/// `complete -W 'a b' foo`
fn line(name: &[u8], spec: &CompletionSpec) -> Vec<u8> {
    let mut out = b"complete".to_vec();
    for option in &spec.options {
        out.extend_from_slice(format!(" -o {option}").as_bytes());
    }
    for (action, letter) in ACTIONS.iter().filter(|(name, _)| spec.actions.contains(name)) {
        match letter {
            Some(letter) => out.extend_from_slice(&[b' ', b'-', *letter]),
            None => out.extend_from_slice(format!(" -A {action}").as_bytes()),
        }
    }
    let quoted = [
        (b'G', &spec.glob),
        (b'W', &spec.words),
        (b'P', &spec.prefix),
        (b'S', &spec.suffix),
        (b'X', &spec.filter),
        (b'C', &spec.command),
    ];
    for (letter, value) in quoted {
        if let Some(value) = value {
            out.extend_from_slice(&[b' ', b'-', letter, b' ']);
            out.extend_from_slice(&shell_quote::single(value));
        }
    }
    if let Some(function) = &spec.function {
        out.extend_from_slice(b" -F ");
        out.extend_from_slice(function);
    }
    out.push(b' ');
    if name.is_empty() || shell_quote::has_metacharacters(name) {
        out.extend_from_slice(&shell_quote::single(name));
    } else {
        out.extend_from_slice(name);
    }
    out.push(b'\n');
    out
}

/// How many names may have a completion.
const COMPLETIONS_MAX: usize = 16_384;

fn complete(eval: &mut Eval, call: &Call<'_>) -> Step {
    let letters = "abcdefgjksuvo:A:G:W:F:C:X:P:S:prDEI";
    let given = match options::read(eval, call, letters) {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut names = given.rest.to_vec();
    for (letter, name) in [(b'D', "-D"), (b'E', "-E"), (b'I', "-I")] {
        if given.has(letter) {
            names.push(Str::from(name));
        }
    }
    if given.has(b'p') || given.letters.is_empty() && names.is_empty() {
        return show(eval, call, &names);
    }
    if given.has(b'r') {
        if names.is_empty() {
            eval.rt.completions.clear();
        }
        let mut status = 0;
        for name in &names {
            let before = eval.rt.completions.len();
            eval.rt.completions.retain(|(known, _)| known != name);
            if eval.rt.completions.len() == before {
                eval.say(call, &[name, b": no completion specification"]);
                status = 1;
            }
        }
        return Ok(status);
    }
    let spec = match spec(eval, call, &given) {
        Ok(spec) => spec,
        Err(step) => return step,
    };
    if names.is_empty() {
        return eval.usage(call);
    }
    if eval.rt.completions.len() + names.len() > COMPLETIONS_MAX {
        return eval.fail(call, &[b"too many completion specifications"]);
    }
    for name in names {
        eval.rt.completions.retain(|(known, _)| *known != name);
        eval.rt.completions.push((name, spec.clone()));
    }
    Ok(0)
}

fn show(eval: &mut Eval, call: &Call<'_>, names: &[Str]) -> Step {
    let mut out = Vec::new();
    let mut status = 0;
    if names.is_empty() {
        for (name, spec) in &eval.rt.completions {
            out.extend_from_slice(&line(name, spec));
        }
    }
    for name in names {
        match eval.rt.completions.iter().find(|(known, _)| known == name) {
            Some((name, spec)) => out.extend_from_slice(&line(name, spec)),
            None => {
                eval.say(call, &[name, b": no completion specification"]);
                status = 1;
            }
        }
    }
    Ok(eval.print(call, out)?.max(status))
}

fn compopt(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read_signed(eval, call, "o:DEI") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut status = 0;
    if given.rest.is_empty() {
        let Some(completing) = &mut eval.rt.completing else {
            return eval.fail(call, &[b"not currently executing completion function"]);
        };
        for letter in &given.letters {
            let name = letter.value.as_deref().unwrap_or_default();
            match OPTIONS.iter().find(|known| known.as_bytes() == name) {
                Some(known) if letter.plus => drop(completing.options.remove(known)),
                Some(known) => drop(completing.options.insert(known)),
                None => status = 2,
            }
        }
        return Ok(status);
    }
    for name in given.rest {
        let found = eval.rt.completions.iter_mut().find(|(known, _)| known == name);
        let Some((_, spec)) = found else {
            eval.say(call, &[name, b": no completion specification"]);
            status = 1;
            continue;
        };
        if given.letters.is_empty() {
            let mut text = b"compopt".to_vec();
            for option in OPTIONS {
                let sign = if spec.options.contains(option) { '-' } else { '+' };
                text.extend_from_slice(format!(" {sign}o {option}").as_bytes());
            }
            let text = [&text, &b" "[..], name, b"\n"].concat();
            eval.print(call, text)?;
            continue;
        }
        for letter in &given.letters {
            let Some(option) = &letter.value else { continue };
            let known = OPTIONS.iter().find(|known| option.as_bytes() == known.as_bytes());
            let Some(known) = known else {
                eval.say(call, &[option, b": invalid option name"]);
                return Ok(2);
            };
            if letter.plus {
                spec.options.remove(known);
            } else {
                spec.options.insert(known);
            }
        }
    }
    Ok(status)
}

fn compgen(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, LETTERS) {
        Ok(given) => given,
        Err(step) => return step,
    };
    let spec = match spec(eval, call, &given) {
        Ok(spec) => spec,
        Err(step) => return step,
    };
    let word = given.rest.first().cloned().unwrap_or(Str::EMPTY);
    if spec.function.is_some() {
        eval.say(call, &[b"warning: -F option may not work as you expect"]);
    }
    if spec.command.is_some() {
        eval.say(call, &[b"warning: -C option may not work as you expect"]);
    }
    let found = eval.completions_of(&spec, &word)?;
    let mut out = Vec::new();
    for one in &found {
        out.extend_from_slice(one);
        out.push(b'\n');
    }
    let status = eval.print(call, out)?;
    Ok(if found.is_empty() { 1 } else { status })
}

impl Eval {
    /// Everything that `spec` completes `word` to.
    pub fn completions_of(
        &mut self,
        spec: &CompletionSpec,
        word: &Str,
    ) -> Result<Vec<Vec<u8>>, Unwind> {
        let mut found: Vec<Vec<u8>> = Vec::new();
        for action in &spec.actions {
            found.extend(self.action(action, word));
        }
        if let Some(pattern) = &spec.glob {
            let fields = expand::glob_text(&mut self.shell, &mut self.rt, pattern);
            let fields = fields.map_err(|error| self.expand_failed(error))?;
            found.extend(fields.into_iter().map(|field| field.to_vec()));
        }
        if let Some(words) = &spec.words {
            let fields = expand::word_list(&mut self.shell, &mut self.rt, words);
            let fields = fields.map_err(|error| self.expand_failed(error))?;
            let matching = fields.into_iter().filter(|field| field.starts_with(word));
            found.extend(matching.map(|field| field.to_vec()));
        }
        if let Some(function) = &spec.function {
            found.extend(self.completed_by(function, word)?);
        }
        if let Some(command) = &spec.command {
            found.extend(self.completed_by_command(command, word)?);
        }
        if let Some(filter) = &spec.filter {
            let (pattern, keeps) = match filter.strip_prefix(b"!") {
                Some(pattern) => (pattern.to_vec(), true),
                None => (filter.to_vec(), false),
            };
            let mut kept = Vec::new();
            for one in found {
                let matches = expand::text_matches(&self.shell, &pattern, &one);
                if matches == keeps {
                    kept.push(one);
                }
            }
            found = kept;
        }
        if spec.prefix.is_some() || spec.suffix.is_some() {
            let (before, after) = (spec.prefix.as_ref(), spec.suffix.as_ref());
            let text = |part: Option<&Str>| part.map(|part| part.to_vec()).unwrap_or_default();
            for one in &mut found {
                *one = [text(before), std::mem::take(one), text(after)].concat();
            }
        }
        if found.is_empty() && spec.options.contains("default") {
            found = self.paths(word, false);
        }
        if found.is_empty() && spec.options.contains("dirnames") {
            found = self.paths(word, true);
        }
        if spec.options.contains("plusdirs") {
            found.extend(self.paths(word, true));
        }
        Ok(found)
    }

    /// Calls a completion function; what it leaves in `COMPREPLY`.
    fn completed_by(&mut self, function: &Str, word: &Str) -> Result<Vec<Vec<u8>>, Unwind> {
        let symbol = self.shell.interner.get(function);
        let Some(entry) = symbol.and_then(|symbol| self.shell.functions.get(symbol)) else {
            self.complain(&[b"completion: function `", function, b"' not found"]);
            return Ok(Vec::new());
        };
        let entry = Arc::clone(entry);
        let args = match &self.rt.completing {
            Some(completing) => completing.arguments(word),
            None => vec![Str::from("compgen"), word.clone(), Str::EMPTY],
        };
        let status = call::invoke(self, &entry, args)?;
        if let Some(completing) = &mut self.rt.completing {
            completing.status = status;
        }
        let reply = self.shell.indexed(names::COMPREPLY).unwrap_or_default();
        let unset = self.shell.set_array(names::COMPREPLY, IndexedArray::default());
        self.checked(unset)?;
        Ok(reply.iter().map(|(_, value)| value.to_vec()).collect())
    }

    /// Runs a completion command; its lines.
    fn completed_by_command(&mut self, command: &Str, word: &Str) -> Result<Vec<Vec<u8>>, Unwind> {
        let quoted = shell_quote::single(word);
        let text = [b"\"$(", command.as_bytes(), b" compgen ", &quoted, b" '')\""].concat();
        let output = expand::fields_of(&mut self.shell, &mut self.rt, &text);
        let output = output.map_err(|error| self.expand_failed(error))?;
        let lines = output.iter().flat_map(|text| text.split(|&byte| byte == b'\n'));
        let lines = lines.filter(|line| !line.is_empty());
        Ok(lines.map(<[u8]>::to_vec).collect())
    }

    fn action(&self, action: &str, word: &[u8]) -> Vec<Vec<u8>> {
        let shell = &self.shell;
        let variables = |wanted: Attrs| -> Vec<Vec<u8>> {
            let named = shell.variable_names().into_iter();
            named
                .filter(|(name, symbol)| {
                    let variable = shell.vars.get(*symbol);
                    is_identifier(name)
                        && variable.is_some_and(|variable| {
                            variable.is_set()
                                && (wanted == Attrs::NONE || variable.attrs.has(wanted))
                        })
                })
                .map(|(name, _)| name.to_vec())
                .collect()
        };
        let texts = |all: &mut dyn Iterator<Item = &'static str>| -> Vec<Vec<u8>> {
            all.map(|text| text.as_bytes().to_vec()).collect()
        };
        let functions =
            || shell.functions.sorted().into_iter().map(|entry| entry.function.name.to_vec());
        let mut builtins = ALL.iter().map(|builtin| builtin.name);
        let mut keywords = KEYWORDS.iter().copied();
        let all: Vec<Vec<u8>> = match action {
            "alias" => shell.aliases.iter().map(|(name, _)| name.to_vec()).collect(),
            "arrayvar" => variables(Attrs::ARRAY),
            "builtin" => texts(&mut builtins),
            "helptopic" => texts(&mut help::topics(self).iter().map(|topic| topic.name)),
            "enabled" => {
                texts(&mut builtins.filter(|name| self.rt.builtins.is_enabled(name.as_bytes())))
            }
            "disabled" => {
                texts(&mut builtins.filter(|name| !self.rt.builtins.is_enabled(name.as_bytes())))
            }
            "command" => {
                let mut all: Vec<Vec<u8>> =
                    shell.aliases.iter().map(|(name, _)| name.to_vec()).collect();
                all.extend(texts(&mut keywords));
                all.extend(functions());
                all.extend(texts(&mut builtins));
                all.extend(self.programs());
                all
            }
            "directory" => return self.paths(word, true),
            "file" => return self.paths(word, false),
            "export" => variables(Attrs::EXPORT),
            "variable" => variables(Attrs::NONE),
            "function" => functions().collect(),
            "keyword" => texts(&mut keywords),
            "setopt" => texts(&mut shell.options.list(Group::Set).map(|(opt, _)| opt.name())),
            "shopt" => texts(&mut shell.options.list(Group::Shopt).map(|(opt, _)| opt.name())),
            "signal" => {
                let named = (1..=SIGNAL_MAX).filter_map(signal_name);
                named.map(String::into_bytes).collect()
            }
            "job" | "running" => self
                .rt
                .jobs
                .jobs()
                .iter()
                .filter(|job| action == "job" || job.is_running())
                .map(|job| job.text.to_vec())
                .collect(),
            "user" => vec![shell.world.identity.user.to_vec()],
            "group" => vec![shell.world.identity.user.to_vec()],
            "hostname" => vec![shell.world.identity.host.to_vec()],
            _ => Vec::new(),
        };
        all.into_iter().filter(|one| one.starts_with(word)).collect()
    }

    fn programs(&self) -> Vec<Vec<u8>> {
        let path = lookup::path_variable(&self.shell);
        let mut found = BTreeSet::new();
        for dir in path.split(|&byte| byte == b':').filter(|dir| !dir.is_empty()) {
            let listed =
                self.shell.dirs.cwd.join(dir).and_then(|dir| self.shell.fs().read_dir(&dir));
            for entry in listed.unwrap_or_default() {
                found.insert(entry.name.to_vec());
            }
        }
        found.into_iter().collect()
    }

    fn paths(&self, word: &[u8], only_directories: bool) -> Vec<Vec<u8>> {
        let split = word.rfind_byte(b'/').map_or(0, |at| at + 1);
        let (dir, name) = word.split_at(split);
        let place: &[u8] = if dir.is_empty() { b"." } else { dir };
        let full = self.shell.dirs.cwd.join(place);
        let listed = full.and_then(|full| self.shell.fs().read_dir(&full));
        let mut found = Vec::new();
        for entry in listed.unwrap_or_default() {
            let hidden = entry.name.starts_with(b".") && !name.starts_with(b".");
            if !entry.name.starts_with(name) || hidden {
                continue;
            }
            let path = [dir, &entry.name].concat();
            let is_directory = || {
                let full = self.shell.dirs.cwd.join(&path);
                let stat = full.and_then(|full| self.shell.fs().metadata(&full));
                stat.is_ok_and(|stat| stat.is_directory())
            };
            if !only_directories || is_directory() {
                found.push(path);
            }
        }
        found
    }
}
