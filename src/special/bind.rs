//! `bind`: key bindings belong to the line editor; a script's calls change nothing.

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::Opt;

pub const BIND: Special = Special {
    name: "bind",
    synopsis: "[-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] \
        [-x keyseq:shell-command] [keyseq:readline-function or readline-command]",
    summary: "Set Readline key bindings and variables.",
    run: bind,
    ..Special::BASE
};

fn bind(eval: &mut Eval, call: &Call<'_>) -> Step {
    if let Err(step) = options::read(eval, call, "lvpVPsSXf:q:u:m:r:x:") {
        return step;
    }
    if !eval.shell.options.has(Opt::Interactive) {
        eval.say(call, &[b"warning: line editing not enabled"]);
    }
    Ok(0)
}
