//! `dirs`, `pushd`, `popd`.

use std::sync::Arc;

use bstr::ByteSlice;

use super::{Call, Special};
use crate::eval::{Eval, Step};
use crate::state::{Opt, Str, names};

pub const DIRS: Special = Special {
    name: "dirs",
    synopsis: "[-clpv] [+N] [-N]",
    summary: "Display directory stack.",
    run: dirs,
    ..Special::BASE
};
pub const PUSHD: Special = Special {
    name: "pushd",
    synopsis: "[-n] [+N | -N | dir]",
    summary: "Add directories to stack.",
    run: pushd,
    ..Special::BASE
};
pub const POPD: Special = Special {
    name: "popd",
    synopsis: "[-n] [+N | -N]",
    summary: "Remove directories from stack.",
    run: popd,
    ..Special::BASE
};

/// A place in the stack: `+N` from the left, `-N` from the right.
fn index(arg: &[u8]) -> Option<(bool, usize)> {
    let left = match arg.first()? {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    let digits = arg.get(1..)?.to_str().ok()?;
    let number = (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?;
    Some((left, number?))
}

/// The place counted from the left, if the stack has it.
fn place(eval: &Eval, (left, number): (bool, usize)) -> Option<usize> {
    let last = eval.shell.dirs.stack.len();
    if number > last {
        return None;
    }
    Some(if left { number } else { last - number })
}

fn shortened(eval: &Eval, dir: &[u8], long: bool) -> Vec<u8> {
    let home = eval.shell.text(names::HOME);
    if let Some(home) = home.filter(|home| !long && home.len() > 1)
        && let Some(rest) = dir.strip_prefix(home.as_ref())
        && (rest.is_empty() || rest.starts_with(b"/"))
    {
        return [b"~", rest].concat();
    }
    dir.to_vec()
}

fn all(eval: &Eval) -> Vec<Str> {
    eval.shell.dirs.all().collect()
}

fn listing(eval: &Eval, lines: bool, numbered: bool, long: bool) -> Vec<u8> {
    let shown = all(eval).into_iter().enumerate().map(|(at, dir)| {
        let dir = shortened(eval, &dir, long);
        if numbered { [format!("{at:2}  ").as_bytes(), &dir].concat() } else { dir }
    });
    let separator = if lines || numbered { "\n" } else { " " };
    let mut out = bstr::join(separator, shown.collect::<Vec<_>>());
    out.push(b'\n');
    out
}

fn dirs(eval: &mut Eval, call: &Call<'_>) -> Step {
    let (mut lines, mut numbered, mut long, mut clear) = (false, false, false, false);
    let mut wanted = None;
    for arg in call.args {
        if let Some(found) = index(arg) {
            wanted = Some((found, arg));
            continue;
        }
        match arg.as_bytes() {
            b"--" => break,
            text if text.len() > 1 && text.starts_with(b"-") => {
                for letter in text.iter().skip(1) {
                    match letter {
                        b'l' => long = true,
                        b'c' => clear = true,
                        b'v' => numbered = true,
                        b'p' => lines = true,
                        _ => {
                            eval.say(call, &[arg, b": invalid number"]);
                            return eval.usage(call);
                        }
                    }
                }
            }
            _ => {
                let what: &[u8] =
                    if arg.starts_with(b"+") { b": invalid number" } else { b": invalid option" };
                eval.say(call, &[arg, what]);
                return eval.usage(call);
            }
        }
    }
    if clear {
        eval.shell.dirs.stack = Arc::default();
        return Ok(0);
    }
    let Some((found, arg)) = wanted else {
        let out = listing(eval, lines, numbered, long);
        return eval.print(call, out);
    };
    let dir = place(eval, found).and_then(|at| all(eval).into_iter().nth(at));
    match dir {
        Some(dir) => {
            let text = shortened(eval, &dir, long);
            eval.print(call, [text.as_slice(), b"\n"].concat())
        }
        None if eval.shell.dirs.stack.is_empty() => eval.fail(call, &[b"directory stack empty"]),
        None => {
            let digits = arg.get(1..).unwrap_or_default();
            eval.fail(call, &[digits, b": directory stack index out of range"])
        }
    }
}

fn out_of_range(eval: &Eval, call: &Call<'_>, arg: &[u8]) -> Step {
    if eval.shell.dirs.stack.is_empty() && call.name != "dirs" {
        return eval.fail(call, &[b"directory stack empty"]);
    }
    eval.fail(call, &[arg, b": directory stack index out of range"])
}

fn show(eval: &mut Eval, call: &Call<'_>) -> Step {
    let out = listing(eval, false, false, false);
    eval.print(call, out)
}

/// Goes to `dir`; the status after a message if that fails.
fn enter(eval: &mut Eval, call: &Call<'_>, dir: &Str) -> Result<(), u8> {
    let physical = eval.shell.options.has(Opt::Physical);
    match eval.directory(dir, physical) {
        Ok(path) => eval.enter_directory(call, path),
        Err(error) => {
            eval.say(call, &[dir, b": ", error.to_string().as_bytes()]);
            Err(1)
        }
    }
}

fn stack(eval: &mut Eval) -> &mut Vec<Str> {
    Arc::make_mut(&mut eval.shell.dirs.stack)
}

fn pushd(eval: &mut Eval, call: &Call<'_>) -> Step {
    let mut stay = false;
    let mut args = call.args;
    while let Some((first, rest)) = args.split_first() {
        match first.as_bytes() {
            b"-n" => stay = true,
            b"--" => {
                args = rest;
                break;
            }
            _ => break,
        }
        args = rest;
    }
    let cwd = Str::new(eval.shell.dirs.cwd.as_bstr());
    match args {
        [] => {
            let Some(top) = eval.shell.dirs.stack.first().cloned() else {
                return eval.fail(call, &[b"no other directory"]);
            };
            if !stay {
                if let Err(status) = enter(eval, call, &top) {
                    return Ok(status);
                }
                if let Some(first) = stack(eval).first_mut() {
                    *first = cwd;
                }
            }
            show(eval, call)
        }
        [arg] => {
            if let Some(found) = index(arg) {
                return rotate(eval, call, arg, found, stay);
            }
            if arg.starts_with(b"+") || arg.len() > 1 && arg.starts_with(b"-") {
                eval.say(call, &[arg, b": invalid number"]);
                return eval.usage(call);
            }
            if stay {
                return push(eval, call, arg.clone());
            }
            if let Err(status) = enter(eval, call, arg) {
                return Ok(status);
            }
            push(eval, call, cwd)
        }
        _ => eval.fail(call, &[b"too many arguments"]),
    }
}

fn push(eval: &mut Eval, call: &Call<'_>, dir: Str) -> Step {
    let copied = Str::copied(&dir, &eval.shell.budget);
    match copied.and_then(|dir| eval.shell.dirs.push(dir, &eval.shell.budget)) {
        Ok(()) => show(eval, call),
        Err(limit) => eval.assignment_failed(call, limit.into()),
    }
}

fn rotate(eval: &mut Eval, call: &Call<'_>, arg: &Str, found: (bool, usize), stay: bool) -> Step {
    let Some(at) = place(eval, found) else { return out_of_range(eval, call, arg) };
    let mut dirs = all(eval);
    dirs.rotate_left(at);
    let top = dirs.remove(0);
    if !stay && let Err(status) = enter(eval, call, &top) {
        return Ok(status);
    }
    eval.shell.dirs.stack = Arc::new(dirs);
    show(eval, call)
}

fn popd(eval: &mut Eval, call: &Call<'_>) -> Step {
    let mut stay = false;
    let mut found = None;
    for arg in call.args {
        match arg.as_bytes() {
            b"-n" => stay = true,
            b"--" => break,
            text => match index(text) {
                Some(index) => found = Some((index, arg)),
                None => {
                    let sign = matches!(text.first(), Some(b'-' | b'+'));
                    let what: &[u8] =
                        if sign { b": invalid number" } else { b": invalid argument" };
                    eval.say(call, &[arg, what]);
                    return eval.usage(call);
                }
            },
        }
    }
    let at = match found {
        None => 0,
        Some((index, arg)) => match place(eval, index) {
            Some(at) => at,
            None => return out_of_range(eval, call, arg),
        },
    };
    if eval.shell.dirs.stack.is_empty() {
        return eval.fail(call, &[b"directory stack empty"]);
    }
    if at == 0 && !stay {
        let Some(top) = eval.shell.dirs.stack.first().cloned() else { return Ok(1) };
        if let Err(status) = enter(eval, call, &top) {
            return Ok(status);
        }
        stack(eval).remove(0);
    } else {
        stack(eval).remove(at.saturating_sub(1));
    }
    show(eval, call)
}
