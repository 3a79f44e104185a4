//! `help`, and what `--help` says.

use bstr::ByteSlice as _;
use mesash_builtins::HISTORY;
use mesash_builtins::args::help_text;

use super::{ALL, Call, Special, options};
use crate::eval::{Eval, Step, expand};
use crate::state::{Opt, names};

pub const HELP: Special = Special {
    name: "help",
    synopsis: "[-dms] [pattern ...]",
    summary: "Display information about builtin commands.",
    run: help,
    ..Special::BASE
};

/// Builtins for which `--help` is an argument like any other.
const PLAIN: &[&str] = &[":", "[", "bind", "echo", "false", "test", "true"];

/// What isn't a builtin: name, usage, summary.
const KEYWORDS: &[(&str, &str, &str)] = &[
    ("%", "job_spec [&]", "Resume job in foreground."),
    ("(( ... ))", "(( expression ))", "Evaluate arithmetic expression."),
    ("[[ ... ]]", "[[ expression ]]", "Execute conditional command."),
    (
        "case",
        "case WORD in [PATTERN [| PATTERN]...) COMMANDS ;;]... esac",
        "Execute commands based on pattern matching.",
    ),
    ("coproc", "coproc [NAME] command [redirections]", "Create a coprocess named NAME."),
    (
        "for",
        "for NAME [in WORDS ... ] ; do COMMANDS; done",
        "Execute commands for each member in a list.",
    ),
    ("for ((", "for (( exp1; exp2; exp3 )); do COMMANDS; done", "Arithmetic for loop."),
    (
        "function",
        "function name { COMMANDS ; } or name () { COMMANDS ; }",
        "Define shell function.",
    ),
    (
        "if",
        "if COMMANDS; then COMMANDS; [ elif COMMANDS; then COMMANDS; ]... [ else COMMANDS; ] fi",
        "Execute commands based on conditional.",
    ),
    (
        "select",
        "select NAME [in WORDS ... ;] do COMMANDS; done",
        "Select words from a list and execute commands.",
    ),
    ("time", "time [-p] pipeline", "Report time consumed by pipeline's execution."),
    (
        "until",
        "until COMMANDS; do COMMANDS-2; done",
        "Execute commands as long as a test does not succeed.",
    ),
    (
        "variables",
        "variables - Names and meanings of some shell variables",
        "Common shell variable names and usage.",
    ),
    (
        "while",
        "while COMMANDS; do COMMANDS-2; done",
        "Execute commands as long as a test succeeds.",
    ),
    ("{ ... }", "{ COMMANDS ; }", "Group commands as a unit."),
];

/// Something that `help` knows of.
#[derive(Debug, Clone)]
pub struct Topic {
    pub name: &'static str,
    usage: String,
    summary: &'static str,
    /// As `enable -n` changes it; true for what is no builtin.
    enabled: bool,
}

fn usage_of(builtin: &Special) -> String {
    format!("{} {}", builtin.name, builtin.synopsis).trim_end().to_owned()
}

/// All topics, sorted.
pub fn topics(eval: &Eval) -> Vec<Topic> {
    let builtins = ALL.iter().map(|builtin| Topic {
        name: builtin.name,
        usage: usage_of(builtin),
        summary: builtin.summary,
        enabled: eval.rt.builtins.is_enabled(builtin.name.as_bytes()),
    });
    let keywords = KEYWORDS.iter().map(|&(name, usage, summary)| Topic {
        name,
        usage: usage.to_owned(),
        summary,
        enabled: true,
    });
    let mut all: Vec<Topic> = builtins.chain(keywords).collect();
    all.sort_by_key(|topic| topic.name);
    all
}

/// Whether `NAME --help` explains the builtin.
pub fn answers(name: &str) -> bool {
    !PLAIN.contains(&name)
}

fn explained(name: &str, usage: &str, summary: &str) -> String {
    format!("{name}: {usage}\n    {summary}\n")
}

/// What `NAME --help` prints.
pub fn about(builtin: &Special) -> Vec<u8> {
    explained(builtin.name, &usage_of(builtin), builtin.summary).into_bytes()
}

fn help(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "dms") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let topics = topics(eval);
    if given.rest.is_empty() {
        let mut text = overview(eval, &topics);
        if eval.shell.options.has(Opt::Interactive) {
            text = format!("{}\n{text}", introduction(eval));
        }
        return eval.print_paged(call, text.into_bytes());
    }
    let mut out = Vec::new();
    if given.rest.iter().any(|pattern| pattern.iter().any(|byte| b"*?[".contains(byte))) {
        let kind: &[u8] = if given.rest.len() > 1 { b"keywords" } else { b"keyword" };
        let list = bstr::join(", ", given.rest);
        out.extend([b"Shell commands matching ", kind, b" `", &list, b"'\n\n"].concat());
    }
    let mut status = 0;
    let mut found = Vec::new();
    for pattern in given.rest {
        let before = found.len();
        let exact = topics.iter().find(|topic| topic.name.as_bytes() == pattern.as_bytes());
        match exact {
            Some(topic) => found.push(topic),
            None => found.extend(topics.iter().filter(|topic| {
                let name = topic.name.as_bytes();
                name.starts_with(pattern) || expand::text_matches(&eval.shell, pattern, name)
            })),
        }
        if found.len() == before {
            if let Some(text) = command(eval, pattern) {
                out.extend_from_slice(text.as_bytes());
                continue;
            }
            let first: &[u8] = b"no help topics match `";
            let (then, last) = (b"'.  Try `help help' or `man -k ", b"' or `info ");
            eval.say(call, &[first, pattern, then, pattern, last, pattern, b"'."]);
            status = 1;
        }
    }
    for topic in found {
        let Topic { name, usage, summary, .. } = topic;
        let text = if given.has(b'd') {
            format!("{name} - {summary}\n")
        } else if given.has(b's') {
            format!("{name}: {usage}\n")
        } else if given.has(b'm') {
            format!(
                "NAME\n    {name} - {summary}\n\nSYNOPSIS\n    {usage}\n\nDESCRIPTION\n    \
                 {summary}\n\n"
            )
        } else {
            explained(name, usage, summary)
        };
        out.extend_from_slice(text.as_bytes());
    }
    Ok(eval.print_paged(call, out)?.max(status))
}

/// What the table of a command says: `ls`, `changes`, `changes new`.
fn command(eval: &Eval, name: &[u8]) -> Option<String> {
    let registry = &eval.rt.realm.registry;
    let found = registry.get(name.as_bstr()).or_else(|| {
        let family = registry.get(name.split_str(" ").next()?.as_bstr())?;
        family.subcommands.iter().copied().find(|sub| sub.name.as_bytes() == name)
    });
    found.map(help_text)
}

/// What there is beside bash's own, for a person.
fn introduction(eval: &Eval) -> String {
    let mut text = String::from(
        "mesash: Bash on /ORG/REPO. Every edit is kept in a change that can be named, compared, taken back and\n\
         shared. `help NAME', `NAME --help' and `man NAME' tell about a command; Tab completes.\n\n",
    );
    for command in HISTORY {
        let summary = command.summary.lines().next().unwrap_or_default();
        text.push_str(&format!("  {:<11}{summary}\n", command.name));
    }
    text.push_str("\nAnd these, in /bin:\n\n");
    let names: Vec<&str> = eval.rt.realm.registry.iter().map(|command| command.name).collect();
    let names = names.into_iter();
    let names = names.filter(|name| HISTORY.iter().all(|command| command.name != *name));
    let mut row = String::new();
    for name in names {
        if row.len() + name.len() > ROW_LETTERS {
            text.push_str(&format!("  {}\n", row.trim_end()));
            row.clear();
        }
        row.push_str(name);
        row.push(' ');
    }
    text.push_str(&format!("  {}\n", row.trim_end()));
    text
}

/// How long a row of names may be.
const ROW_LETTERS: usize = 74;

/// All usage lines in two columns, cut to the width.
fn overview(eval: &Eval, topics: &[Topic]) -> String {
    let mut out = String::from(
        "These shell commands are defined internally.  Type `help' to see this list.\n\
         Type `help name' to find out more about the function `name'.\n\n\
         A star (*) next to a name means that the command is disabled.\n\n",
    );
    let columns = eval.shell.scalar(names::COLUMNS);
    let columns = columns.and_then(|text| std::str::from_utf8(&text).ok()?.parse::<usize>().ok());
    let half = columns.filter(|&width| width > 7).unwrap_or(80) / 2;
    let cell = |topic: &Topic, width: usize| {
        let star = if topic.enabled { ' ' } else { '*' };
        let cut = topic.usage.chars().count() > width;
        let text: String = topic.usage.chars().take(if cut { width - 1 } else { width }).collect();
        format!("{star}{text}{}", if cut { ">" } else { "" })
    };
    let rows = topics.len().div_ceil(2);
    let (left, right) = topics.split_at(rows.min(topics.len()));
    for (row, topic) in left.iter().enumerate() {
        let one = cell(topic, half - 2);
        match right.get(row) {
            Some(other) => out.push_str(&format!("{one:half$}{}\n", cell(other, half - 3))),
            None => out.push_str(&format!("{one}\n")),
        }
    }
    out
}
