//! `trap`.

use mesash_builtins::core::shell_quote;

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::job::process::Disposition;
use crate::state::signal::{SIGNAL_MAX, signal_name};
use crate::state::{Event, Str, Trap};

pub const TRAP: Special = Special {
    name: "trap",
    synopsis: "[-lp] [[arg] signal_spec ...]",
    summary: "Trap signals and other events.",
    run: trap,
    ..Special::BASE
};

/// How many signals `-l` shows on a line.
const COLUMNS: usize = 5;

/// The signals with their numbers, in columns.
pub fn signal_list() -> Vec<u8> {
    let mut out = String::new();
    let mut column = 0;
    for number in 1..=SIGNAL_MAX {
        let Some(name) = signal_name(number) else { continue };
        column += 1;
        out.push_str(&format!("{number:2}) {name}"));
        if column == COLUMNS {
            out.push('\n');
            column = 0;
        } else {
            out.push('\t');
        }
    }
    if column > 0 {
        out.push('\n');
    }
    out.into_bytes()
}

fn line(event: Event, trap: &Trap) -> Vec<u8> {
    let command = shell_quote::single(&trap.command);
    [b"trap -- ", command.as_slice(), b" ", event.to_string().as_bytes(), b"\n"].concat()
}

fn trap(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "lp") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if given.has(b'l') {
        return eval.print(call, signal_list());
    }
    if given.has(b'p') || given.rest.is_empty() {
        return show(eval, call, given.rest);
    }
    let Some((first, more)) = given.rest.split_first() else { return Ok(0) };
    let number = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    let resets = first.as_bytes() == b"-";
    let (command, events) = match more {
        [] if Event::parse(first).is_some() => (None, given.rest),
        [] => return eval.usage(call),
        _ if number && Event::parse(first).is_some() => (None, given.rest),
        _ if resets => (None, more),
        _ => (Some(first), more),
    };
    let mut status = 0;
    for name in events {
        match Event::parse(name) {
            Some(event) => set(eval, event, command),
            None => {
                eval.say(call, &[name, b": invalid signal specification"]);
                status = 1;
            }
        }
    }
    Ok(status)
}

fn show(eval: &mut Eval, call: &Call<'_>, names: &[Str]) -> Step {
    let mut out = Vec::new();
    let mut status = 0;
    if names.is_empty() {
        for (event, trap) in eval.shell.traps.iter() {
            out.extend_from_slice(&line(event, trap));
        }
    }
    for name in names {
        match Event::parse(name) {
            Some(event) => {
                if let Some(trap) = eval.shell.traps.get(event) {
                    out.extend_from_slice(&line(event, trap));
                }
            }
            None => {
                eval.say(call, &[name, b": invalid signal specification"]);
                status = 1;
            }
        }
    }
    Ok(eval.print(call, out)?.max(status))
}

/// Sets a trap, or takes it away.
fn set(eval: &mut Eval, event: Event, command: Option<&Str>) {
    if eval.shell.traps.get(event).is_some_and(|trap| trap.fixed) {
        return;
    }
    eval.rt.hidden.reveal(event);
    let disposition = match command {
        None => Disposition::Default,
        Some(command) if command.is_empty() => Disposition::Ignored,
        Some(_) => Disposition::Caught,
    };
    if let Event::Signal(number) = event {
        // These two can be neither caught nor ignored, and are not listed either.
        if !matches!(number, 9 | 19) {
            eval.rt.process.set_disposition(number, disposition);
        }
    }
    match command {
        Some(command) => eval.shell.traps.set(event, command.clone()),
        None => drop(eval.shell.traps.remove(event)),
    }
}
