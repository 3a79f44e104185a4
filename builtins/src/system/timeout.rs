//! `timeout`: run a command with a time limit.
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::sleep::interval_s;
use crate::cancel::Reason;
use crate::prelude::*;

pub const TIMEOUT: Command = Command {
    name: "timeout",
    synopsis: "timeout [OPTION] DURATION COMMAND [ARG]...",
    summary: "Start COMMAND, and kill it if still running after DURATION.\n\nDURATION is a floating point number with an optional suffix:\n's' for seconds (the default), 'm' for minutes, 'h' for hours or 'd' for days.",
    options: &[
        long(
            "preserve-status",
            "exit with the same status as COMMAND, even when the command times out",
        ),
        long("foreground", "(accepted)"),
        value(
            'k',
            "kill-after",
            "DURATION",
            "also send a KILL signal if COMMAND is still running this long after the initial signal was sent",
        ),
        value('s', "signal", "SIGNAL", "specify the signal to be sent on timeout"),
        flag('v', "verbose", "diagnose to stderr any signal sent upon timeout"),
    ],
    examples: &[Example {
        about: "A command that takes too long.",
        script: "timeout 0.05 sleep 10; echo $?",
        prints: "124\n",
    }],
    order: Order::First,
    usage_status: 125,
    run: timeout,
    ..Command::BASE
};

const SIGNALS: &[(&str, u8)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ABRT", 6),
    ("KILL", 9),
    ("USR1", 10),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
];

fn timeout(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let [duration, argv @ ..] = args.operands() else { return Err(usage("")) };
    if argv.is_empty() {
        return Err(usage(""));
    }
    let interval = |text: &BStr| {
        interval_s(text).ok_or_else(|| usage(format!("invalid time interval {}", marked(text))))
    };
    let seconds = interval(duration.as_bstr())?;
    if let Some(after) = args.value('k') {
        interval(after)?;
    }
    let signal = match args.value('s') {
        None => 15,
        Some(name) => {
            signal_number(name).ok_or_else(|| usage(format!("{}: invalid signal", marked(name))))?
        }
    };
    ctx.stdout.flush()?;
    let cancel = ctx.cancel.child();
    let spawn = Spawn { cancel: Some(cancel.clone()), ..Spawn::new(argv.to_vec()) };
    // A duration of 0 turns the limit off.
    let limit =
        (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    let host = ctx.host;
    let (ended, ends) = mpsc::channel::<()>();
    let alarm = cancel.clone();
    let ran = thread::scope(|scope| {
        let waiter = move || match limit.map(|limit| ends.recv_timeout(limit)) {
            Some(Err(mpsc::RecvTimeoutError::Timeout)) => {
                alarm.cancel(Reason::Signal(signal));
                true
            }
            _ => false,
        };
        let waiting = thread::Builder::new().name("timeout".into()).spawn_scoped(scope, waiter);
        let status = host.run(spawn);
        drop(ended);
        let timed_out = waiting.ok().and_then(|waiting| waiting.join().ok()).unwrap_or(false);
        status.map(|status| (status, timed_out))
    });
    let name = argv.first().cloned().unwrap_or_default();
    match ran {
        Ok((status, true)) => {
            if args.has('v') {
                ctx.complain(format!("sending signal {signal} to command {}", marked(&name)))?;
            }
            let kept = args.has("preserve-status");
            Ok(match signal {
                9 => ExitStatus(137),
                _ if kept => status,
                _ => ExitStatus(124),
            })
        }
        Ok((status, false)) => Ok(status),
        Err(SpawnError::NotFound) => {
            let message =
                format!("failed to run command {}: No such file or directory", marked(&name));
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(127)))
        }
        Err(SpawnError::NotExecutable(error)) => {
            let message = format!("failed to run command {}: {error}", marked(&name));
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(126)))
        }
        Err(SpawnError::Limit(limit)) => Err(limit.into()),
    }
}

/// The number of a signal by name, with `SIG` or without, or by number.
fn signal_number(text: &BStr) -> Option<u8> {
    let text = text.to_str().ok()?.to_uppercase();
    if let Ok(number) = text.parse::<u8>() {
        return (number <= 64).then_some(number);
    }
    let name = text.strip_prefix("SIG").unwrap_or(&text);
    SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}
