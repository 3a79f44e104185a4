//! Commands that have subcommands: `changes new`, `bookmarks move`.

use super::near;
use crate::args::{Parsed, help_text, version_text};
use crate::prelude::*;

/// A command with its subcommands. The names of these are whole: `changes new`.
pub(super) struct Family {
    pub command: &'static Command,
    /// What runs without a subcommand; its name is the command's.
    pub default: &'static Command,
    /// Words that jj has for some of its subcommands and for other commands, each with the one here.
    pub known_as: &'static [(&'static str, &'static str)],
}

/// Finds the subcommand that `argv` begins with, and runs it. Usage errors carry its name.
pub(super) fn dispatch(ctx: &mut Context<'_>, family: &Family, argv: &[BString]) -> CommandResult {
    let (command, rest) = match argv.split_first() {
        Some((first, _)) if first == "--help" => {
            ctx.page();
            ctx.stdout.put(help_text(family.command).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Some((first, rest)) if !first.starts_with(b"-") => match find(family, first) {
            Some(command) => (command, rest),
            None => return Err(unknown(family, first.as_bstr())),
        },
        _ => (family.default, argv),
    };
    let result = match Args::parse(command, rest) {
        Ok(Parsed::Run(args)) => (command.run)(ctx, &args),
        Ok(Parsed::Help) => {
            ctx.page();
            ctx.stdout.put(help_text(command).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Ok(Parsed::Version) => {
            ctx.stdout.put(version_text(family.command).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Err(message) => Err(usage(message)),
    };
    if let Err(CommandError::Usage(_)) = result {
        ctx.name = command.name.into();
    }
    result
}

/// Says that there is no subcommand `word`, and which may have been meant.
fn unknown(family: &Family, word: &BStr) -> CommandError {
    let message = format!("unknown subcommand '{word}'");
    let known = family.known_as.iter().find(|(other, _)| word == other.as_bytes());
    if let Some((_, own)) = known {
        return usage(format!("{message}: it is '{own}' here"));
    }
    let subcommands = family.command.subcommands;
    let names = subcommands.iter().filter_map(|command| command.name.split(' ').nth(1));
    let near = near::meant(&word.to_str_lossy(), names.map(str::to_owned));
    usage(message + &near)
}

fn find(family: &Family, word: &[u8]) -> Option<&'static Command> {
    let last = |command: &&&Command| command.name.as_bytes().rsplit_str(" ").next() == Some(word);
    family.command.subcommands.iter().find(last).copied()
}

/// For what may be long on a terminal.
pub(super) const NO_PAGER: Opt = long("no-pager", "do not stop at each full screen");

/// Stops at each full screen, if a person reads it.
pub(super) fn page(ctx: &mut Context<'_>, args: &Args) {
    if !args.has("no-pager") && !args.has("json") {
        ctx.page();
    }
}

/// Refuses operands past the `max`th.
pub(super) fn at_most(args: &Args, max: usize) -> Result<(), CommandError> {
    match args.operands().get(max) {
        Some(extra) => Err(usage(format!("extra operand '{extra}'"))),
        None => Ok(()),
    }
}

/// An option's value or an operand that must be text.
pub(super) fn text<'a>(what: &str, value: &'a BStr) -> Result<&'a str, CommandError> {
    value.to_str().map_err(|_| usage(format!("{what} is not UTF-8: '{value}'")))
}
