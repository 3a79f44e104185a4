//! The commands that PATH look-up leads to, by name.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bstr::{BStr, BString, ByteSlice};
use mesafs::Errno;

use crate::args::{Args, Parsed, help_text, version_text};
use crate::command::{Command, CommandError, CommandResult, ExitStatus, Order};
use crate::context::Context;

/// A table of commands.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    commands: BTreeMap<&'static str, &'static Command>,
}

impl Registry {
    /// Every command of this crate.
    #[must_use]
    pub fn standard() -> Self {
        let all = crate::GROUPS.iter().flat_map(|group| group.iter());
        let commands = all.map(|command| (command.name, *command));
        Self { commands: commands.collect() }
    }

    #[must_use]
    pub fn get(&self, name: &BStr) -> Option<&'static Command> {
        self.commands.get(name.to_str().ok()?).copied()
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Command> {
        self.commands.values().copied()
    }
}

/// The status of a command that a panic ended (as an abort would: 128 + SIGABRT).
const PANICKED: ExitStatus = ExitStatus(134);

/// Runs a command to its end: reads its arguments, runs it, says what ended it early, and flushes.
/// `argv` is without the name. A panic costs this command only.
pub fn run(command: &Command, ctx: &mut Context<'_>, argv: &[BString]) -> ExitStatus {
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(command, ctx, argv)));
    let status = match outcome {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => explain(command, ctx, error),
        Err(_) => {
            let _ = ctx.complain("internal error (please report it)");
            PANICKED
        }
    };
    match ctx.stdout.flush() {
        Ok(()) => status,
        Err(error) => status.or(explain(command, ctx, error.into())),
    }
}

fn dispatch(command: &Command, ctx: &mut Context<'_>, argv: &[BString]) -> CommandResult {
    // As getopt(3) has it, the first operand ends the options then.
    let posix = command.order == Order::Permute && ctx.var("POSIXLY_CORRECT").is_some();
    let order = if posix { Order::First } else { command.order };
    match Args::parse(&Command { order, ..*command }, argv) {
        Ok(Parsed::Run(args)) => (command.run)(ctx, &args),
        Ok(Parsed::Help) => {
            ctx.page();
            ctx.stdout.put(help_text(command).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Ok(Parsed::Version) => {
            ctx.stdout.put(version_text(command).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Err(message) => Err(CommandError::Usage(message)),
    }
}

fn explain(command: &Command, ctx: &mut Context<'_>, error: CommandError) -> ExitStatus {
    // Whoever stopped reading standard error gets no message; the status still tells.
    match error {
        CommandError::Argument(message) => {
            explain(command, ctx, CommandError::Usage(message));
            ExitStatus::FAILURE
        }
        CommandError::Usage(message) => {
            if !message.is_empty() {
                let _ = ctx.complain(message);
            }
            if command.usage_shows_synopsis {
                let _ = ctx.stderr.put(format!("Usage: {}\n", command.synopsis).as_bytes());
            }
            let name = ctx.name.clone();
            let hint = [b"Try '", name.as_bytes(), b" --help' for more information.\n"].concat();
            let _ = ctx.stderr.put(&hint);
            ExitStatus(command.usage_status)
        }
        CommandError::Fail(message, status) => {
            let _ = ctx.complain_bytes(&message);
            status
        }
        CommandError::Exit(status) => status,
        CommandError::Limit(limit) => {
            let _ = ctx.complain(limit);
            ExitStatus::FAILURE
        }
        CommandError::Stream(error) => match error.errno() {
            Errno::Pipe => ExitStatus(141),
            Errno::Canceled => {
                ExitStatus(ctx.cancel.reason().map_or(130, crate::cancel::Reason::status))
            }
            _ => {
                let _ = ctx.complain(format_args!("write error: {error}"));
                ExitStatus(command.usage_status)
            }
        },
    }
}
