//! `:`, `true`, `false`, `break`, `continue`, `return`, `exit`, `logout`.

use mesash_builtins::core::test::integer;

use super::{Call, Special};
use crate::eval::{Eval, Step, Unwind};
use crate::state::Opt;

pub const COLON: Special =
    Special { name: ":", summary: "Null command.", run: true_, ..Special::BASE };
pub const TRUE: Special =
    Special { name: "true", summary: "Return a successful result.", run: true_, ..Special::BASE };
pub const FALSE: Special = Special {
    name: "false",
    summary: "Return an unsuccessful result.",
    run: |_, _| Ok(1),
    ..Special::BASE
};
pub const BREAK: Special = Special {
    name: "break",
    synopsis: "[n]",
    summary: "Exit for, while, or until loops.",
    run: break_,
    ..Special::BASE
};
pub const CONTINUE: Special = Special {
    name: "continue",
    synopsis: "[n]",
    summary: "Resume for, while, or until loops.",
    run: continue_,
    ..Special::BASE
};
pub const RETURN: Special = Special {
    name: "return",
    synopsis: "[n]",
    summary: "Return from a shell function.",
    run: return_,
    ..Special::BASE
};
pub const EXIT: Special = Special {
    name: "exit",
    synopsis: "[n]",
    summary: "Exit the shell.",
    run: exit,
    ..Special::BASE
};
pub const LOGOUT: Special = Special {
    name: "logout",
    synopsis: "[n]",
    summary: "Exit a login shell.",
    run: logout,
    ..Special::BASE
};

pub fn true_(_eval: &mut Eval, _call: &Call<'_>) -> Step {
    Ok(0)
}

/// Why an argument is no number to go on with.
enum Wrong {
    NotNumber,
    Leave(Unwind),
}

/// The one argument of these builtins, if there is one. A `--` before it is passed over.
fn argument(eval: &Eval, call: &Call<'_>) -> Result<Option<i64>, Wrong> {
    let args = match call.args.split_first() {
        Some((first, rest)) if first.as_bytes() == b"--" => rest,
        _ => call.args,
    };
    let Some((first, more)) = args.split_first() else { return Ok(None) };
    let Some(number) = integer(first) else {
        eval.say(call, &[first, b": numeric argument required"]);
        return Err(Wrong::NotNumber);
    };
    if !more.is_empty() {
        eval.say(call, &[b"too many arguments"]);
        return Err(Wrong::Leave(Unwind::Discard(1)));
    }
    Ok(Some(number))
}

/// The number of loops, or what to answer instead.
fn loops(eval: &Eval, call: &Call<'_>) -> Result<u32, Step> {
    if eval.rt.loops == 0 {
        if !eval.shell.options.has(Opt::Posix) {
            eval.say(call, &[b"only meaningful in a `for', `while', or `until' loop"]);
        }
        return Err(Ok(0));
    }
    match argument(eval, call) {
        Ok(None) => Ok(1),
        Ok(Some(number)) if number <= 0 => {
            let text = call.args.iter().find(|arg| arg.as_bytes() != b"--");
            let text = text.map_or(&b""[..], |text| text.as_bytes());
            eval.say(call, &[text, b": loop count out of range"]);
            // All loops are left, and `$?` tells.
            Err(Err(Unwind::Break(eval.rt.loops)))
        }
        Ok(Some(number)) => Ok(u32::try_from(number).unwrap_or(u32::MAX).min(eval.rt.loops)),
        Err(Wrong::NotNumber) if eval.shell.options.has(Opt::Interactive) => {
            Err(Err(Unwind::Discard(128)))
        }
        Err(Wrong::NotNumber) => Err(Err(Unwind::Exit(128))),
        Err(Wrong::Leave(unwind)) => Err(Err(unwind)),
    }
}

fn break_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let step = loops(eval, call);
    eval.shell.status = u8::from(matches!(step, Err(Err(Unwind::Break(_)))));
    match step {
        Ok(count) => Err(Unwind::Break(count)),
        Err(step) => step,
    }
}

fn continue_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let step = loops(eval, call);
    eval.shell.status = u8::from(matches!(step, Err(Err(Unwind::Break(_)))));
    match step {
        Ok(count) => Err(Unwind::Continue(count)),
        Err(step) => step,
    }
}

fn return_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let status = match argument(eval, call) {
        Ok(None) => eval.shell.status,
        Ok(Some(number)) => number as u8,
        Err(Wrong::NotNumber) => super::output::USAGE,
        Err(Wrong::Leave(unwind)) => return Err(unwind),
    };
    if eval.shell.frames.can_return() {
        return Err(Unwind::Return(status));
    }
    eval.say(call, &[b"can only `return' from a function or sourced script"]);
    Ok(super::output::USAGE)
}

fn exit(eval: &mut Eval, call: &Call<'_>) -> Step {
    let status = match argument(eval, call) {
        Ok(None) => eval.exit_status(),
        Ok(Some(number)) => number as u8,
        Err(Wrong::NotNumber) => super::output::USAGE,
        Err(Wrong::Leave(unwind)) => return Err(unwind),
    };
    // The trap still sees the locals and redirections that hold here.
    Err(Unwind::Exit(eval.exit_trap(status)))
}

fn logout(eval: &mut Eval, call: &Call<'_>) -> Step {
    if !eval.shell.options.has(Opt::LoginShell) {
        return eval.fail(call, &[b"not login shell: use `exit'"]);
    }
    exit(eval, call)
}

impl Eval {
    /// What `exit` without a number gives: in a trap, the status from before it.
    fn exit_status(&self) -> u8 {
        self.rt.status_before_trap.unwrap_or(self.shell.status)
    }
}
