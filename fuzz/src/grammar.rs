//! Scripts by a grammar: every one parses, ends, and says the same wherever it runs.
//!
//! Bytes are choices: each production takes one and picks a branch; when they run out the shortest
//! branch is taken, so that a script is never much longer than what it was made of. Nothing here
//! names a time, a process or a random number, and loops have fixed bounds.

use std::fmt::Write;

struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
    depth: u8,
    /// How many `$(` are open.
    substitutions: u8,
}

impl Choices<'_> {
    /// A number below `bound`; 0 when the bytes have run out.
    fn below(&mut self, bound: usize) -> usize {
        self.bytes.next().map_or(0, |&byte| usize::from(byte) % bound)
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn deep(&self) -> bool {
        self.depth > 4 || self.bytes.len() == 0
    }
}

/// The script that these bytes choose.
pub fn script(data: &[u8]) -> String {
    let mut choices = Choices { bytes: data.iter(), depth: 0, substitutions: 0 };
    let mut out = String::from(
        "s='a b*c' e= n=7 l=$'x\\ny' a=(p 'q r' '' s) b=(3 1 2); declare -A m=([k]=v [j]=w)\n",
    );
    out += "f() { echo \"f:$#:$1\"; return ${2:-0}; }\n";
    for _ in 0..12 {
        if choices.bytes.len() == 0 {
            break;
        }
        command(&mut choices, &mut out);
        out.push('\n');
    }
    out += "echo \"=$?:$n:$s:${a[*]}\"\n";
    out
}

fn list(choices: &mut Choices<'_>, out: &mut String) {
    for count in 0..=choices.below(3) {
        if count > 0 {
            out.push_str("; ");
        }
        command(choices, out);
    }
}

fn command(choices: &mut Choices<'_>, out: &mut String) {
    choices.depth += 1;
    if choices.deep() {
        simple(choices, out);
    } else {
        compound(choices, out);
    }
    choices.depth -= 1;
}

fn compound(choices: &mut Choices<'_>, out: &mut String) {
    match choices.below(22) {
        0..=6 => simple(choices, out),
        7 => around(choices, out, "if ", list, "; then ", list, "; else echo no; fi"),
        8 => around(choices, out, "for i in ", words, "; do ", list, "; done"),
        9 => around(choices, out, "{ ", list, "; } | { cat; ", list, "; }"),
        10 => around(choices, out, "( ", list, "; exit $((n & 3)) ) || { ", list, "; }"),
        11 => around(
            choices,
            out,
            "case ",
            word,
            " in ",
            pattern,
            ") echo in ;; *) echo out ;& y) echo y;; esac",
        ),
        12 => around(choices, out, "[[ ", word, " == ", pattern, " ]] && echo match"),
        13 => around(choices, out, "", simple, " && ", command, " || echo or"),
        14 => {
            // A variable of its own, that no command within sets.
            let c = format!("c{}", choices.depth);
            let head = format!("for (({c} = 0; {c} < 3; {c}++)); do ");
            around(choices, out, &head, list, "; ", command, "; done");
        }
        15 => around(
            choices,
            out,
            "while read -r x y; do echo \"<$x|$y>\"; done <<< ",
            word,
            "; ",
            simple,
            "",
        ),
        16 => around(choices, out, "g() { local n=1 s; ", list, "; }; g ", words, ""),
        17 => around(choices, out, "! ", command, "; echo $?; ", simple, ""),
        // In a substitution bash 5.2 loses what follows the here-document.
        18 if choices.substitutions == 0 => {
            around(choices, out, "cat <<X\n", heredoc, "\nX\n", simple, "")
        }
        19 => around(choices, out, "trap 'echo trap' ERR; ", list, "; trap - ERR; ", simple, ""),
        20 => around(choices, out, "(set -e; ", list, "; echo still; ", command, ")"),
        _ => around(choices, out, "printf '[%s]' ", words, "; echo; (( ", arith, " )); echo $?"),
    }
}

type Part = fn(&mut Choices<'_>, &mut String);

fn around(
    choices: &mut Choices<'_>,
    out: &mut String,
    open: &str,
    one: Part,
    between: &str,
    two: Part,
    close: &str,
) {
    out.push_str(open);
    one(choices, out);
    out.push_str(between);
    two(choices, out);
    out.push_str(close);
}

fn simple(choices: &mut Choices<'_>, out: &mut String) {
    match choices.below(16) {
        0..=2 => after(choices, out, "echo ", words),
        3 => after(choices, out, "printf '<%s>\\n' ", words),
        4 => {
            let name =
                choices.one(&["n", "s", "e", "v", "a[1]", "a[5]", "m[k]", "m[z]", "a", "b[-1]"]);
            let _ = write!(out, "{name}{}", choices.one(&["=", "+=", "="]));
            word(choices, out);
        }
        5 => after(choices, out, "a=(", |choices, out| {
            words(choices, out);
            out.push(')');
        }),
        6 => after(choices, out, "n=$((", |choices, out| {
            arith(choices, out);
            out.push_str("))");
        }),
        7 => after(choices, out, "f ", words),
        8 => after(choices, out, "set -- ", |choices, out| {
            words(choices, out);
            out.push_str("; echo \"$#:$*\"");
        }),
        9 => out.push_str(choices.one(&[
            "true",
            "false",
            ":",
            "shift",
            "return 3 2>/dev/null",
            "break",
            "continue",
        ])),
        10 => after(choices, out, "test ", |choices, out| {
            word(choices, out);
            out.push_str(choices.one(&[" = ", " != ", " -eq ", " < /dev/null -o -n "]));
            word(choices, out);
            out.push_str("; echo $?");
        }),
        11 => after(choices, out, "IFS=", |choices, out| {
            out.push_str(choices.one(&[":", "' '", "''", "ab", "$' \\t\\n'"]));
            out.push_str("; echo ");
            words(choices, out);
            out.push_str("; unset IFS");
        }),
        12 => after(choices, out, "unset ", |choices, out| {
            out.push_str(choices.one(&["v", "'a[1]'", "'m[k]'", "s", "n"]));
        }),
        13 => after(choices, out, "declare -p ", |choices, out| {
            out.push_str(choices.one(&["a", "m", "n", "s", "b", "v"]));
            out.push_str(" 2>/dev/null");
        }),
        14 => after(choices, out, "read -r x y <<< ", |choices, out| {
            word(choices, out);
            out.push_str("; echo \"$x|$y\"");
        }),
        _ => after(choices, out, "eval echo ", words),
    }
}

fn after(choices: &mut Choices<'_>, out: &mut String, open: &str, part: Part) {
    out.push_str(open);
    part(choices, out);
}

fn words(choices: &mut Choices<'_>, out: &mut String) {
    for count in 0..=choices.below(4) {
        if count > 0 {
            out.push(' ');
        }
        word(choices, out);
    }
}

fn word(choices: &mut Choices<'_>, out: &mut String) {
    choices.depth += 1;
    for _ in 0..=choices.below(3) {
        piece(choices, out, Quoted::No);
    }
    choices.depth -= 1;
}

fn heredoc(choices: &mut Choices<'_>, out: &mut String) {
    for _ in 0..=choices.below(4) {
        piece(choices, out, Quoted::Yes);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoted {
    No,
    Yes,
}

fn piece(choices: &mut Choices<'_>, out: &mut String, quoted: Quoted) {
    if choices.deep() {
        out.push_str(choices.one(&["x", "a", "1", "0", "k"]));
        return;
    }
    let kinds = if quoted == Quoted::Yes { 7 } else { 15 };
    match choices.below(kinds) {
        0 => out.push_str(choices.one(&["x", "abc", "7", "-", ":", "k", "0x1f", "%d", "=", "é"])),
        1 => parameter(choices, out, quoted),
        2 => {
            out.push_str(choices.one(&["$n", "$s", "$1", "$@", "$*", "$#", "$e", "$a", "$?", "$l"]))
        }
        3 => {
            out.push_str("$((");
            arith(choices, out);
            out.push_str("))");
        }
        4 => {
            choices.substitutions += 1;
            out.push_str("$(");
            command(choices, out);
            out.push_str(")");
            choices.substitutions -= 1;
        }
        5 => out.push_str(choices.one(&[
            "${a[@]}",
            "${a[*]}",
            "${!m[@]}",
            "${#a[@]}",
            "${a[-1]}",
            "${m[k]}",
            "${b[n-6]}",
        ])),
        6 => out.push_str(choices.one(&["\\$x", "\\\\", "a b", "  "])),
        7 | 8 => {
            out.push('"');
            for _ in 0..=choices.below(3) {
                piece(choices, out, Quoted::Yes);
            }
            out.push('"');
        }
        9 => out.push_str(choices.one(&["'a b'", "''", "'*'", "'\"'", "$'\\t\\x41\\''"])),
        10 => out.push_str(choices.one(&[
            "{a,b}",
            "{1..3}",
            "{c..a}",
            "{01..3}",
            "{x,{y,z}}w",
            "{a,}",
            "{,}",
            "{1..7..3}",
        ])),
        11 => out.push_str(choices.one(&["*", "?", "[a-c]*", "~", "x*", "\\*", "a\\ b"])),
        12 => out.push_str(choices.one(&[
            "\"${a[@]}\"",
            "\"$@\"",
            "\"$*\"",
            "\"${a[@]:1:2}\"",
            "\"${a[@]/s/S}\"",
            "\"${@:2}\"",
        ])),
        13 => out.push_str(choices.one(&[
            "${a[@]@Q}",
            "${s@U}",
            "${s@Q}",
            "${m[@]@K}",
            "${n@A}",
            "${s@a}",
            "${a@A}",
        ])),
        _ => out.push_str(choices.one(&[
            "${s^^}",
            "${s%%[*]*}",
            "${s/[a-z]/&&}",
            "${s//b/}",
            "${#s}",
            "${s:2:3}",
            "${s: -2}",
        ])),
    }
}

fn parameter(choices: &mut Choices<'_>, out: &mut String, quoted: Quoted) {
    let name = choices.one(&["s", "v", "e", "n", "1", "9", "a[1]", "m[k]", "a[@]", "@", "*", "l"]);
    let operator =
        choices.one(&[":-", "-", ":+", "+", "#", "##", "%", "%%", "/", "//", ":", "^", ",,", ":="]);
    let operator = match (operator, name) {
        (":=", "1" | "9" | "a[@]" | "@" | "*") => ":-",
        (operator, _) => operator,
    };
    let _ = write!(out, "${{{name}{operator}");
    match operator {
        "#" | "##" | "%" | "%%" | "^" | ",," => pattern(choices, out),
        "/" | "//" => {
            pattern(choices, out);
            out.push('/');
            piece(choices, out, quoted);
        }
        ":" => out.push_str(choices.one(&["0", "1", "2", "1:2", "0:1", " -1", "1:0", "n-6:1"])),
        _ => {
            choices.depth += 1;
            piece(choices, out, quoted);
            choices.depth -= 1;
        }
    }
    out.push('}');
}

fn pattern(choices: &mut Choices<'_>, out: &mut String) {
    for _ in 0..=choices.below(3) {
        out.push_str(choices.one(&[
            "*",
            "?",
            "a",
            "b",
            "[a-c]",
            "[!x]",
            "[[:alpha:]]",
            "x",
            "' '",
            "\\*",
            "$n",
            "\"$s\"",
            "[^ ]",
        ]));
    }
}

fn arith(choices: &mut Choices<'_>, out: &mut String) {
    choices.depth += 1;
    if choices.deep() {
        out.push_str(choices.one(&["1", "n", "0", "7"]));
    } else {
        match choices.below(8) {
            0..=2 => out.push_str(choices.one(&[
                "3",
                "n",
                "-2",
                "0x10",
                "010",
                "2#101",
                "a[1]",
                "b[0]",
                "${#s}",
                "v",
                "n++",
                "--n",
                "9223372036854775807",
            ])),
            3 => {
                out.push('(');
                arith(choices, out);
                out.push(')');
            }
            4 => {
                out.push_str(choices.one(&["!", "~", "-", "+"]));
                out.push(' ');
                arith(choices, out);
            }
            5 => {
                arith(choices, out);
                out.push_str(" ? ");
                arith(choices, out);
                out.push_str(" : ");
                arith(choices, out);
            }
            _ => {
                arith(choices, out);
                out.push_str(choices.one(&[
                    " + ", " - ", " * ", " / ", " % ", " ** ", " << ", " >> ", " < ", " == ",
                    " && ", " || ", " & ", " ^ ", " , ", " != ",
                ]));
                arith(choices, out);
            }
        }
    }
    choices.depth -= 1;
}
