//! `unset`.

use super::{Call, Special, options};
use crate::eval::{Eval, Step, expand};
use crate::state::names::is_identifier;
use crate::state::{Attrs, Str};

pub const UNSET: Special = Special {
    name: "unset",
    synopsis: "[-f] [-v] [-n] [name ...]",
    summary: "Unset values and attributes of shell variables and functions.",
    run: unset,
    ..Special::BASE
};

fn unset(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "fnv") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let (functions, variables, reference) = (given.has(b'f'), given.has(b'v'), given.has(b'n'));
    if functions && variables {
        let text = b"cannot simultaneously unset a function and a variable";
        return eval.fail(call, &[text]);
    }
    let mut status = 0;
    let skipped = call.args.len() - given.rest.len();
    for (at, name) in given.rest.iter().enumerate() {
        let element = call.elements.iter().find(|(index, _)| *index == at + skipped);
        if let Some((_, element)) = element.filter(|_| !functions && !reference) {
            if let Err(error) = eval.shell.unset_key(element.symbol, &element.key) {
                eval.say(call, &[error.to_string().as_bytes()]);
                status = 1;
            }
            continue;
        }
        if functions {
            status = function(eval, call, name).max(status);
            continue;
        }
        if reference {
            let symbol = eval.shell.interner.get(name);
            let is_reference = |symbol| {
                let variable = eval.shell.vars.get(symbol);
                variable.is_some_and(|variable| variable.attrs.has(Attrs::NAMEREF))
            };
            if let Some(symbol) = symbol.filter(|&symbol| is_reference(symbol))
                && let Err(error) = eval.shell.unset(symbol)
            {
                eval.say(call, &[error.to_string().as_bytes()]);
                status = 1;
            }
            continue;
        }
        let known = eval.shell.interner.get(name);
        let has_variable = known.is_some_and(|symbol| eval.shell.vars.get(symbol).is_some());
        if !is_identifier(name) && !is_element(name) {
            if !variables && has_function(eval, name) {
                status = function(eval, call, name).max(status);
                continue;
            }
            if variables || name.contains(&b'[') {
                eval.say(call, &[b"`", name, b"': not a valid identifier"]);
                status = 1;
            }
            continue;
        }
        if !has_variable && !variables && is_identifier(name) && has_function(eval, name) {
            status = function(eval, call, name).max(status);
            continue;
        }
        if let Err(error) = expand::unset_name(&mut eval.shell, &mut eval.rt, name) {
            if eval.rt.pending_unwind.is_some() || error.is_fatal() {
                return Err(eval.expand_failed(error));
            }
            eval.say(call, &[&error.message()]);
            status = 1;
        }
    }
    Ok(status)
}

fn has_function(eval: &Eval, name: &[u8]) -> bool {
    let symbol = eval.shell.interner.get(name);
    symbol.is_some_and(|symbol| eval.shell.functions.get(symbol).is_some())
}

fn function(eval: &mut Eval, call: &Call<'_>, name: &Str) -> u8 {
    let Some(symbol) = eval.shell.interner.get(name) else { return 0 };
    let Some(entry) = eval.shell.functions.get(symbol) else { return 0 };
    if entry.readonly {
        eval.say(call, &[name, b": cannot unset: readonly function"]);
        return 1;
    }
    eval.shell.functions.set(symbol, None);
    0
}

/// `name[…]`, whatever stands in the brackets.
fn is_element(name: &[u8]) -> bool {
    name.iter().position(|&byte| byte == b'[').is_some_and(|open| {
        let (name, rest) = name.split_at(open);
        is_identifier(name) && rest.len() > 2 && rest.ends_with(b"]")
    })
}
