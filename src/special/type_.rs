//! `type`, and the look-ups of `command -v` and `-V`.

use bstr::ByteSlice;

use super::{Call, Special, by_name, options};
use crate::eval::{Eval, Step, lookup};
use crate::state::{Opt, Str};
use crate::syntax::print;
use mesash_builtins::core::shell_quote;

pub const TYPE: Special = Special {
    name: "type",
    synopsis: "[-afptP] name [name ...]",
    summary: "Display information about command type.",
    run: type_,
    ..Special::BASE
};

const KEYWORDS: &[&str] = &[
    "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
    "function", "if", "in", "select", "then", "time", "until", "while", "{", "}",
];

/// What a name may lead to.
enum Kind {
    Alias(Str),
    Keyword,
    Function(Vec<u8>),
    Builtin {
        special: bool,
    },
    /// Remembered from an earlier look-up.
    Hashed(Str),
    File(Str),
}

#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    all: bool,
    no_functions: bool,
    /// `-P`: PATH even where something else comes first.
    path_only: bool,
}

fn kinds(eval: &Eval, name: &Str, wanted: Wanted) -> Vec<Kind> {
    let mut found = Vec::new();
    let shell = &eval.shell;
    if !wanted.path_only {
        let expands = shell.options.has(Opt::ExpandAliases);
        if let Some(value) = shell.aliases.get(name).filter(|_| expands) {
            found.push(Kind::Alias(value.clone()));
        }
        if KEYWORDS.iter().any(|keyword| name.as_bytes() == keyword.as_bytes()) {
            found.push(Kind::Keyword);
        }
        let symbol = shell.interner.get(name).filter(|_| !wanted.no_functions);
        if let Some(entry) = symbol.and_then(|symbol| shell.functions.get(symbol)) {
            found.push(Kind::Function(print::function(&entry.function).into()));
        }
        if let Some(builtin) = by_name(name).filter(|_| eval.rt.builtins.is_enabled(name)) {
            let special = builtin.posix && shell.options.has(Opt::Posix);
            found.push(Kind::Builtin { special });
        }
    }
    if !found.is_empty() && !wanted.all {
        return found;
    }
    if name.contains(&b'/') {
        if executable(eval, name) {
            found.push(Kind::File(name.clone()));
        }
        return found;
    }
    if name.is_empty() {
        return found;
    }
    if let Some(known) = shell.hash.get(name).filter(|_| !wanted.all) {
        found.push(Kind::Hashed(known.path.clone()));
        return found;
    }
    let path = lookup::path_variable(shell);
    let files = lookup::search(shell, &path, name, wanted.all).into_iter();
    found.extend(files.filter(|file| executable(eval, file)).map(Kind::File));
    found
}

fn executable(eval: &Eval, path: &[u8]) -> bool {
    let full = eval.shell.dirs.cwd.join(path);
    let stat = full.and_then(|full| eval.shell.fs().metadata(&full));
    stat.is_ok_and(|stat| !stat.is_directory() && stat.mode & 0o111 != 0)
}

/// `name is …`
fn sentence(name: &[u8], kind: &Kind) -> Vec<u8> {
    let mut line = name.to_vec();
    match kind {
        Kind::Alias(value) => {
            line.extend_from_slice(b" is aliased to `");
            line.extend_from_slice(value);
            line.push(b'\'');
        }
        Kind::Keyword => line.extend_from_slice(b" is a shell keyword"),
        Kind::Function(text) => {
            line.extend_from_slice(b" is a function\n");
            line.extend_from_slice(text.trim_end_with(|letter| letter == '\n'));
        }
        Kind::Builtin { special: true } => line.extend_from_slice(b" is a special shell builtin"),
        Kind::Builtin { special: false } => line.extend_from_slice(b" is a shell builtin"),
        Kind::Hashed(path) => {
            line.extend_from_slice(b" is hashed (");
            line.extend_from_slice(path);
            line.push(b')');
        }
        Kind::File(path) => {
            line.extend_from_slice(b" is ");
            line.extend_from_slice(path);
        }
    }
    line.push(b'\n');
    line
}

fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Alias(_) => "alias",
        Kind::Keyword => "keyword",
        Kind::Function(_) => "function",
        Kind::Builtin { .. } => "builtin",
        Kind::Hashed(_) | Kind::File(_) => "file",
    }
}

/// `-type`, `-path` and `-all`, also with two dashes, are what the options were called before.
fn with_short_options(args: &[Str]) -> Vec<Str> {
    let mut args = args.to_vec();
    for arg in args.iter_mut().take_while(|arg| arg.first() == Some(&b'-')) {
        let short: &[u8] = match arg.as_bytes() {
            b"-type" | b"--type" => b"-t",
            b"-path" | b"--path" => b"-p",
            b"-all" | b"--all" => b"-a",
            _ => continue,
        };
        *arg = Str::from(short);
    }
    args
}

fn type_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let args = with_short_options(call.args);
    let call = &Call { args: &args, ..*call };
    let given = match options::read(eval, call, "afptP") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let (short, path) = (given.has(b't'), given.has(b'p') || given.has(b'P'));
    let wanted =
        Wanted { all: given.has(b'a'), no_functions: given.has(b'f'), path_only: given.has(b'P') };
    let mut out = Vec::new();
    let mut status = 0;
    for name in given.rest {
        let found = kinds(eval, name, wanted);
        if found.is_empty() {
            status = 1;
            if !short && !path {
                // The order of the two streams is that of the names.
                eval.print(call, std::mem::take(&mut out))?;
                eval.say(call, &[name, b": not found"]);
            }
        }
        for kind in &found {
            if short {
                out.extend_from_slice(word(kind).as_bytes());
                out.push(b'\n');
            } else if path {
                if let Kind::File(path) | Kind::Hashed(path) = kind {
                    out.extend_from_slice(path);
                    out.push(b'\n');
                }
            } else {
                out.extend_from_slice(&sentence(name, kind));
            }
        }
    }
    Ok(eval.print(call, out)?.max(status))
}

/// `command -v` and, with sentences, `command -V`.
pub fn command_look_up(eval: &mut Eval, call: &Call<'_>, names: &[Str], verbose: bool) -> Step {
    let mut any = false;
    for name in names {
        let Some(kind) = kinds(eval, name, Wanted::default()).into_iter().next() else {
            if verbose {
                eval.say(call, &[name, b": not found"]);
            }
            continue;
        };
        any = true;
        let line = match &kind {
            kind if verbose => sentence(name, kind),
            Kind::Alias(value) => {
                [b"alias ", name.as_bytes(), b"=", &shell_quote::single(value), b"\n"].concat()
            }
            Kind::File(path) | Kind::Hashed(path) => [path.as_bytes(), b"\n"].concat(),
            _ => [name.as_bytes(), b"\n"].concat(),
        };
        eval.print(call, line)?;
    }
    Ok(u8::from(!any))
}
