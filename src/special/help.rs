//! `help`.

use super::{ALL, Call, Special, options};
use crate::eval::{Eval, Step};

pub const HELP: Special = Special {
    name: "help",
    synopsis: "[-dms] [pattern ...]",
    summary: "Display information about builtin commands.",
    run: help,
    ..Special::BASE
};

fn usage(builtin: &Special) -> String {
    format!("{0}: {0} {1}", builtin.name, builtin.synopsis).trim_end().to_owned()
}

fn help(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "dms") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut out = String::new();
    if given.rest.is_empty() {
        out.push_str("These shell commands are defined internally.\n\n");
        for builtin in ALL {
            out.push_str(&format!(" {} {}\n", builtin.name, builtin.synopsis));
        }
        return eval.print(call, out.into_bytes());
    }
    let mut status = 0;
    for pattern in given.rest {
        let exact = ALL.iter().find(|builtin| builtin.name.as_bytes() == pattern.as_bytes());
        let starts = |builtin: &&Special| builtin.name.as_bytes().starts_with(pattern);
        let found: Vec<_> = match exact {
            Some(builtin) => vec![builtin],
            None => ALL.iter().filter(starts).collect(),
        };
        if found.is_empty() {
            eval.say(
                call,
                &[
                    b"no help topics match `",
                    pattern,
                    b"'.  Try `help help' or `man -k ",
                    pattern,
                    b"' or `info ",
                    pattern,
                    b"'.",
                ],
            );
            status = 1;
        }
        for builtin in found {
            if given.has(b'd') {
                out.push_str(&format!("{} - {}\n", builtin.name, builtin.summary));
            } else if given.has(b's') {
                out.push_str(&format!("{}\n", usage(builtin)));
            } else {
                out.push_str(&format!("{}\n    {}\n", usage(builtin), builtin.summary));
            }
        }
    }
    Ok(eval.print(call, out.into_bytes())?.max(status))
}
