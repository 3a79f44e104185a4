//! Compiles the program and runs it for each input.

use std::collections::HashMap;

use super::compile::compile;
use super::error::Error;
use super::ir::Program;
use super::machine::Machine;
use super::meter::Meter;
use super::modules::Modules;
use super::options::Options;
use super::print::compact;
use super::runtime::Runtime;
use super::session::Session;
use super::value::Value;
use crate::prelude::*;

const COMPILE_ERROR: ExitStatus = ExitStatus(3);
const ERROR: ExitStatus = ExitStatus(5);

pub(super) fn run(ctx: &mut Context<'_>, mut options: Options) -> CommandResult {
    run_into(ctx, &mut options, None).map(|(status, _)| status)
}

/// Runs the program; with `captured`, results are added to it and given back instead of printed.
pub(super) fn run_into(
    ctx: &mut Context<'_>,
    options: &mut Options,
    captured: Option<Vec<u8>>,
) -> Result<(ExitStatus, Option<Vec<u8>>), CommandError> {
    let text = program_text(ctx, options)?;
    let program = {
        let mut modules = Modules { ctx, dirs: &options.library };
        compile(&text, &options.globals, &mut modules)
    };
    let program = match program {
        Ok(program) => program,
        Err(refusal) => {
            for message in &refusal.messages {
                ctx.complain(format_args!("error: {message}"))?;
            }
            let count = refusal.messages.len();
            ctx.complain(format_args!(
                "{count} compile error{}",
                if count == 1 { "" } else { "s" }
            ))?;
            return Err(CommandError::Exit(COMPILE_ERROR));
        }
    };
    let cancel = ctx.cancel.clone();
    let meter = Meter::new(&ctx.budget)?;
    let mut session = Session::new(ctx, options);
    session.captured = captured;
    let outcome = {
        let mut runtime = Runtime {
            host: &mut session,
            meter,
            cancel,
            environment: None,
            patterns: HashMap::new(),
        };
        run_all(&program, &mut runtime, options)
    };
    let status = match outcome {
        Ok(status) => status,
        Err(Error::Command(CommandError::Exit(status))) => status,
        Err(Error::Command(error)) => return Err(error),
        Err(Error::Halt(status, _)) => ExitStatus(status),
        Err(_) => ERROR,
    };
    // A file that cannot be read counts for more than what the program came to.
    let status = if session.unread { ExitStatus(2) } else { status };
    Ok((status, session.captured.take()))
}

/// The filter, from the operand or from the file that it names.
fn program_text(ctx: &mut Context<'_>, options: &mut Options) -> Result<String, CommandError> {
    let program = options.program.clone().unwrap_or_default();
    if !options.from_file {
        return Ok(String::from_utf8_lossy(&program).into_owned());
    }
    match ctx.open(&program).and_then(|mut input| input.rest()) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        Err(error) => {
            ctx.complain(format_args!("Could not open {program}: {error}"))?;
            Err(CommandError::Exit(ExitStatus(2)))
        }
    }
}

fn run_all(
    program: &Program,
    runtime: &mut Runtime<'_>,
    options: &Options,
) -> Result<ExitStatus, Error> {
    let mut status = ExitStatus::SUCCESS;
    let mut last: Option<Value> = None;
    let mut nothing = options.null_input.then_some(Value::Null);
    loop {
        let input = match nothing.take() {
            Some(null) => Some(null),
            None if options.null_input => None,
            None => runtime.input()?,
        };
        let Some(input) = input else { break };
        if run_one(program, runtime, input, &mut last)? {
            status = ERROR;
        }
        runtime.check()?;
    }
    if status == ExitStatus::SUCCESS && options.exit_status {
        return Ok(match last {
            None => ExitStatus(4),
            Some(value) if value.truth() => ExitStatus::SUCCESS,
            Some(_) => ExitStatus(1),
        });
    }
    Ok(status)
}

/// Prints the results for one input; true if an error ended them.
fn run_one(
    program: &Program,
    runtime: &mut Runtime<'_>,
    input: Value,
    last: &mut Option<Value>,
) -> Result<bool, Error> {
    let mut machine = Machine::new(program, runtime, input);
    let error = loop {
        match machine.next() {
            Ok(Some(value)) => match machine.runtime.host.emit(&value) {
                Ok(()) => *last = Some(value),
                Err(error) => break error,
            },
            Ok(None) => return Ok(false),
            Err(error) => break error,
        }
    };
    let host = &mut machine.runtime.host;
    match error {
        // An error without a message ends the results, no more.
        Error::Value(Value::Null) => Ok(false),
        Error::Value(value) => {
            let position = host.position();
            let line = match value.text() {
                Some(text) => format!("jq: error (at {position}): {text}\n"),
                None => format!("jq: error (at {position}) (not a string): {}\n", compact(&value)),
            };
            host.say(line.as_bytes())?;
            Ok(true)
        }
        Error::Break(_) => {
            host.say(format!("jq: error (at {}): break\n", host.position()).as_bytes())?;
            Ok(true)
        }
        Error::Halt(status, Some(message)) => {
            match message.text() {
                None if matches!(message, Value::Null) => {}
                Some(text) => host.say(text.as_bytes())?,
                None => host.say(format!("{}\n", compact(&message)).as_bytes())?,
            }
            Err(Error::Halt(status, None))
        }
        error => Err(error),
    }
}
