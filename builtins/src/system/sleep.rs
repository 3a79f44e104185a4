//! `sleep`: delay for a specified amount of time.
use std::time::Duration;

use crate::prelude::*;

pub const SLEEP: Command = Command {
    name: "sleep",
    synopsis: "sleep NUMBER[SUFFIX]...",
    summary: "Pause for NUMBER seconds, where NUMBER is an integer or floating-point.\nSUFFIX may be 's','m','h', or 'd', for seconds, minutes, hours, days.\nWith multiple arguments, pause for the sum of their values.",
    examples: &[Example {
        about: "A short pause.",
        script: "sleep 0.01; echo done",
        prints: "done\n",
    }],
    run: sleep,
    ..Command::BASE
};

fn sleep(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let mut seconds = 0.0;
    let mut valid = true;
    for operand in args.operands() {
        match interval_s(operand) {
            Some(interval) => seconds += interval,
            None => {
                ctx.complain(format_args!("invalid time interval {}", marked(operand)))?;
                valid = false;
            }
        }
    }
    if !valid {
        let hint = format!("Try '{} --help' for more information.\n", ctx.name);
        ctx.stderr.put(hint.as_bytes())?;
        return Ok(ExitStatus::FAILURE);
    }
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    if ctx.cancel.sleep(duration) {
        return Ok(ExitStatus::SUCCESS);
    }
    ctx.check()?;
    Ok(ExitStatus::SUCCESS)
}

/// Seconds of `NUMBER[smhd]`; `None` if it is none.
pub(crate) fn interval_s(text: &[u8]) -> Option<f64> {
    let (number, factor) = match text.split_last()? {
        (b's', number) => (number, 1.0),
        (b'm', number) => (number, 60.0),
        (b'h', number) => (number, 3600.0),
        (b'd', number) => (number, 86_400.0),
        _ => (text, 1.0),
    };
    let number: f64 = number.to_str().ok()?.parse().ok()?;
    (number >= 0.0).then_some(number * factor)
}
