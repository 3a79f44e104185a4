//! Which arguments of well-known commands are paths, and what happens to them.

use super::walk::Argument;

/// What a command does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Reads,
    Writes,
    /// The last is written, the others are read: `cp`.
    Copies,
    /// All are written: `mv` takes away what it has read.
    Moves,
    /// The first is read, a second written: `uniq`.
    ReadsThenWrites,
}

/// How a command's arguments are read.
struct Known {
    names: &'static [&'static str],
    /// Letters of options that take a value, which may be the next argument.
    valued: &'static str,
    /// How many operands come first that are no paths (a pattern, a mode).
    skips: usize,
    /// Letters of options that give what else would be such an operand.
    replaced_by: &'static str,
    does: Use,
}

const READ: Known = Known { names: &[], valued: "", skips: 0, replaced_by: "", does: Use::Reads };

const KNOWN: &[Known] = &[
    Known {
        names: &[
            "cat",
            "tac",
            "wc",
            "rev",
            "cmp",
            "md5sum",
            "sha1sum",
            "sha224sum",
            "sha256sum",
            "sha384sum",
            "sha512sum",
            "b2sum",
            "cksum",
            "sum",
            "file",
            "readlink",
            "realpath",
            "ls",
            "strings",
            "tsort",
            "less",
            "more",
            "dir",
            "vdir",
            "stat",
            "du",
        ],
        valued: "",
        ..READ
    },
    Known { names: &["head", "tail"], valued: "nc", ..READ },
    Known { names: &["cut"], valued: "bcdf", ..READ },
    Known {
        names: &["paste", "fold", "nl", "od", "xxd", "expand", "unexpand", "base64", "base32"],
        valued: "dwsbnvtNjAlcg",
        ..READ
    },
    Known { names: &["sort"], valued: "koStT", ..READ },
    Known { names: &["comm", "join", "diff", "column", "shuf"], valued: "12etaovUICLsn", ..READ },
    Known { names: &["uniq"], valued: "fsw", does: Use::ReadsThenWrites, ..READ },
    Known {
        names: &["grep", "egrep", "fgrep", "rg"],
        valued: "efmABCdDgt",
        skips: 1,
        replaced_by: "ef",
        ..READ
    },
    Known { names: &["sed"], valued: "efl", skips: 1, replaced_by: "ef", ..READ },
    Known { names: &["awk", "gawk", "mawk"], valued: "fvF", skips: 1, replaced_by: "f", ..READ },
    Known { names: &["jq"], valued: "fL", skips: 1, replaced_by: "f", ..READ },
    Known {
        names: &["touch", "rmdir", "mkdir", "truncate"],
        valued: "mdrts",
        does: Use::Writes,
        ..READ
    },
    Known { names: &["rm", "tee", "unlink", "mktemp"], does: Use::Writes, ..READ },
    Known { names: &["chmod", "chown", "chgrp"], skips: 1, does: Use::Writes, ..READ },
    Known { names: &["cp", "install", "ln"], valued: "tSmog", does: Use::Copies, ..READ },
    Known { names: &["mv"], valued: "tS", does: Use::Moves, ..READ },
];

/// One path that a command names.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    pub argument: &'a Argument,
    pub writes: bool,
}

/// The arguments of a command, taken apart.
struct Split<'a> {
    operands: Vec<&'a Argument>,
    /// Letters of options, with the values of those that take one.
    options: Vec<(u8, Option<&'a Argument>)>,
}

fn split<'a>(arguments: &'a [Argument], known: &Known) -> Split<'a> {
    let mut split = Split { operands: Vec::new(), options: Vec::new() };
    let mut rest = arguments.iter();
    let mut only_operands = false;
    while let Some(argument) = rest.next() {
        let Some(text) = argument.text().filter(|_| !only_operands) else {
            split.operands.push(argument);
            continue;
        };
        match text {
            b"--" => only_operands = true,
            _ if text.starts_with(b"--") => {
                if text.starts_with(b"--in-place") {
                    split.options.push((b'i', None));
                }
            }
            _ if text.len() > 1 && text.starts_with(b"-") => {
                for (at, &letter) in text.iter().enumerate().skip(1) {
                    if !known.valued.as_bytes().contains(&letter) {
                        split.options.push((letter, None));
                        continue;
                    }
                    let attached = at + 1 < text.len();
                    split.options.push((letter, if attached { None } else { rest.next() }));
                    break;
                }
            }
            _ => split.operands.push(argument),
        }
    }
    split
}

/// The paths that `name` with these arguments reads and writes; `None` for a command that isn't known.
pub fn paths<'a>(name: &str, arguments: &'a [Argument]) -> Option<Vec<Path<'a>>> {
    if name == "find" {
        let start = |argument: &&Argument| {
            argument
                .text()
                .is_none_or(|text| !text.starts_with(b"-") && text != b"(" && text != b"!")
        };
        let starts = arguments.iter().take_while(start);
        return Some(starts.map(|argument| Path { argument, writes: false }).collect());
    }
    let known = KNOWN.iter().find(|known| known.names.contains(&name))?;
    let Split { operands, options } = split(arguments, known);
    let has = |letters: &str| options.iter().any(|(own, _)| letters.as_bytes().contains(own));
    let value = |letter: u8| options.iter().find(|(own, _)| *own == letter).and_then(|o| o.1);
    let skips = if has(known.replaced_by) { 0 } else { known.skips };
    let operands = operands.get(skips..).unwrap_or_default();
    let mut paths: Vec<Path<'a>> = Vec::with_capacity(operands.len());
    let into = matches!(known.does, Use::Copies | Use::Moves).then(|| value(b't')).flatten();
    for (at, argument) in operands.iter().enumerate() {
        let last = at + 1 == operands.len() && operands.len() > 1 && into.is_none();
        let writes = match known.does {
            Use::Reads => name == "sed" && has("i"),
            Use::Writes | Use::Moves => true,
            Use::Copies => last,
            Use::ReadsThenWrites => at == 1,
        };
        paths.push(Path { argument, writes });
    }
    paths.extend(into.map(|argument| Path { argument, writes: true }));
    if name == "sort" {
        paths.extend(value(b'o').map(|argument| Path { argument, writes: true }));
    }
    if known.replaced_by.contains('f') {
        paths.extend(value(b'f').map(|argument| Path { argument, writes: false }));
    }
    Some(paths)
}

/// How many arguments a command takes before the command that it runs; `None` if it runs none.
pub fn runs_after(name: &str, arguments: &[Argument]) -> Option<usize> {
    let (valued, skips): (&str, usize) = match name {
        "command" if has_option(arguments, b"vV") => return None,
        "command" | "builtin" | "nohup" | "setsid" => ("", 0),
        "exec" => ("a", 0),
        "nice" => ("n", 0),
        "env" => ("uCS", 0),
        "timeout" => ("ks", 1),
        "xargs" => ("IiEeLlnPsd", 0),
        "stdbuf" => ("ioe", 0),
        _ => return None,
    };
    let mut at = 0;
    let mut skipped = 0;
    while let Some(text) = arguments.get(at).map(Argument::text) {
        let Some(text) = text else { break };
        if text == b"--" {
            at += 1;
            break;
        }
        if text.len() > 1 && text.starts_with(b"-") {
            let letter = text.last().copied().unwrap_or_default();
            at += if text.len() == 2 && valued.as_bytes().contains(&letter) { 2 } else { 1 };
        } else if (name == "env" && text.contains(&b'=')) || skipped < skips {
            skipped += usize::from(name != "env");
            at += 1;
        } else {
            break;
        }
    }
    Some(at)
}

fn has_option(arguments: &[Argument], letters: &[u8]) -> bool {
    let first = arguments.first().and_then(Argument::text).unwrap_or_default();
    first.starts_with(b"-") && first.iter().any(|letter| letters.contains(letter))
}
