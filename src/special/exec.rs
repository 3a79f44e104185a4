//! `exec`: redirections that stay, and a command in the shell's place.

use super::{Call, Special, options};
use crate::eval::{Eval, Found, Program, Step, Unwind, external, redirect};
use crate::state::{Opt, Str, names};
use crate::syntax::ast::{Command, Simple};
use bstr::ByteSlice;

pub const EXEC: Special = Special {
    name: "exec",
    synopsis: "[-cl] [-a name] [command [argument ...]] [redirection ...]",
    summary: "Replace the shell with the given command.",
    run: exec,
    ..Special::BASE
};

/// `exec` with its redirections, which stay if there is no command.
pub fn with_redirects(eval: &mut Eval, command: &Command, _node: &Simple, fields: &[Str]) -> Step {
    let call = Call {
        name: "exec",
        args: fields.get(1..).unwrap_or_default(),
        arrays: &[],
        elements: &[],
    };
    let mut undo = Vec::new();
    if !redirect::apply(eval, &command.redirects, &mut undo)? {
        redirect::restore(eval, undo);
        if eval.shell.options.has(Opt::Posix) {
            return Err(Unwind::Exit(1));
        }
        return Ok(1);
    }
    let step = exec(eval, &call);
    if step.is_err() || !call.args.is_empty() {
        // Only `execfail` and wrong options come back here.
        if !matches!(step, Err(Unwind::Exit(_))) {
            redirect::restore(eval, undo);
        }
    }
    step
}

fn exec(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "cla:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let Some(name) = given.rest.first() else { return Ok(0) };
    let Found::Path(path) = eval.find(name) else {
        let directory = eval.shell.dirs.cwd.join(name);
        let directory = directory.and_then(|path| eval.shell.fs().metadata(&path));
        if directory.is_ok_and(|stat| stat.is_directory()) {
            eval.say(call, &[name, b": cannot execute: Is a directory"]);
            return failed(eval, 126);
        }
        eval.say(call, &[name, b": not found"]);
        return failed(eval, 127);
    };
    let program = match eval.program(&path) {
        Ok(program) => program,
        Err(refused) => {
            let reason = refused.reason.as_bytes();
            // Here it is told by where it would be.
            let path = match path.starts_with(b"/") {
                true => path,
                false => {
                    let rest = path.strip_prefix(b"./").unwrap_or(&path);
                    Str::from([eval.shell.dirs.cwd.as_bstr().as_bytes(), b"/", rest].concat())
                }
            };
            eval.complain(&[&path, b": ", reason]);
            if refused.status == 126 {
                eval.say(call, &[&path, b": cannot execute: ", reason]);
            }
            return failed(eval, refused.status);
        }
    };
    let mut fields = given.rest.to_vec();
    if let Some(first) = fields.first_mut() {
        if let Some(own) = given.value(b'a') {
            *first = own.clone();
        }
        if given.has(b'l') {
            *first = Str::from([b"-", first.as_bytes()].concat());
        }
    }
    // The shell is gone: neither its EXIT trap nor its jobs' ends are seen.
    eval.rt.exit_trap_done = true;
    let status = run(eval, &program, &path, &fields, given.has(b'c'))?;
    Err(Unwind::Exit(status))
}

fn run(eval: &mut Eval, program: &Program, path: &Str, fields: &[Str], clean: bool) -> Step {
    if clean {
        return external::run_with(eval, program, path, fields, Vec::new());
    }
    // The new program isn't one level below the shell, but in its place; bash forgets of subshells.
    if eval.rt.is_subshell {
        return external::run(eval, program, path, fields);
    }
    let level = eval.shell.text(names::SHLVL).and_then(|text| text.to_str().ok()?.parse().ok());
    let level: i64 = level.unwrap_or(1);
    if let Err(error) = eval.shell.set(names::SHLVL, Str::number(level.saturating_sub(1).max(0))) {
        eval.complain(&[error.to_string().as_bytes()]);
    }
    external::run(eval, program, path, fields)
}

fn failed(eval: &Eval, status: u8) -> Step {
    if eval.shell.options.has(Opt::ExecFail) || eval.shell.options.has(Opt::Interactive) {
        return Ok(status);
    }
    Err(Unwind::Exit(status))
}
