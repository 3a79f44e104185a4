//! `hash`.

use super::{Call, Special, by_name, options};
use crate::eval::{Eval, Step, lookup};
use crate::state::{Opt, Str};
use mesash_builtins::budget::LimitReached;

pub const HASH: Special = Special {
    name: "hash",
    synopsis: "[-lr] [-p pathname] [-dt] [name ...]",
    summary: "Remember or display program locations.",
    run: hash,
    ..Special::BASE
};

fn hash(eval: &mut Eval, call: &Call<'_>) -> Step {
    if !eval.shell.options.has(Opt::HashAll) {
        return eval.fail(call, &[b"hashing disabled"]);
    }
    let given = match options::read(eval, call, "dlp:rt") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let path = lookup::path_variable(&eval.shell);
    eval.shell.hash.under(&path);
    if given.has(b'r') {
        eval.shell.hash.clear();
        if given.rest.is_empty() {
            return Ok(0);
        }
    }
    if given.rest.is_empty() {
        if given.has(b'd') || given.has(b't') {
            let option: &[u8] = if given.has(b'd') { b"-d" } else { b"-t" };
            eval.say(call, &[option, b": option requires an argument"]);
            return Ok(1);
        }
        return list(eval, call, given.has(b'l'));
    }
    if given.has(b't') {
        return show(eval, call, given.rest, given.has(b'l'));
    }
    let mut status = 0;
    for name in given.rest {
        if given.has(b'd') {
            if !eval.shell.hash.remove(name) {
                eval.say(call, &[name, b": not found"]);
                status = 1;
            }
        } else if let Some(path) = given.value(b'p') {
            if let Err(limit) = remember(eval, name, path.clone()) {
                return eval.assignment_failed(call, limit.into());
            }
        } else if !name.contains(&b'/') && by_name(name).is_none() && !is_function(eval, name) {
            match lookup::search(&eval.shell, &path, name, false).into_iter().next() {
                Some(found) => {
                    if let Err(limit) = remember(eval, name, found) {
                        return eval.assignment_failed(call, limit.into());
                    }
                }
                None => {
                    eval.say(call, &[name, b": not found"]);
                    status = 1;
                }
            }
        }
    }
    Ok(status)
}

fn remember(eval: &mut Eval, name: &Str, path: Str) -> Result<(), LimitReached> {
    eval.shell.hash.set(name.clone(), path, &eval.shell.budget)
}

fn is_function(eval: &Eval, name: &[u8]) -> bool {
    let symbol = eval.shell.interner.get(name);
    symbol.is_some_and(|symbol| eval.shell.functions.get(symbol).is_some())
}

fn list(eval: &mut Eval, call: &Call<'_>, commands: bool) -> Step {
    if eval.shell.hash.is_empty() {
        if eval.shell.options.has(Opt::Posix) || commands {
            return Ok(0);
        }
        return eval.print(call, b"hash: hash table empty\n".to_vec());
    }
    let mut out = if commands { Vec::new() } else { b"hits\tcommand\n".to_vec() };
    for (name, command) in eval.shell.hash.iter() {
        if commands {
            out.extend_from_slice(&reusable(name, &command.path));
        } else {
            out.extend_from_slice(format!("{:4}\t", command.hits).as_bytes());
            out.extend_from_slice(&command.path);
            out.push(b'\n');
        }
    }
    eval.print(call, out)
}

fn reusable(name: &[u8], path: &[u8]) -> Vec<u8> {
    [b"builtin hash -p ", path, b" ", name, b"\n"].concat()
}

fn show(eval: &mut Eval, call: &Call<'_>, names: &[Str], commands: bool) -> Step {
    let mut out = Vec::new();
    let mut status = 0;
    for name in names {
        match eval.shell.hash.get(name) {
            Some(command) if commands => out.extend_from_slice(&reusable(name, &command.path)),
            Some(command) => {
                if names.len() > 1 {
                    out.extend_from_slice(name);
                    out.push(b'\t');
                }
                out.extend_from_slice(&command.path);
                out.push(b'\n');
            }
            None => {
                eval.say(call, &[name, b": not found"]);
                status = 1;
            }
        }
    }
    Ok(eval.print(call, out)?.max(status))
}
