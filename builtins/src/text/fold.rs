//! `fold`: wrap each input line to fit in a specified width.
use super::number::{no_suffix, within};
use super::operands::{each_chunk, each_file, modern_number, parse};
use crate::prelude::*;

pub const FOLD: Command = Command {
    name: "fold",
    synopsis: "fold [OPTION]... [FILE]...",
    summary: "Wrap input lines in each FILE, writing to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('b', "bytes", "count bytes rather than columns"),
        flag('s', "spaces", "break at spaces"),
        value('w', "width", "WIDTH", "use WIDTH columns instead of 80"),
    ],
    examples: &[
        Example {
            about: "At most five columns.",
            script: "echo abcdefgh | fold -w5",
            prints: "abcde\nfgh\n",
        },
        Example {
            about: "Between words where there are any.",
            script: "echo to be or not | fold -s -w6",
            prints: "to be \nor not\n",
        },
    ],
    order: Order::Raw,
    run: fold,
    ..Command::BASE
};

fn fold(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = modern_number(args.operands(), "-w", b"bs", b"w");
    let Some(args) = parse(ctx, &FOLD, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let mut width = 80;
    for text in args.values('w') {
        let max = i128::from(u64::MAX) - 9;
        width = within(text, "invalid number of columns", 1..=max, no_suffix)?;
    }
    let width = u64::try_from(width).unwrap_or(u64::MAX);
    let (bytes, spaces) = (args.has('b'), args.has('s'));
    each_file(ctx, args.operands(), |ctx, input| {
        let mut line = Line { width, bytes, spaces, column: 0, held: Vec::new() };
        let done = each_chunk(ctx, input, |ctx, chunk| line.feed(ctx, &chunk));
        ctx.stdout.put(&line.held)?;
        done
    })
}

/// The line being filled.
struct Line {
    width: u64,
    bytes: bool,
    spaces: bool,
    column: u64,
    /// What belongs to it and is not written yet.
    held: Vec<u8>,
}

impl Line {
    fn after(&self, column: u64, byte: u8) -> u64 {
        match byte {
            _ if self.bytes => column + 1,
            8 => column.saturating_sub(1),
            b'\r' => 0,
            b'\t' => column - column % 8 + 8,
            _ => column + 1,
        }
    }

    fn feed(&mut self, ctx: &mut Context<'_>, chunk: &[u8]) -> Result<(), CommandError> {
        for &byte in chunk {
            if byte == b'\n' {
                self.held.push(byte);
                ctx.stdout.put(&self.held)?;
                self.held.clear();
                self.column = 0;
                continue;
            }
            // A byte that does not fit begins a new line, unless there is nothing before it.
            loop {
                let column = self.after(self.column, byte);
                if column <= self.width || self.held.is_empty() {
                    self.column = column;
                    break;
                }
                self.wrap(ctx)?;
            }
            self.held.push(byte);
        }
        Ok(())
    }

    /// Ends the line: after its last blank, if that is wanted and there is one.
    fn wrap(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let end = match self.held.iter().rposition(blank) {
            Some(at) if self.spaces => at + 1,
            _ => self.held.len(),
        };
        let rest = self.held.split_off(end);
        self.held.push(b'\n');
        ctx.stdout.put(&self.held)?;
        self.held = rest;
        self.column = self.held.iter().fold(0, |column, &byte| self.after(column, byte));
        Ok(())
    }
}
