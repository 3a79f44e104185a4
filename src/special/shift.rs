//! `shift`.

use mesash_builtins::core::test::integer;

use super::{Call, Special};
use crate::eval::{Eval, Step, Unwind};
use crate::state::Opt;

pub const SHIFT: Special = Special {
    name: "shift",
    synopsis: "[n]",
    summary: "Shift positional parameters.",
    run: shift,
    ..Special::BASE
};

fn shift(eval: &mut Eval, call: &Call<'_>) -> Step {
    let args = match call.args.split_first() {
        Some((first, rest)) if first.as_bytes() == b"--" => rest,
        _ => call.args,
    };
    let count = match args {
        [] => 1,
        [text, more @ ..] => {
            let Some(count) = integer(text) else {
                return eval.fail(call, &[text, b": numeric argument required"]);
            };
            if !more.is_empty() {
                eval.say(call, &[b"too many arguments"]);
                return Err(Unwind::Discard(1));
            }
            if count < 0 {
                return eval.fail(call, &[text, b": shift count out of range"]);
            }
            count
        }
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if eval.shell.positional.shift(count) {
        return Ok(0);
    }
    let posix = eval.shell.options.has(Opt::Posix);
    if posix || eval.shell.options.has(Opt::ShiftVerbose) {
        let reason = b"shift count out of range";
        match args.first() {
            Some(text) => eval.say(call, &[text, b": ", reason]),
            None => eval.say(call, &[reason]),
        }
    }
    Ok(1)
}
