//! `kill`, reached by its path or through `env`: signals to this shell's own jobs. A plain `kill` is
//! the shell's.

use crate::prelude::*;

pub const KILL: Command = Command {
    name: "kill",
    synopsis: "kill [-s SIGNAL | -SIGNAL] PID...\nkill -l [SIGNAL]\nkill -L",
    summary: "Send a signal (TERM) to each PID, which must be of this shell's own.",
    options: &[
        value('s', "signal", "SIGNAL", "specify the signal to be sent"),
        flag('l', "list", "list all signal names, or convert one to a name or number")
            .takes(Takes::Optional("SIGNAL")),
        flag('L', "table", "list all signal names in a table"),
    ],
    examples: &[Example {
        about: "The name of a signal.",
        script: "env kill -l 15",
        prints: "TERM\n",
    }],
    order: Order::Raw,
    run: kill,
    ..Command::BASE
};

/// Numbers begin at 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
];

const SIGTERM: u8 = 15;

fn kill(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut signal = SIGTERM;
    let mut words = args.operands().iter().peekable();
    if let Some(word) = words.peek() {
        match &word[..] {
            b"--help" | b"-h" => {
                ctx.stdout.put(crate::args::help_text(&KILL).as_bytes())?;
                return Ok(ExitStatus::SUCCESS);
            }
            b"--version" | b"-V" => {
                ctx.stdout.put(crate::args::version_text(&KILL).as_bytes())?;
                return Ok(ExitStatus::SUCCESS);
            }
            b"-L" | b"--table" => return table(ctx),
            b"-l" | b"--list" => return list(ctx, args.operands().get(1)),
            b"-s" | b"--signal" => {
                words.next();
                let name =
                    words.next().ok_or_else(|| usage("option requires an argument -- 's'"))?;
                signal = number(name)?;
            }
            word if word.starts_with(b"--list=") => {
                return list(
                    ctx,
                    Some(&BString::from(word.strip_prefix(b"--list=").unwrap_or(b""))),
                );
            }
            word if word.starts_with(b"--signal=") => {
                signal = number(word.strip_prefix(b"--signal=").unwrap_or(b""))?;
                words.next();
            }
            b"--" => {
                words.next();
            }
            [b'-', name @ ..] if !name.is_empty() => {
                signal = number(name)?;
                words.next();
            }
            _ => {}
        }
    }
    if words.peek().is_some_and(|word| *word == "--") {
        words.next();
    }
    if words.peek().is_none() {
        return Err(usage("not enough arguments"));
    }
    let mut status = ExitStatus::SUCCESS;
    for word in words {
        let Some(pid) = word.to_str().ok().and_then(|text| text.parse::<i64>().ok()) else {
            ctx.complain(format!("failed to parse argument: {}", quoted(word)))?;
            return Ok(ExitStatus::FAILURE);
        };
        if ctx.host.kill(pid, signal).is_err() {
            ctx.complain(format!("({pid}): No such process"))?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// A signal by its name, with or without `SIG`, or its number.
fn number(text: &[u8]) -> Result<u8, CommandError> {
    if text == b"0" {
        return Ok(0);
    }
    known(text).ok_or_else(|| {
        usage(format!("invalid argument {}", text.as_bstr().chars().next().unwrap_or(' ')))
    })
}

fn known(text: &[u8]) -> Option<u8> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix(b"SIG").unwrap_or(&upper);
    let by_name = NAMES.iter().position(|known| known.as_bytes() == name);
    let by_number = || {
        let number = name.to_str().ok()?.parse::<usize>().ok()?;
        number.checked_sub(1).filter(|&at| at < NAMES.len())
    };
    by_name.or_else(by_number).and_then(|at| u8::try_from(at + 1).ok())
}

fn list(ctx: &mut Context<'_>, signal: Option<&BString>) -> CommandResult {
    let text = match signal {
        None => NAMES.chunks(16).map(|line| line.join(" ") + "\n").collect(),
        Some(text) => match known(text) {
            Some(number) if text.first().is_some_and(u8::is_ascii_digit) => {
                format!("{}\n", NAMES.get(usize::from(number) - 1).unwrap_or(&""))
            }
            Some(number) => format!("{number}\n"),
            None => {
                ctx.complain(format!("unknown signal name {text}"))?;
                return Ok(ExitStatus::FAILURE);
            }
        },
    };
    ctx.stdout.put(text.as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}

fn table(ctx: &mut Context<'_>) -> CommandResult {
    for (at, name) in NAMES.iter().enumerate() {
        let end = if at % 7 == 6 || at + 1 == NAMES.len() { "\n" } else { "" };
        ctx.stdout.put(format!("{:>2} {name:<8}{end}", at + 1).as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}
