//! `bash`, `sh` and `mesash` inside of a script, and scripts without `#!`: a shell of their own, as
//! `fork` and `exec` would make it, on the same thread.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use bytes::Bytes;
use mesafs::Errno;

use super::external::Launch;
use super::start::{Setup, StartError};
use super::{Eval, InvocationOption, Source, Unwind, expand, parser_options};
use crate::job::stack;
use crate::state::{Opt, Str, names};
use crate::syntax::options::ParseEnv;
use crate::syntax::word::parse_double_quoted;

/// What the command line of a shell says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    options: Vec<InvocationOption>,
    command: bool,
    stdin: bool,
    version: bool,
    help: bool,
    operands: Vec<BString>,
}

/// An option that there isn't.
#[derive(Debug, PartialEq, Eq)]
enum BadLine {
    Invalid(BString),
    MissingArgument(u8),
}

/// Long options that change nothing here.
const IGNORED: &[&str] = &[
    "--debug",
    "--debugger",
    "--dump-po-strings",
    "--dump-strings",
    "--login",
    "--noediting",
    "--noprofile",
    "--norc",
    "--posix",
    "--restricted",
    "--verbose",
];

fn parse(argv: &[BString]) -> Result<Line, BadLine> {
    let mut line = Line::default();
    let name = argv
        .first()
        .map_or(&b""[..], |name| name.rsplit(|&byte| byte == b'/').next().unwrap_or(name));
    if matches!(name, b"sh" | b"-sh") {
        // Bash manual, 6.11: invoked as `sh`, it is in POSIX mode.
        line.options.push(InvocationOption::Set("posix".into(), true));
    }
    let mut args = argv.iter().skip(1).peekable();
    while let Some(arg) =
        args.next_if(|arg| arg.len() > 1 && (arg.starts_with(b"-") || arg.starts_with(b"+")))
    {
        if *arg == "--" || *arg == "-" {
            break;
        }
        if let Some(name) = arg.strip_prefix(b"--") {
            match name {
                b"version" => line.version = true,
                b"help" => line.help = true,
                b"posix" => line.options.push(InvocationOption::Set("posix".into(), true)),
                b"verbose" => line.options.push(InvocationOption::Set("verbose".into(), true)),
                b"init-file" | b"rcfile" => drop(args.next()),
                _ if IGNORED.iter().any(|known| arg == known) => {}
                _ => return Err(BadLine::Invalid(arg.clone())),
            }
            continue;
        }
        let on = arg.starts_with(b"-");
        for &letter in arg.iter().skip(1) {
            match letter {
                b'c' if on => line.command = true,
                b's' if on => line.stdin = true,
                b'i' | b'l' | b'r' | b'D' => {}
                b'o' | b'O' => {
                    let Some(name) = args.next() else {
                        return Err(BadLine::MissingArgument(letter));
                    };
                    line.options.push(if letter == b'o' {
                        InvocationOption::Set(name.clone(), on)
                    } else {
                        InvocationOption::Shopt(name.clone(), on)
                    });
                }
                letter => match InvocationOption::from_letter(letter, on) {
                    Some(option) => line.options.push(option),
                    None => return Err(BadLine::Invalid(arg.clone())),
                },
            }
        }
    }
    line.operands = args.cloned().collect();
    Ok(line)
}

const LONG: &[&str] = &[
    "--debug",
    "--debugger",
    "--dump-po-strings",
    "--dump-strings",
    "--help",
    "--init-file",
    "--login",
    "--noediting",
    "--noprofile",
    "--norc",
    "--posix",
    "--pretty-print",
    "--rcfile",
    "--restricted",
    "--verbose",
    "--version",
];

const VERSION: &str = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n";

/// What bash says after an option that there isn't.
fn usage(name: &BStr) -> String {
    let long: String = LONG.iter().map(|option| format!("\t{option}\n")).collect();
    format!(
        "Usage:\t{name} [GNU long option] [option] ...\n\
         \t{name} [GNU long option] [option] script-file ...\n\
         GNU long options:\n{long}\
         Shell options:\n\
         \t-ilrsD or -c command or -O shopt_option\t\t(invocation only)\n\
         \t-abefhkmnptuvxBCEHPT or -o option\n"
    )
}

/// Runs `argv` as a shell of its own; its status.
pub fn run(launch: &Launch<'_>, argv: &[BString]) -> u8 {
    let own_name = argv.first().cloned().unwrap_or_default();
    let say = |text: &[u8]| {
        if let Some(fd) = launch.fds.get(2) {
            let message = [own_name.as_slice(), b": ", text, b"\n"].concat();
            drop(fd.stream.write(Bytes::from(message), &launch.cancel));
        }
    };
    let line = match parse(argv) {
        Ok(line) => line,
        Err(BadLine::Invalid(option)) => {
            say(&[option.as_slice(), b": invalid option"].concat());
            if let Some(fd) = launch.fds.get(2) {
                drop(fd.stream.write(Bytes::from(usage(own_name.as_bstr())), &launch.cancel));
            }
            return 2;
        }
        Err(BadLine::MissingArgument(letter)) => {
            say(&[b"-", &[letter][..], b": option requires an argument"].concat());
            return 2;
        }
    };
    if line.version || line.help {
        if let Some(fd) = launch.fds.get(1) {
            drop(fd.stream.write(Bytes::from_static(VERSION.as_bytes()), &launch.cancel));
        }
        return 0;
    }
    let mut operands = line.operands.into_iter();
    let mut zero = own_name.clone();
    let source = if line.command {
        match operands.next() {
            Some(text) => Source::Text(text),
            None => {
                say(b"-c: option requires an argument");
                return 2;
            }
        }
    } else if line.stdin {
        Source::Stdin
    } else {
        match operands.next() {
            Some(name) => {
                zero = name.clone();
                Source::File(name)
            }
            None => Source::Stdin,
        }
    };
    if line.command {
        zero = operands.next().unwrap_or(zero);
    }
    let depth = launch.rt.depth + 1;
    if u64::from(depth) >= launch.shell.budget.limits().depth || !stack::is_above(stack::floor()) {
        say(b"shells are nested too deeply");
        return 126;
    }
    let mut fds = launch.fds.clone();
    let private: Vec<u32> =
        launch.fds.iter().filter(|(_, fd)| fd.private).map(|(number, _)| number).collect();
    for fd in private {
        // Process substitutions are passed on by name, what the shell holds for itself isn't.
        if !launch.rt.substituted.contains(&fd) {
            fds.set(fd, None);
        }
    }
    let identity = launch.shell.world.identity.clone();
    let setup = Setup {
        realm: Arc::clone(&launch.rt.realm),
        fs: Arc::clone(launch.shell.fs()),
        clock: Arc::clone(&launch.shell.world.clock),
        identity,
        budget: launch.shell.budget.clone(),
        cancel: launch.cancel.child(),
        parent_pid: launch.shell.bash_pid,
        ignored: launch.rt.process.ignored(),
        cwd: launch.cwd.clone(),
        zero: Str::from(zero.as_slice()),
        args: operands.map(Str::from).collect(),
        env: &launch.env,
        fds,
        umask: launch.shell.umask,
        options: &line.options,
        interactive: false,
        depth,
    };
    let mut eval = match setup.start() {
        Ok(eval) => eval,
        Err(error) => {
            say(error.told(&own_name).as_bytes());
            return if matches!(error, StartError::Variables(_)) { 1 } else { 2 };
        }
    };
    eval.rt.own_name = Str::from(own_name.as_slice());
    let named_sh = own_name.rsplit(|&byte| byte == b'/').next() == Some(b"sh");
    if eval.shell.options.has(Opt::Posix) && !named_sh {
        // As `set -o posix` does.
        drop(eval.shell.set(names::POSIXLY_CORRECT, "y"));
    }
    eval.rt.stack_floor = stack::floor();
    let step = run_startup(&mut eval).and_then(|()| eval.run_source(&source));
    let end = eval.conclude(step);
    eval.close();
    end.status
}

/// Runs the file that `BASH_ENV` names, as each shell does that isn't interactive.
fn run_startup(eval: &mut Eval) -> Result<(), Unwind> {
    if eval.shell.options.has(Opt::Posix) {
        return Ok(());
    }
    let Some(value) = eval.shell.scalar(names::BASH_ENV).filter(|value| !value.is_empty()) else {
        return Ok(());
    };
    let env = ParseEnv { options: parser_options(&eval.shell), ..ParseEnv::default() };
    let Ok(word) = parse_double_quoted(&value, 1, env, &eval.shell.interner) else {
        return Ok(());
    };
    let path = match expand::assigned(&mut eval.shell, &mut eval.rt, &word) {
        Ok(path) => path,
        Err(error) => return Err(eval.expand_failed(error)),
    };
    match eval.read_whole(&path) {
        Ok(content) => {
            // It is traced as the script itself is.
            eval.rt.trace_level -= 1;
            let step = eval.source_text(&content, path, &[]);
            eval.rt.trace_level += 1;
            step?;
            eval.shell.status = 0;
        }
        Err(error) if error.errno() == Errno::IsDir => {
            eval.put_error(
                &[&eval.rt.own_name, b": ".as_slice(), &path, b": is a directory\n"].concat(),
            );
        }
        Err(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_bash_reads_them() {
        let line = |words: &[&str]| {
            let argv: Vec<BString> = words.iter().map(|&word| word.into()).collect();
            parse(&argv)
        };
        let set = |name: &str, on| InvocationOption::Set(name.into(), on);
        let parsed = line(&["bash", "-ec", "+x", "-o", "pipefail", "text", "-x"]);
        let Ok(parsed) = parsed else { panic!("{parsed:?}") };
        assert!(parsed.command);
        let options = [set("errexit", true), set("xtrace", false), set("pipefail", true)];
        assert_eq!(parsed.options, options);
        assert_eq!(parsed.operands, ["text", "-x"]);
        assert_eq!(line(&["sh", "-Q"]), Err(BadLine::Invalid("-Q".into())));
    }
}
