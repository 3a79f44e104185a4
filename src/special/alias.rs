//! `alias` and `unalias`.

use bstr::ByteSlice;
use mesash_builtins::budget::LimitReached;
use mesash_builtins::core::shell_quote;

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::Str;

pub const ALIAS: Special = Special {
    name: "alias",
    synopsis: "[-p] [name[=value] ... ]",
    summary: "Define or display aliases.",
    run: alias,
    ..Special::BASE
};
pub const UNALIAS: Special = Special {
    name: "unalias",
    synopsis: "[-a] name [name ...]",
    summary: "Remove each NAME from the list of defined aliases.",
    run: unalias,
    ..Special::BASE
};

/// `alias name='value'`, as it can be read back.
fn listed(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut line = b"alias ".to_vec();
    if name.starts_with(b"-") {
        line.extend_from_slice(b"-- ");
    }
    line.extend_from_slice(name);
    line.push(b'=');
    line.extend_from_slice(&shell_quote::single(value));
    line.push(b'\n');
    line
}

/// What an alias cannot be called.
fn is_valid(name: &[u8]) -> bool {
    !name.is_empty() && name.find_byteset(b" \t\n\"'\\`$/&;|()<>").is_none()
}

fn define(eval: &mut Eval, name: &[u8], value: &[u8]) -> Result<(), LimitReached> {
    let budget = &eval.shell.budget;
    let (name, value) = (Str::copied(name, budget)?, Str::copied(value, budget)?);
    eval.shell.aliases.set(name, value, budget)
}

fn alias(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "p") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut out = Vec::new();
    if given.rest.is_empty() || given.has(b'p') {
        for (name, value) in eval.shell.aliases.iter() {
            out.extend_from_slice(&listed(name, value));
        }
    }
    let mut status = 0;
    for arg in given.rest {
        match arg.find_byte(b'=').filter(|&at| at > 0) {
            Some(at) => {
                let (name, value) = arg.split_at(at);
                if is_valid(name) {
                    let value = value.get(1..).unwrap_or_default();
                    if let Err(limit) = define(eval, name, value) {
                        return eval.assignment_failed(call, limit.into());
                    }
                } else {
                    eval.say(call, &[b"`", name, b"': invalid alias name"]);
                    status = 1;
                }
            }
            None => match eval.shell.aliases.get(arg) {
                Some(value) => out.extend_from_slice(&listed(arg, value)),
                None => {
                    eval.say(call, &[arg, b": not found"]);
                    status = 1;
                }
            },
        }
    }
    Ok(eval.print(call, out)?.max(status))
}

fn unalias(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "a") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if given.has(b'a') {
        eval.shell.aliases.clear();
        return Ok(0);
    }
    if given.rest.is_empty() {
        return eval.usage(call);
    }
    let mut status = 0;
    for name in given.rest {
        if !eval.shell.aliases.remove(name) {
            eval.say(call, &[name, b": not found"]);
            status = 1;
        }
    }
    Ok(status)
}
