//! `enable`.

use std::sync::Arc;

use super::{ALL, Call, Special, options};
use crate::eval::{Eval, Step};

pub const ENABLE: Special = Special {
    name: "enable",
    synopsis: "[-a] [-dnps] [-f filename] [name ...]",
    summary: "Enable and disable shell builtins.",
    run: enable,
    ..Special::BASE
};

fn enable(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "adnpsf:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if let Some(file) = given.value(b'f') {
        let text = b": cannot open shared object file: No such file or directory";
        return eval.fail(call, &[b"cannot open shared object ", file, b": ", file, text]);
    }
    let off = given.has(b'n');
    if given.rest.is_empty() || given.has(b'p') {
        let mut out = String::new();
        for builtin in ALL {
            let enabled = eval.rt.builtins.is_enabled(builtin.name.as_bytes());
            let wanted = given.has(b'a') || enabled != off;
            if wanted && (builtin.posix || !given.has(b's')) {
                out.push_str(if enabled { "enable " } else { "enable -n " });
                out.push_str(builtin.name);
                out.push('\n');
            }
        }
        return eval.print(call, out.into_bytes());
    }
    let mut status = 0;
    for name in given.rest {
        if !Arc::make_mut(&mut eval.rt.builtins).enable(name, !off) {
            eval.say(call, &[name, b": not a shell builtin"]);
            status = 1;
        }
    }
    Ok(status)
}
