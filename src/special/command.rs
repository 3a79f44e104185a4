//! `.`, `source`, `command` and `builtin`.

use mesafs::Errno;

use super::{Call, Special, by_name, options, type_};
use crate::eval::{Eval, Step, TextKind, Unwind, lookup, simple};
use crate::state::{Event, Frame, FrameKind, Opt, Str, names};

pub const SOURCE: Special = Special {
    name: "source",
    synopsis: "filename [arguments]",
    summary: "Execute commands from a file in the current shell.",
    run: source,
    ..Special::BASE
};
pub const SOURCE_DOT: Special = Special { name: ".", ..SOURCE };
pub const COMMAND: Special = Special {
    name: "command",
    synopsis: "[-pVv] command [arg ...]",
    summary: "Execute a simple command or display information about commands.",
    run: command,
    ..Special::BASE
};
pub const BUILTIN: Special = Special {
    name: "builtin",
    synopsis: "[shell-builtin [arg ...]]",
    summary: "Execute shell builtins.",
    run: builtin,
    ..Special::BASE
};

/// Where the standard commands are.
const STANDARD_PATH: &[u8] = b"/bin:/usr/bin";

fn builtin(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let Some((name, args)) = given.rest.split_first() else { return Ok(0) };
    let found = by_name(name).filter(|_| eval.rt.builtins.is_enabled(name));
    let Some(found) = found else {
        return eval.fail(call, &[name, b": not a shell builtin"]);
    };
    inner(eval, call, found, args)
}

/// Runs the builtin that these arguments of `call` name.
fn inner(eval: &mut Eval, call: &Call<'_>, found: &'static Special, args: &[Str]) -> Step {
    let skipped = call.args.len() - args.len();
    let arrays: Vec<_> = call
        .arrays
        .iter()
        .filter_map(|(at, assignment)| Some((at.checked_sub(skipped)?, *assignment)))
        .collect();
    let elements: Vec<_> = call
        .elements
        .iter()
        .filter_map(|(at, element)| Some((at.checked_sub(skipped)?, element.clone())))
        .collect();
    let call = Call { name: found.name, args, arrays: &arrays, elements: &elements };
    super::run(eval, found, &call)
}

fn command(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "pvV") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let Some((name, args)) = given.rest.split_first() else { return Ok(0) };
    let last = given.letters.iter().rev().find(|letter| letter.letter != b'p');
    if let Some(letter) = last {
        return type_::command_look_up(eval, call, given.rest, letter.letter == b'V');
    }
    if let Some(found) = by_name(name).filter(|_| eval.rt.builtins.is_enabled(name)) {
        return inner(eval, call, found, args);
    }
    if given.has(b'p') {
        if let Some(path) = lookup::search(&eval.shell, STANDARD_PATH, name, false).first() {
            return simple::run_path(eval, path, given.rest);
        }
        eval.complain(&[name, b": command not found"]);
        return Ok(127);
    }
    simple::find_and_run(eval, name, given.rest)
}

fn source(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let Some((name, args)) = given.rest.split_first() else {
        eval.say(call, &[b"filename argument required"]);
        return eval.usage(call);
    };
    let path = if name.contains(&b'/') || !eval.shell.options.has(Opt::SourcePath) {
        Some(name.clone())
    } else {
        on_path(eval, name)
    };
    let posix = eval.shell.options.has(Opt::Posix);
    let Some(path) = path.or_else(|| (!posix).then(|| name.clone())) else {
        eval.say(call, &[name, b": file not found"]);
        return Err(Unwind::Exit(1));
    };
    let content = match read(eval, &path) {
        Ok(content) => content,
        Err(reason) => {
            if reason != Errno::Canceled.text() {
                let what = if reason == Errno::IsDir.text() { "is a directory" } else { &reason };
                if what == "is a directory" {
                    eval.say(call, &[name, b": ", what.as_bytes()]);
                } else {
                    eval.complain(&[name, b": ", what.as_bytes()]);
                }
            }
            if posix && !eval.shell.options.has(Opt::Interactive) {
                return Err(Unwind::Exit(1));
            }
            return Ok(1);
        }
    };
    if lookup::is_binary(&content) {
        eval.say(call, &[name, b": cannot execute binary file"]);
        return Ok(126);
    }
    eval.source_text(&content, path, args)
}

fn on_path(eval: &Eval, name: &[u8]) -> Option<Str> {
    let path = eval.shell.scalar(names::PATH)?;
    path.split(|&byte| byte == b':').find_map(|dir| {
        let dir = if dir.is_empty() { &b"."[..] } else { dir };
        let candidate = [dir, b"/", name].concat();
        let full = eval.shell.dirs.cwd.join(&candidate).ok()?;
        let stat = eval.shell.fs().metadata(&full).ok()?;
        (!stat.is_directory()).then(|| Str::from(candidate))
    })
}

fn read(eval: &Eval, path: &[u8]) -> Result<Vec<u8>, String> {
    eval.read_whole(path).map_err(|error| error.to_string())
}

impl Eval {
    /// Runs the text of a file in this shell.
    pub fn source_text(&mut self, content: &[u8], source: Str, args: &[Str]) -> Step {
        let own = match args {
            [] => None,
            args => Some(self.positional(args.to_vec())?),
        };
        self.deepen(b"source")?;
        let line = self.shell.line;
        self.shell.frames.push(Frame {
            kind: FrameKind::Source,
            name: Str::from("source"),
            source,
            called_from: line,
            arguments: (!args.is_empty()).then(|| args.into()),
            options: None,
        });
        let set_before = std::mem::take(&mut self.rt.positional_set);
        let before = own.map(|args| std::mem::replace(&mut self.shell.positional, args));
        let hidden = self.rt.hidden;
        if !self.shell.traps.is_empty() && !self.shell.options.has(Opt::FuncTrace) {
            self.rt.hidden.debug = true;
        }
        self.rt.sources += 1;
        let step = self.run_text(content, 1, TextKind::File);
        self.rt.sources -= 1;
        self.rt.hidden = hidden;
        let step = match step {
            Ok(_) | Err(Unwind::Return(_)) if !self.shell.traps.is_empty() => {
                self.run_trap_of(Event::Return, self.shell.status).and(step)
            }
            step => step,
        };
        let step = match step {
            Err(Unwind::Return(status)) => Ok(status),
            step => step,
        };
        // Those that the file has set stay.
        if let Some(before) = before.filter(|_| !self.rt.positional_set) {
            self.shell.positional = before;
        }
        self.rt.positional_set |= set_before;
        self.shell.frames.pop();
        self.shell.line = line;
        self.rt.depth = self.rt.depth.saturating_sub(1);
        if let Ok(status) = step {
            self.shell.status = status;
        }
        step
    }
}
