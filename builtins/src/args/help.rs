//! `--help` and `--version`, drawn from a command's table.

use std::fmt::Write;

use super::{Opt, Takes};
use crate::command::Command;

/// The column where an option's explanation starts.
const HELP_COLUMN: usize = 28;

/// What `NAME --help` prints: the forms, examples, then options.
#[must_use]
pub fn help_text(command: &Command) -> String {
    let mut text = String::new();
    for (n, form) in command.synopsis.lines().enumerate() {
        let lead = if n == 0 { "Usage:" } else { "  or: " };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{lead} {form}");
    }
    let _ = writeln!(text, "{}", command.summary);
    for example in command.examples {
        let _ = write!(text, "\n{}\n", example.about);
        for script in example.script.lines() {
            let _ = writeln!(text, "    {script}");
        }
    }
    // What has no explanation is only understood.
    let mut options = command.options.iter().filter(|opt| !opt.help.is_empty()).peekable();
    if options.peek().is_some() {
        text.push_str("\nOptions:\n");
    }
    for opt in options {
        line(&mut text, &spelled(opt), opt.help);
    }
    if !command.words.is_empty() {
        text.push_str("\nThe expression may hold:\n");
    }
    for words in command.words {
        let _ = writeln!(text, "  {words}");
    }
    if !command.subcommands.is_empty() {
        text.push_str("\nSubcommands:\n");
    }
    for sub in command.subcommands {
        line(&mut text, sub.name, sub.summary.lines().next().unwrap_or_default());
    }
    text
}

/// What `NAME --version` prints.
#[must_use]
pub fn version_text(command: &Command) -> String {
    format!("{} (mesash) {}\n", command.name, env!("CARGO_PKG_VERSION"))
}

fn spelled(opt: &Opt) -> String {
    let argument = |lead: &str| match opt.takes {
        Takes::Nothing => String::new(),
        Takes::Value(name) => format!("{lead}{name}"),
        Takes::Optional(name) => format!("[{lead}{name}]"),
    };
    match (opt.short, opt.long) {
        (Some(short), Some(long)) => format!("-{short}, --{long}{}", argument("=")),
        (Some(short), None) => format!("-{short}{}", argument(" ")),
        (None, Some(long)) => format!("    --{long}{}", argument("=")),
        (None, None) => String::new(),
    }
}

fn line(text: &mut String, spelled: &str, help: &str) {
    let pad = HELP_COLUMN - 2;
    let _ = if spelled.len() < pad {
        writeln!(text, "  {spelled:pad$}{help}")
    } else {
        writeln!(text, "  {spelled}\n{:HELP_COLUMN$}{help}", "")
    };
}
