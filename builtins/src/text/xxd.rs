//! `xxd`: make a hexdump or do the reverse.

mod dump;
mod options;
mod revert;

use std::sync::Arc;

use mesafs::filesystem::SeekFrom;
use options::{Kind, Rules, Seek};

use crate::args::version_text;
use crate::prelude::*;

pub const XXD: Command = Command {
    name: "xxd",
    synopsis: "xxd [options] [infile [outfile]]\nxxd -r [-s [-]offset] [-c cols] [-ps] [infile [outfile]]",
    summary: "Make a hexdump of a file or of standard input, or turn one back into bytes.",
    options: &[
        short('a', "toggle autoskip: A single '*' replaces nul-lines. Default off"),
        short('b', "binary digit dump (incompatible with -ps,-i,-r). Default hex"),
        short('C', "capitalize variable names in C include file style (-i)"),
        short('c', "format COLS octets per line. Default 16 (-i: 12, -ps: 30)")
            .takes(Takes::Value("COLS")),
        short('E', "show characters in EBCDIC. Default ASCII"),
        short('e', "little-endian dump (incompatible with -ps,-i,-r)"),
        short('g', "number of octets per group in normal output. Default 2 (-e: 4)")
            .takes(Takes::Value("BYTES")),
        short('h', "print this summary"),
        short('i', "output in C include file style"),
        short('l', "stop after LEN octets").takes(Takes::Value("LEN")),
        short('n', "set the variable name used in C include output (-i)")
            .takes(Takes::Value("NAME")),
        short('o', "add OFF to the displayed file position").takes(Takes::Value("OFF")),
        short('p', "output in postscript plain hexdump style"),
        short('r', "reverse operation: convert (or patch) hexdump into binary"),
        short('d', "show offset in decimal instead of hex"),
        short('s', "start at SEEK bytes abs. (or +: rel.) infile offset; with -r, add it to the positions in the hexdump")
            .takes(Takes::Value("SEEK")),
        short('u', "use upper case hex letters"),
        short('v', "show version"),
    ],
    examples: &[
        Example {
            about: "A dump.",
            script: "printf 'Hello\\n' | xxd",
            prints: "00000000: 4865 6c6c 6f0a                           Hello.\n",
        },
        Example {
            about: "Back from digits to bytes.",
            script: "echo 48656c6c6f0a | xxd -r -p",
            prints: "Hello\n",
        },
    ],
    order: Order::Raw,
    run: xxd,
    ..Command::BASE
};

/// What xxd prints when it is called wrongly.
fn misuse(ctx: &mut Context<'_>) -> CommandResult {
    let mut text = String::from("Usage:\n       xxd [options] [infile [outfile]]\n    or\n");
    text += "       xxd -r [-s [-]offset] [-c cols] [-ps] [infile [outfile]]\nOptions:\n";
    for opt in XXD.options {
        let letter = opt.short.unwrap_or_default();
        let argument = match opt.takes {
            Takes::Value(name) => name.to_ascii_lowercase(),
            _ => String::new(),
        };
        text += &format!("    -{letter} {argument:8} {}.\n", opt.help);
    }
    ctx.stderr.put(text.as_bytes())?;
    Ok(ExitStatus::FAILURE)
}

fn fail(message: impl AsRef<[u8]>, status: u8) -> CommandError {
    CommandError::Fail(message.as_ref().to_vec(), ExitStatus(status))
}

fn xxd(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some(rules) = options::rules(args.operands()) else { return misuse(ctx) };
    if rules.version {
        ctx.stdout.put(version_text(&XXD).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let plain = matches!(rules.kind, Kind::Plain | Kind::Include);
    if rules.columns < 1 || (!plain && rules.columns > options::COLUMNS_MAX) {
        return Err(fail("invalid number of columns (max. 256).", 1));
    }
    if rules.kind == Kind::Little && !rules.group.is_power_of_two() {
        return Err(fail("number of octets per group must be a power of 2 with -e.", 1));
    }
    let mut input = match &rules.input {
        Some(name) if name != "-" => {
            ctx.open(name).map_err(|error| fail(format!("{name}: {error}"), 2))?
        }
        _ => {
            let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            std::mem::replace(&mut ctx.stdin, again)
        }
    };
    if let Some(name) = rules.output.as_ref().filter(|name| *name != "-") {
        // A dump that is turned back patches what is there.
        let mode = 0o666 & !ctx.umask;
        let options = OpenOptions { truncate: !rules.revert, ..OpenOptions::writing(mode) };
        let stream = ctx.open_stream(name, &options);
        let stream = stream.map_err(|error| fail(format!("{name}: {error}"), 3))?;
        let mut output = Output::standard(stream, ctx.cancel.clone());
        std::mem::swap(&mut ctx.stdout, &mut output);
        let done = run(ctx, &rules, &mut input);
        let flushed = ctx.stdout.flush();
        std::mem::swap(&mut ctx.stdout, &mut output);
        let status = done?;
        flushed?;
        return Ok(status);
    }
    run(ctx, &rules, &mut input)
}

fn run(ctx: &mut Context<'_>, rules: &Rules, input: &mut Input) -> CommandResult {
    if rules.revert {
        if !matches!(rules.kind, Kind::Hex | Kind::Plain) {
            return Err(fail("Sorry, cannot revert this type of hexdump", 255));
        }
        return revert::revert(ctx, rules, input);
    }
    let start = skip(input, &rules.seek)?;
    dump::dump(ctx, rules, input, start)
}

/// Goes to where the dump starts; the position there.
fn skip(input: &mut Input, seek: &Seek) -> Result<u64, CommandError> {
    let cannot = || fail("Sorry, cannot seek.", 4);
    let stream = Arc::clone(input.stream());
    let (to, ahead) = match *seek {
        Seek::None => return Ok(0),
        Seek::Start(offset) => (SeekFrom::Start(offset), offset),
        Seek::Ahead(offset) => {
            (SeekFrom::Current(i64::try_from(offset).unwrap_or(i64::MAX)), offset)
        }
        Seek::Back(offset) => {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            return stream.seek(SeekFrom::Current(-offset)).map_err(|_| cannot());
        }
        Seek::End(offset) => {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            return stream.seek(SeekFrom::End(-offset)).map_err(|_| cannot());
        }
    };
    if let Ok(at) = stream.seek(to) {
        return Ok(at);
    }
    let mut left = ahead;
    while left > 0 {
        let mut chunk = input.chunk().map_err(|error| read_failed(&error))?;
        if chunk.is_empty() {
            return Err(cannot());
        }
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        left -= taken as u64;
        input.unread(chunk.split_off(taken));
    }
    Ok(ahead)
}

fn read_failed(error: &FsError) -> CommandError {
    match error.errno() {
        Errno::Canceled => error.clone().into(),
        _ => fail(error.to_string(), 2),
    }
}
