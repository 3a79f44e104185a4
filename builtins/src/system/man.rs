//! `man`, `apropos`, `whatis`: the manual, which is made of the commands' tables.

use crate::args::help_text;
use crate::prelude::*;

pub const MAN: Command = Command {
    name: "man",
    synopsis: "man NAME...\nman -k WORD...\nman -f NAME...",
    summary: "Show what there is to know of commands.",
    options: &[
        flag('k', "apropos", "commands whose name or summary has the word"),
        flag('f', "whatis", "one line for each command"),
        value('P', "pager", "PAGER", "(ignored)"),
    ],
    examples: &[Example {
        about: "One line.",
        script: "man -f true",
        prints: "true (1)             - Exit with a status code indicating success.\n",
    }],
    run: man,
    ..Command::BASE
};

/// `man` says so of what it does not find.
const NOT_FOUND: ExitStatus = ExitStatus(16);

fn line(command: &Command) -> String {
    let name = format!("{} (1)", command.name);
    let summary = command.summary.lines().next().unwrap_or_default();
    format!("{name:<20} - {summary}\n")
}

fn man(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        let text = if args.has('k') {
            "apropos what?\n"
        } else {
            "What manual page do you want?\nFor example, try 'man man'.\n"
        };
        ctx.stderr.put(text.as_bytes())?;
        return Ok(ExitStatus::FAILURE);
    }
    ctx.page();
    let mut status = ExitStatus::SUCCESS;
    // `man 1 ls`: the section is passed over.
    let is_section = |word: &BString| word.len() == 1 && word.iter().all(u8::is_ascii_digit);
    let several = args.operands().len() > 1;
    let words: Vec<_> =
        args.operands().iter().filter(|word| !(several && is_section(word))).collect();
    for word in words {
        if args.has('k') {
            let word = word.to_str_lossy().to_lowercase();
            let hit = |command: &&Command| {
                command.name.contains(&word) || command.summary.to_lowercase().contains(&word)
            };
            let lines: Vec<String> = ctx.registry.iter().filter(hit).map(line).collect();
            if lines.is_empty() {
                ctx.stderr.put(format!("{word}: nothing appropriate.\n").as_bytes())?;
                status = NOT_FOUND;
            }
            ctx.stdout.put(lines.concat().as_bytes())?;
            continue;
        }
        match ctx.registry.get(word.as_bstr()) {
            Some(command) if args.has('f') => ctx.stdout.put(line(command).as_bytes())?,
            Some(command) => ctx.stdout.put(help_text(command).as_bytes())?,
            None => {
                let text = match args.has('f') {
                    true => format!("{word}: nothing appropriate.\n"),
                    false => format!("No manual entry for {word}\n"),
                };
                ctx.stderr.put(text.as_bytes())?;
                status = NOT_FOUND;
            }
        }
    }
    Ok(status)
}
