//! Pipelines: stages that run at the same time, `!` and `time`.

use std::sync::Arc;

use mesash_builtins::stream::pipe;

use super::subshell::{self, Joined};
use super::{Eval, Step, Unwind, time};
use crate::state::{Fd, Opt, PipeStatus};
use crate::syntax::ast::{Command, CommandKind, Pipeline};

#[inline]
pub fn run(eval: &mut Eval, node: &Pipeline) -> Step {
    if node.time.is_none()
        && !node.negated
        && let [command] = &*node.commands
    {
        return eval.command(command);
    }
    whole(eval, node)
}

fn whole(eval: &mut Eval, node: &Pipeline) -> Step {
    let started = node.time.map(|format| (format, time::Started::now(eval)));
    let ignored = eval.rt.errexit_ignored;
    // As in bash, `!` hides what fails within it from an ERR trap only under `set -e`.
    eval.rt.errexit_ignored |= node.negated && eval.shell.options.has(Opt::ErrExit);
    let outer = std::mem::replace(&mut eval.rt.negated, node.negated && is_one(&node.commands));
    let step = match &*node.commands {
        [] => Ok(0),
        [command] => eval.command(command),
        _ => stages(eval, &node.commands),
    };
    eval.rt.errexit_ignored = ignored;
    eval.rt.negated = outer;
    if let Some((format, started)) = started {
        time::report(eval, format, &started);
    }
    let turned = |status| if node.negated { u8::from(status == 0) } else { status };
    let status = match step {
        Ok(status) => turned(status),
        Err(unwind) => {
            if matches!(unwind, Unwind::Break(_) | Unwind::Continue(_)) {
                eval.shell.status = turned(eval.shell.status);
            }
            return Err(unwind);
        }
    };
    eval.shell.status = status;
    Ok(status)
}

/// Whether no other command stands directly within this: those have failures of their own.
fn is_one(commands: &[Command]) -> bool {
    match commands {
        [command] => matches!(
            command.kind,
            CommandKind::Simple(_)
                | CommandKind::Subshell(_)
                | CommandKind::Cond(_)
                | CommandKind::Arith(_)
        ),
        _ => true,
    }
}

fn stages(eval: &mut Eval, commands: &Arc<[Command]>) -> Step {
    let last = commands.len() - 1;
    let mut running: Vec<Joined> = Vec::with_capacity(last);
    let mut input: Option<Fd> = None;
    for at in 0..last {
        let (reader, writer) = pipe();
        announced(eval, commands.get(at))?;
        let mut stage = eval.subshell();
        stage.rt.announced = true;
        if let Some(input) = input.take() {
            stage.shell.fds.set(0, Some(input));
        }
        stage.shell.fds.set(1, Some(Fd::writing(writer)));
        input = Some(Fd::reading(reader));
        if let Some(command) = commands.get(at) {
            subshell::not_deeper(&mut stage, command, eval.rt.loops);
        }
        let commands = Arc::clone(commands);
        let started = subshell::start(eval, stage, move |stage| match commands.get(at) {
            Some(command) => subshell::own(stage, command),
            None => Ok(0),
        });
        match started {
            Ok(joined) => running.push(joined),
            Err(unwind) => {
                drop(input);
                subshell::join_all(&running);
                return Err(unwind);
            }
        }
    }
    let Some(command) = commands.get(last) else { return Ok(0) };
    let own = eval.shell.options.has(Opt::LastPipe) && !eval.shell.options.has(Opt::Monitor);
    let outcome = if own {
        here(eval, command, input)
    } else {
        announced(eval, Some(command)).and_then(|()| copied(eval, command, input))
    };
    // The stages end by themselves now that nobody reads, or because the process was cancelled.
    let mut statuses = subshell::join_all(&running);
    let status = outcome?;
    statuses.push(status);
    eval.shell.pipe_status = PipeStatus::from(&statuses[..]);
    let pipefail = eval.shell.options.has(Opt::PipeFail);
    let failed = statuses.iter().rev().copied().find(|&status| status != 0);
    eval.finish(if pipefail { failed.unwrap_or(0) } else { status })
}

/// The DEBUG trap of a simple command that becomes a process runs before that is made.
pub(super) fn announced(eval: &mut Eval, command: Option<&Command>) -> Result<(), Unwind> {
    if let Some(command) = command.filter(|command| matches!(command.kind, CommandKind::Simple(_)))
        && !eval.shell.traps.is_empty()
    {
        eval.shell.line = command.line;
        eval.debug_trap(command)?;
    }
    Ok(())
}

/// `lastpipe`: the last stage is the shell itself.
fn here(eval: &mut Eval, command: &Command, input: Option<Fd>) -> Result<u8, Unwind> {
    let before = eval.shell.fds.set(0, input);
    let ignored = std::mem::replace(&mut eval.rt.errexit_ignored, true);
    let step = eval.command(command);
    eval.rt.errexit_ignored = ignored;
    eval.shell.fds.set(0, before);
    step
}

fn copied(eval: &mut Eval, command: &Command, input: Option<Fd>) -> Result<u8, Unwind> {
    let loops = eval.rt.loops;
    subshell::isolated(eval, move |stage| {
        stage.shell.fds.set(0, input);
        stage.rt.announced = true;
        subshell::not_deeper(stage, command, loops);
        subshell::own(stage, command)
    })
}
