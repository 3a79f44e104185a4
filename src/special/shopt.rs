//! `shopt`.

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::{Group, Opt};

pub const SHOPT: Special = Special {
    name: "shopt",
    synopsis: "[-pqsu] [-o] [optname ...]",
    summary: "Set and unset shell options.",
    run: shopt,
    ..Special::BASE
};

fn line(opt: Opt, on: bool, commands: bool) -> String {
    match (opt.group(), commands) {
        (Group::Set, true) => format!("set {}o {}\n", if on { '-' } else { '+' }, opt.name()),
        (_, true) => format!("shopt -{} {}\n", if on { 's' } else { 'u' }, opt.name()),
        (_, false) => format!("{:<15}\t{}\n", opt.name(), if on { "on" } else { "off" }),
    }
}

fn shopt(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "psuoq") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let (set, unset) = (given.has(b's'), given.has(b'u'));
    let (quiet, commands) = (given.has(b'q'), given.has(b'p'));
    if set && unset {
        return eval.fail(call, &[b"cannot set and unset shell options simultaneously"]);
    }
    let group = if given.has(b'o') { Group::Set } else { Group::Shopt };
    let mut out = String::new();
    if given.rest.is_empty() {
        for (opt, on) in eval.shell.options.list(group) {
            if (set && !on) || (unset && on) {
                continue;
            }
            out.push_str(&line(opt, on, commands));
        }
        return if quiet { Ok(0) } else { eval.print(call, out.into_bytes()) };
    }
    let mut status = 0;
    for name in given.rest {
        let Some(opt) = Opt::named(group, name) else {
            let what: &[u8] = if group == Group::Set {
                b": invalid option name"
            } else {
                b": invalid shell option name"
            };
            eval.say(call, &[name, what]);
            status = 1;
            continue;
        };
        let on = eval.shell.options.has(opt);
        if set || unset {
            eval.set_option(opt, set);
        } else {
            if !on {
                status = 1;
            }
            if !quiet {
                out.push_str(&line(opt, on, commands));
            }
        }
    }
    Ok(eval.print(call, out.into_bytes())?.max(status))
}
