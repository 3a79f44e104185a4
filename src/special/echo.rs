//! `echo`.

use mesash_builtins::core::echo;

use super::{Call, Special};
use crate::eval::{Eval, Step};
use crate::state::Opt;

pub const ECHO: Special = Special {
    name: "echo",
    synopsis: "[-neE] [arg ...]",
    summary: "Write arguments to the standard output.",
    run: echo_,
    ..Special::BASE
};

fn echo_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let mut out = Vec::with_capacity(64);
    echo::echo(call.args, eval.shell.options.has(Opt::XpgEcho), &mut out);
    eval.print(call, out)
}
