//! `cat`: concatenate files to standard output.
use std::sync::Arc;

use mesafs::Handle;

use crate::prelude::*;

pub const CAT: Command = Command {
    name: "cat",
    synopsis: "cat [OPTION]... [FILE]...",
    summary: "Concatenate FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('A', "show-all", "equivalent to -vET"),
        flag('b', "number-nonblank", "number nonempty output lines, overrides -n"),
        short('e', "equivalent to -vE"),
        flag('E', "show-ends", "display $ at end of each line"),
        flag('n', "number", "number all output lines"),
        flag('s', "squeeze-blank", "suppress repeated empty output lines"),
        short('t', "equivalent to -vT"),
        flag('T', "show-tabs", "display TAB characters as ^I"),
        short('u', "(ignored)"),
        flag('v', "show-nonprinting", "use ^ and M- notation, except for LFD and TAB"),
    ],
    examples: &[Example {
        about: "Number the lines of standard input.",
        script: "printf 'a\\nb\\n' | cat -n",
        prints: "     1\ta\n     2\tb\n",
    }],
    run: cat,
    ..Command::BASE
};

/// What is shown beside the bytes themselves, and what was last written.
#[derive(Debug, Clone, Copy)]
struct Style {
    number: bool,
    number_nonblank: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    nonprinting: bool,
}

#[derive(Debug)]
struct Writer {
    style: Style,
    line: u64,
    at_line_start: bool,
    blank_lines: u32,
    /// A carriage return held back: `-E` shows `^M$` where a line feed follows.
    held_return: bool,
}

fn cat(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let any = |letters: &str| letters.chars().any(|letter| args.has(letter));
    let style = Style {
        number: any("nb"),
        number_nonblank: any("b"),
        squeeze: any("s"),
        ends: any("eEA"),
        tabs: any("tTA"),
        nonprinting: any("vetA"),
    };
    let plain = !any("nbseEtTAv");
    let mut writer =
        Writer { style, line: 0, at_line_start: true, blank_lines: 0, held_return: false };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let copied = if operand == "-" {
            let stdin = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            let mut stdin = std::mem::replace(&mut ctx.stdin, stdin);
            let copied = copy(ctx, &mut stdin, plain, &mut writer);
            ctx.stdin = stdin;
            copied
        } else {
            match ctx.open(operand) {
                Ok(input) if is_output(ctx, &input) => {
                    ctx.complain_bytes(&[operand, &b": input file is output file"[..]].concat())?;
                    status = ExitStatus::FAILURE;
                    continue;
                }
                Ok(mut input) => copy(ctx, &mut input, plain, &mut writer),
                Err(error) => Ok(Some(error)),
            }
        };
        if let Some(reason) = copied? {
            // What was read before the fault comes before it, as with write(2).
            ctx.stdout.flush()?;
            ctx.complain(format_args!("{}: {reason}", quoted_name(operand)))?;
            status = ExitStatus::FAILURE;
        }
    }
    if writer.held_return {
        ctx.stdout.put(b"\r")?;
    }
    Ok(status)
}

/// Whether what is read would grow by what is written: the file is both, with something to read.
fn is_output(ctx: &Context<'_>, input: &Input) -> bool {
    let (from, to) = (input.stream(), ctx.stdout.stream());
    let path = |file: &Arc<dyn Handle>| file.path();
    match (from.file().and_then(path), to.file().and_then(path)) {
        (Some(input_path), Some(output_path)) if input_path == output_path => {
            input.stream().metadata().is_ok_and(|stat| stat.size > 0)
        }
        _ => false,
    }
}

/// Copies to the end. A fault of the input is returned for the caller to say; one of the output
/// ends the command.
fn copy(
    ctx: &mut Context<'_>,
    input: &mut Input,
    plain: bool,
    writer: &mut Writer,
) -> Result<Option<FsError>, CommandError> {
    loop {
        let chunk = match input.chunk() {
            Ok(chunk) => chunk,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Ok(Some(error)),
        };
        if chunk.is_empty() {
            return Ok(None);
        }
        if plain {
            ctx.stdout.put_bytes(chunk)?;
            // Like GNU's, nothing waits in a buffer while the next read blocks.
            ctx.stdout.flush()?;
        } else {
            let mut shown = Vec::with_capacity(chunk.len() * 2);
            writer.show(&chunk, &mut shown);
            ctx.stdout.put_bytes(shown.into())?;
        }
    }
}

impl Writer {
    fn show(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        for &byte in chunk {
            if byte == b'\n' {
                self.line_end(out);
                continue;
            }
            self.line_begin(out);
            if self.held_return {
                self.held_return = false;
                out.push(b'\r');
            }
            match byte {
                b'\t' if self.style.tabs => out.extend_from_slice(b"^I"),
                b'\t' => out.push(b'\t'),
                b'\r' if self.style.ends && !self.style.nonprinting => self.held_return = true,
                byte if self.style.nonprinting => notation(byte, out),
                byte => out.push(byte),
            }
        }
    }

    fn line_begin(&mut self, out: &mut Vec<u8>) {
        if self.at_line_start {
            self.at_line_start = false;
            self.blank_lines = 0;
            if self.style.number {
                self.number(out);
            }
        }
    }

    fn line_end(&mut self, out: &mut Vec<u8>) {
        if self.at_line_start {
            self.blank_lines += 1;
            if self.style.squeeze && self.blank_lines > 1 {
                return;
            }
            if self.style.number && !self.style.number_nonblank {
                self.number(out);
            }
        }
        if self.held_return {
            self.held_return = false;
            out.extend_from_slice(b"^M");
        }
        out.extend_from_slice(if self.style.ends { b"$\n" } else { b"\n" });
        self.at_line_start = true;
    }

    fn number(&mut self, out: &mut Vec<u8>) {
        self.line += 1;
        out.extend_from_slice(format!("{:6}\t", self.line).as_bytes());
    }
}

/// `^` and `M-` notation of one byte.
fn notation(byte: u8, out: &mut Vec<u8>) {
    let low = byte & 0x7f;
    if byte >= 0x80 {
        out.extend_from_slice(b"M-");
    }
    match low {
        0x7f => out.extend_from_slice(b"^?"),
        0..=0x1f => out.extend_from_slice(&[b'^', low + 0x40]),
        _ => out.push(low),
    }
}
