//! `kill`: signals to virtual processes and jobs.

use bstr::ByteSlice;

use super::{Call, Special, trap};
use crate::eval::{Eval, Step, Unwind};
use crate::state::signal::{SIGTERM, signal_name, signal_number};
use crate::state::{Event, Str};

pub const KILL: Special = Special {
    name: "kill",
    synopsis: "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]",
    summary: "Send a signal to a job.",
    run: kill,
    ..Special::BASE
};

fn kill(eval: &mut Eval, call: &Call<'_>) -> Step {
    let mut args = call.args.iter();
    let mut number = SIGTERM;
    let mut targets: Vec<&Str> = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_bytes() {
            b"-l" | b"-L" => return list(eval, call, args.as_slice()),
            b"-s" | b"-n" => {
                let Some(name) = args.next() else {
                    eval.say(call, &[arg, b": option requires an argument"]);
                    return Ok(1);
                };
                match signal(name) {
                    Some(known) => number = known,
                    None => return eval.fail(call, &[name, b": invalid signal specification"]),
                }
            }
            b"--" => {
                targets.extend(args);
                break;
            }
            b"-?" => return eval.usage(call),
            text if text.first() == Some(&b'-') && text.len() > 1 => {
                let name = text.get(1..).unwrap_or_default();
                match signal(name) {
                    Some(known) => number = known,
                    None => return eval.fail(call, &[name, b": invalid signal specification"]),
                }
                targets.extend(args);
                break;
            }
            _ => {
                targets.push(arg);
                targets.extend(args);
                break;
            }
        }
    }
    if targets.is_empty() {
        return eval.usage(call);
    }
    let mut any = false;
    for target in targets {
        any |= send(eval, call, target, number);
    }
    // A signal to this shell acts before its next command.
    if eval.shell.cancel.is_cancelled() {
        return Err(Unwind::Abort);
    }
    Ok(u8::from(!any))
}

/// A signal by name or number; 0 tests whether the process is there.
fn signal(text: &[u8]) -> Option<u8> {
    if text == b"0" || text.eq_ignore_ascii_case(b"EXIT") {
        return Some(0);
    }
    match Event::parse(text)? {
        Event::Signal(number) => Some(number),
        _ => None,
    }
}

/// Sends it; true if somebody got it.
fn send(eval: &mut Eval, call: &Call<'_>, target: &Str, number: u8) -> bool {
    if target.starts_with(b"%") {
        let Ok(job) = eval.rt.jobs.find(target.as_bstr()) else {
            eval.say(call, &[target, b": no such job"]);
            return false;
        };
        let running: Vec<_> =
            job.children.iter().filter(|child| child.status().is_none()).cloned().collect();
        for child in &running {
            child.process.signal(number);
        }
        return !running.is_empty() || number == 0;
    }
    let Some(pid) = target.to_str().ok().and_then(|text| text.parse::<i64>().ok()) else {
        eval.say(call, &[target, b": arguments must be process or job IDs"]);
        return false;
    };
    let processes = &eval.rt.realm.processes;
    // The shell's own group is the shell: what it started in the foreground ends with it.
    let process =
        if pid == 0 { processes.get(eval.shell.world.pid) } else { processes.get(pid.abs()) };
    match process {
        Some(process) => {
            process.signal(number);
            true
        }
        None => {
            eval.say(call, &[b"(", target, b") - No such process"]);
            false
        }
    }
}

/// `kill -l`
fn list(eval: &mut Eval, call: &Call<'_>, args: &[Str]) -> Step {
    if args.is_empty() {
        return eval.print(call, trap::signal_list());
    }
    let mut out = String::new();
    let mut status = 0;
    for arg in args {
        let number = arg.to_str().ok().and_then(|text| text.parse::<u32>().ok());
        let line = match number {
            Some(0) => Some("EXIT".to_owned()),
            Some(number) => {
                // The status of what a signal ended names it too.
                let number = if number > 128 { number - 128 } else { number };
                let name = u8::try_from(number).ok().and_then(signal_name);
                name.map(|name| name.trim_start_matches("SIG").to_owned())
            }
            None => signal_number(arg).map(|number| number.to_string()),
        };
        match line {
            Some(line) => {
                out.push_str(&line);
                out.push('\n');
            }
            None => {
                eval.say(call, &[arg, b": invalid signal specification"]);
                status = 1;
            }
        }
    }
    Ok(eval.print(call, out.into_bytes())?.max(status))
}
