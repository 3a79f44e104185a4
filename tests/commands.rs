//! `docs/commands.md` is what the tables say: every command with its options, and the options of the
//! real tool that it lacks.
//!
//! `MESASH_BLESS=1` writes the page anew; the last column is counted then, from the `--help` of the
//! tools that this machine has. Without it only what the tables know is compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command as Program, Stdio};

use mesash_builtins::args::help_text;
use mesash_builtins::command::Command;
use mesash_builtins::registry::Registry;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
const HEAD: &str = "\
# The commands

Made from the commands' tables by `MESASH_BLESS=1 cargo test --test commands`. The last column has the options that the
real tool's `--help` names and ours lacks; `-` where this machine had no tool of that name. What bash builds in
(`cd`, `read`, `set` and the like) is told by `help`.

| command | options | lacking |
|---|---|---|
";

/// The options that a help text names, wherever it does.
fn options(help: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut found = BTreeSet::new();
    let mut before = ' ';
    for (at, letter) in help.char_indices() {
        let starts = letter == '-' && (before.is_whitespace() || "[,(|/'`".contains(before));
        before = letter;
        if !starts {
            continue;
        }
        let text = help.get(at..).unwrap_or_default();
        let end = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
        let option = text.get(..end).unwrap_or_default().trim_end_matches('-');
        let name = option.trim_start_matches('-');
        let named = match option.len() - name.len() {
            // `-NUM` and the like stand for a value.
            1 => name.len() == 1 || name.starts_with(|letter: char| letter.is_ascii_lowercase()),
            2 => name.len() > 1,
            _ => false,
        };
        // These every command has.
        let common = matches!(option, "--help" | "--version");
        if named && !common && name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
            found.insert(option.to_owned());
        }
    }
    found
}

/// What the real tool's help says; `None` if there is none here.
fn real_help(name: &str) -> Option<String> {
    let path = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(name));
    let program = path.into_iter().find(|path| path.exists())?;
    let argument = if name == "find" { "-help" } else { "--help" };
    let mut run = Program::new(program);
    run.arg(argument).env("LC_ALL", "C").stdin(Stdio::null());
    let output = run.output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&said).into_owned())
}

fn joined<'a>(options: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<_> = options.into_iter().map(|option| format!("`{option}`")).collect();
    quoted.join(" ")
}

/// The first two cells of a command's row.
fn known(command: &Command) -> String {
    format!("| `{}` | {} |", command.name, joined(&options(&help_text(command))))
}

fn lacking(command: &Command) -> String {
    let ours = options(&help_text(command));
    real_help(command.name).map_or("-".into(), |help| joined(options(&help).difference(&ours)))
}

#[test]
fn the_page_says_what_the_tables_say() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::standard();
    if std::env::var_os("MESASH_BLESS").is_some() {
        let mut page = HEAD.to_owned();
        for command in registry.iter() {
            writeln!(page, "{} {} |", known(command), lacking(command))?;
        }
        std::fs::write(PAGE, page)?;
    }
    let page = std::fs::read_to_string(PAGE)?;
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), registry.iter().count(), "MESASH_BLESS=1 writes docs/commands.md");
    for (row, command) in rows.iter().zip(registry.iter()) {
        assert!(row.starts_with(&known(command)), "MESASH_BLESS=1 writes docs/commands.md: {row}");
    }
    Ok(())
}

#[test]
fn options_are_found_in_help() {
    let help = "Usage: x [-ab] [-c]\n  -n, --lines=NUM  like -t\n\t-f progfile\t--file=p\n -NUM - -- multi-byte";
    let found: Vec<_> = options(help).into_iter().collect();
    assert_eq!(found, ["--file", "--lines", "-ab", "-c", "-f", "-n", "-t"]);
}
