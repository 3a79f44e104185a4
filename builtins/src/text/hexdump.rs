//! `hexdump` and `hd`: display file contents by formats.

mod parse;
mod print;
mod source;

use parse::Format;
use source::Source;

use super::number::{NumberFault, integer};
use crate::prelude::*;

const OPTIONS: &[Opt] = &[
    flag('b', "one-byte-octal", "one-byte octal display"),
    flag('c', "one-byte-char", "one-byte character display"),
    flag('C', "canonical", "canonical hex+ASCII display"),
    flag('d', "two-bytes-decimal", "two-byte decimal display"),
    flag('o', "two-bytes-octal", "two-byte octal display"),
    flag('x', "two-bytes-hex", "two-byte hexadecimal display"),
    flag('L', "color", "(ignored)").takes(Takes::Optional("MODE")),
    value('e', "format", "FORMAT", "format string to be used for displaying data"),
    value('f', "format-file", "FILE", "file that contains format strings"),
    value('n', "length", "LENGTH", "interpret only length bytes of input"),
    value('s', "skip", "OFFSET", "skip offset bytes from the beginning"),
    flag('v', "no-squeezing", "output identical lines"),
    flag('h', "help", ""),
    flag('V', "version", ""),
];

pub const HEXDUMP: Command = Command {
    name: "hexdump",
    synopsis: "hexdump [options] <file>...",
    summary: "Display file contents in hexadecimal, decimal, octal, or ascii.",
    options: OPTIONS,
    examples: &[
        Example {
            about: "As most like to read it.",
            script: "printf 'Hi\\n' | hexdump -C",
            prints: "00000000  48 69 0a                                          |Hi.|\n00000003\n",
        },
        Example {
            about: "By a format of one's own.",
            script: "printf abc | hexdump -ve '1/1 \"%02x,\"'",
            prints: "61,62,63,",
        },
    ],
    run: |ctx, args| hexdump(ctx, args, &HEXDUMP, false),
    ..Command::BASE
};

pub const HD: Command = Command {
    name: "hd",
    synopsis: "hd [options] <file>...",
    summary: "Display file contents in hexadecimal and ascii: hexdump -C.",
    examples: &[Example {
        about: "As most like to read it.",
        script: "printf 'Hi\\n' | hd",
        prints: "00000000  48 69 0a                                          |Hi.|\n00000003\n",
    }],
    run: |ctx, args| hexdump(ctx, args, &HD, true),
    ..HEXDUMP
};

const CANONICAL: [&str; 3] = [
    "\"%08.8_Ax\n\"",
    "\"%08.8_ax  \" 8/1 \"%02x \" \"  \" 8/1 \"%02x \" ",
    "\"  |\" 16/1 \"%_p\" \"|\n\"",
];

fn hexdump(
    ctx: &mut Context<'_>,
    args: &Args,
    command: &Command,
    canonical: bool,
) -> CommandResult {
    if args.has('h') || args.has('V') {
        let text = match args.has('h') {
            true => crate::args::help_text(command),
            false => crate::args::version_text(command),
        };
        ctx.stdout.put(text.as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let mut formats: Vec<Format> = Vec::new();
    let mut add = |text: &[u8]| -> Result<(), CommandError> {
        formats.push(Format::parse(text).map_err(failure)?);
        Ok(())
    };
    let (mut skip, mut length) = (0, None);
    if canonical {
        CANONICAL.iter().try_for_each(|text| add(text.as_bytes()))?;
    }
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        let body = match given.opt.short {
            Some('b') => "16/1 \"%03o \" \"\n\"",
            Some('c') => "16/1 \"%3_c \" \"\n\"",
            Some('d') => "8/2 \"  %05u \" \"\n\"",
            Some('o') => "8/2 \" %06o \" \"\n\"",
            Some('x') => "8/2 \"   %04x \" \"\n\"",
            other => {
                match other {
                    Some('C') => CANONICAL.iter().try_for_each(|text| add(text.as_bytes()))?,
                    Some('e') => add(&text)?,
                    Some('f') => {
                        let lines = ctx.open(&text).and_then(|mut input| input.rest());
                        let lines = lines.map_err(|error| failure(format!("{text}: {error}")))?;
                        for line in lines.lines() {
                            let line = line.trim_start();
                            if !line.is_empty() && !line.starts_with(b"#") {
                                add(line)?;
                            }
                        }
                    }
                    Some('n') => length = Some(size(&text, "length")?),
                    Some('s') => skip = size(&text, "offset")?,
                    _ => {}
                }
                continue;
            }
        };
        add(b"\"%07.7_Ax\n\"")?;
        add(format!("\"%07.7_ax \" {body}").as_bytes())?;
    }
    if formats.is_empty() {
        formats.push(Format::parse(b"\"%07.7_Ax\n\"").map_err(failure)?);
        let text = b"\"%07.7_ax \" 8/2 \"%04x \" \"\n\"";
        formats.push(Format::parse(text).map_err(failure)?);
    }
    let block = formats.iter().map(Format::bytes).max().unwrap_or(0);
    formats.iter_mut().for_each(|format| format.stretch(block));
    let mut source = Source::new(args.operands().to_vec(), skip, length);
    print::print(ctx, &formats, block, args.has('v'), &mut source)?;
    source.status(ctx)
}

/// A length with a unit, or in hexadecimal.
fn size(text: &[u8], what: &str) -> Result<u64, CommandError> {
    let failed =
        |reason: &str| failure(format!("failed to parse {what}: '{}': {reason}", text.as_bstr()));
    let hexadecimal = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"));
    if let Some(number) =
        hexadecimal.and_then(|digits| u64::from_str_radix(digits.to_str().ok()?, 16).ok())
    {
        return Ok(number);
    }
    match integer(text, suffix) {
        Ok(number) if text.first().is_some_and(u8::is_ascii_digit) => {
            u64::try_from(number).map_err(|_| failed("Invalid argument"))
        }
        Err(NumberFault::TooLarge) => Err(failed("Numerical result out of range")),
        _ => Err(failed("Invalid argument")),
    }
}

/// `K` and `KiB` are 1024, `KB` is 1000.
fn suffix(suffix: &[u8]) -> Option<i128> {
    let (letter, base) = match suffix {
        [] => return Some(1),
        [letter] => (letter, 1024i128),
        [letter, b'i', b'B' | b'b'] => (letter, 1024),
        [letter, b'B' | b'b'] => (letter, 1000),
        _ => return None,
    };
    let place = b"KMGTPEZY".iter().position(|known| *known == letter.to_ascii_uppercase())?;
    base.checked_pow(u32::try_from(place + 1).ok()?)
}
