//! `sed`: the stream editor, GNU's.

mod parse;
mod run;
mod script;

use crate::prelude::*;
use parse::{Chunk, Origin, Style};
use run::{Machine, Mode};

pub const SED: Command = Command {
    name: "sed",
    synopsis: "sed [OPTION]... {script-only-if-no-other-script} [input-file]...",
    summary: "Edit each line of the input-files, or of standard input, by a script.",
    options: &[
        flag('n', "quiet", "suppress automatic printing of pattern space"),
        long("silent", "the same as --quiet"),
        long("debug", "(accepted)"),
        value('e', "expression", "script", "add the script to the commands to be executed"),
        value('f', "file", "script-file", "add the contents of script-file to the commands"),
        long("follow-symlinks", "edit the file that a link leads to, not the link"),
        flag('i', "in-place", "edit files in place (makes a backup if SUFFIX is given)")
            .takes(Takes::Optional("SUFFIX")),
        value('l', "line-length", "N", "the desired line-wrap length for the `l' command"),
        long("posix", "disable all GNU extensions"),
        flag('E', "regexp-extended", "use extended regular expressions in the script"),
        short('r', "the same as -E"),
        flag('s', "separate", "consider files as separate rather than as one stream"),
        long("sandbox", "refuse the e/r/w commands"),
        flag('u', "unbuffered", "flush the output after each line"),
        flag('z', "null-data", "separate lines by NUL characters"),
        flag('b', "binary", "(accepted)"),
    ],
    examples: &[
        Example {
            about: "Replace in each line.",
            script: "printf 'a-b\\nc-d\\n' | sed 's/\\(.\\)-\\(.\\)/\\2+\\1/'",
            prints: "b+a\nd+c\n",
        },
        Example {
            about: "Print some lines only.",
            script: "seq 5 | sed -n '2,3p;$p'",
            prints: "2\n3\n5\n",
        },
    ],
    run: sed,
    ..Command::BASE
};

fn sed(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut chunks = Vec::new();
    let mut expressions = 0;
    for option in args.given() {
        let Some(value) = &option.value else { continue };
        let (text, origin) = match option.opt.short {
            Some('e') => {
                expressions += 1;
                (value.clone(), Origin::Expression(expressions))
            }
            Some('f') => (script_file(ctx, value)?, Origin::File(value.clone())),
            _ => continue,
        };
        chunks.push(Chunk { text, origin });
    }
    let mut operands = args.operands();
    if chunks.is_empty() {
        let Some((script, rest)) = operands.split_first() else {
            return Err(no_script(ctx));
        };
        chunks.push(Chunk { text: script.clone(), origin: Origin::Expression(1) });
        operands = rest;
    }
    let in_place = args.has('i').then(|| args.value('i').map(BStr::to_owned).unwrap_or_default());
    let separate = args.has('s') || in_place.is_some();
    let extended = args.has('E') || args.has('r');
    let (posix, sandbox) = (args.has("posix"), args.has("sandbox"));
    let style = Style { extended, posix, sandbox, bytes: ctx.bytes_locale(), null: args.has('z') };
    let script = parse::parse(&chunks, style)
        .map_err(|fault| CommandError::Fail(fault.message, ExitStatus(fault.status)))?;
    let width = match args.value('l') {
        // As atoi(3) reads it: what is no number is 0.
        Some(text) => {
            let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0usize, |width, digit| {
                width.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
            })
        }
        None => 70,
    };
    let mode = Mode {
        quiet: args.has('n') || args.has("silent"),
        separate,
        in_place,
        follow_links: args.has("follow-symlinks"),
        delimiter: if args.has('z') { 0 } else { b'\n' },
        unbuffered: args.has('u'),
        width,
        posix,
    };
    Machine::new(ctx, &script, &mode, operands)?.run()
}

fn script_file(ctx: &mut Context<'_>, name: &BString) -> Result<BString, CommandError> {
    let read = |ctx: &mut Context<'_>| -> FsResult<Bytes> {
        if name == "-" { ctx.stdin.rest() } else { ctx.open(name)?.rest() }
    };
    match read(ctx) {
        Ok(text) => Ok(text.strip_suffix(b"\n").unwrap_or(&text).into()),
        Err(error) => {
            let message = format!("couldn't open file {name}: {error}");
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(4)))
        }
    }
}

/// Without a script GNU's sed shows its usage.
fn no_script(ctx: &mut Context<'_>) -> CommandError {
    let usage = crate::args::help_text(&SED);
    let _ = ctx.stderr.put(usage.as_bytes());
    CommandError::Exit(ExitStatus::FAILURE)
}
