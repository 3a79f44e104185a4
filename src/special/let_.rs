//! `let`.

use super::{Call, Special};
use crate::eval::{Eval, Step, expand};

pub const LET: Special = Special {
    name: "let",
    synopsis: "arg [arg ...]",
    summary: "Evaluate arithmetic expressions.",
    run: let_,
    ..Special::BASE
};

fn let_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let args = match call.args.split_first() {
        Some((first, rest)) if first.as_bytes() == b"--" => rest,
        _ => call.args,
    };
    if args.is_empty() {
        return eval.fail(call, &[b"expression expected"]);
    }
    let mut value = 0;
    for arg in args {
        match expand::arith_text(&mut eval.shell, &mut eval.rt, arg) {
            Ok(result) => value = result,
            Err(error) => {
                eval.arith_failed(b"let", error)?;
                return Ok(1);
            }
        }
    }
    Ok(u8::from(value == 0))
}
