//! `eval`: its arguments, joined, as a command.

use super::{Call, Special, options};
use crate::eval::{Eval, Step, TextKind};

pub const EVAL: Special = Special {
    name: "eval",
    synopsis: "[arg ...]",
    summary: "Execute arguments as a shell command.",
    run: eval,
    ..Special::BASE
};

fn eval(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let text = bstr::join(" ", given.rest);
    if text.is_empty() {
        return Ok(0);
    }
    eval.deepen(b"eval")?;
    let line = eval.shell.line;
    let command = eval.shell.command.clone();
    let step = eval.run_text(&text, line.max(1), TextKind::Eval);
    eval.shell.command = command;
    eval.rt.depth = eval.rt.depth.saturating_sub(1);
    eval.shell.line = line;
    step
}
