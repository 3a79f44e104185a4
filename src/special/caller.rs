//! `caller`: the line and file that a function was called from.

use mesash_builtins::core::test::integer;

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::FrameKind;

pub const CALLER: Special = Special {
    name: "caller",
    synopsis: "[expr]",
    summary: "Return the context of the current subroutine call.",
    run: caller,
    ..Special::BASE
};

fn caller(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let frames: Vec<_> = eval.shell.frames.iter().cloned().collect();
    if frames.first().is_none_or(|frame| frame.kind == FrameKind::Script) {
        return Ok(1);
    }
    let mut out = Vec::new();
    let Some(arg) = given.rest.first() else {
        let line = frames.first().map_or(0, |frame| frame.called_from);
        let source = frames.get(1).map_or(&b"NULL"[..], |frame| frame.source.as_bytes());
        out.extend_from_slice(format!("{line} ").as_bytes());
        out.extend_from_slice(source);
        out.push(b'\n');
        return eval.print(call, out);
    };
    let Some(level) = integer(arg) else {
        eval.say(call, &[arg, b": invalid number"]);
        return eval.usage(call);
    };
    let level = usize::try_from(level).unwrap_or(usize::MAX);
    let (Some(frame), Some(outer)) =
        (frames.get(level), level.checked_add(1).and_then(|next| frames.get(next)))
    else {
        return Ok(1);
    };
    out.extend_from_slice(format!("{} ", frame.called_from).as_bytes());
    out.extend_from_slice(&outer.name);
    out.push(b' ');
    out.extend_from_slice(&outer.source);
    out.push(b'\n');
    eval.print(call, out)
}
