//! `unexpand`: convert spaces to tabs.
use super::operands::{each_chunk, each_file, modern_number, parse};
use super::tabs::TabStops;
use crate::prelude::*;

pub const UNEXPAND: Command = Command {
    name: "unexpand",
    synopsis: "unexpand [OPTION]... [FILE]...",
    summary: "Convert blanks in each FILE to tabs, writing to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('a', "all", "convert all blanks, instead of just initial blanks"),
        long("first-only", "convert only leading sequences of blanks (overrides -a)"),
        value(
            't',
            "tabs",
            "LIST",
            "have tabs N characters apart instead of 8, or use a comma separated list of tab positions, as expand has it (enables -a)",
        ),
        // What an obsolete `-4,8` is rewritten to: it does not enable `-a`.
        long("obsolete-tabs", "").takes(Takes::Value("LIST")),
    ],
    examples: &[Example {
        about: "Tabs four columns apart.",
        script: "printf '    a   b\\n' | unexpand -t4 | od -An -c",
        prints: "  \\t   a  \\t   b  \\n\n",
    }],
    order: Order::Raw,
    run: unexpand,
    ..Command::BASE
};

fn unexpand(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = modern_number(args.operands(), "--obsolete-tabs=", b"a", b"t");
    let Some(args) = parse(ctx, &UNEXPAND, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let mut stops = TabStops::default();
    for text in args.values('t').chain(args.values("obsolete-tabs")) {
        stops.add(ctx, text)?;
    }
    let whole_lines = !args.has("first-only") && (args.has('a') || args.has('t'));
    let mut line = Line { stops: stops.finish()?, whole_lines, ..Line::default() };
    line.begin();
    // A line may go on from one file to the next.
    let mut out = Vec::new();
    let status = each_file(ctx, args.operands(), |ctx, input| {
        each_chunk(ctx, input, |ctx, chunk| {
            out.clear();
            for &byte in &chunk {
                line.feed(byte, &mut out);
            }
            Ok(ctx.stdout.put(&out)?)
        })
    })?;
    out.clear();
    line.settle(&mut out);
    ctx.stdout.put(&out)?;
    Ok(status)
}

/// A line being converted.
#[derive(Default)]
struct Line {
    stops: TabStops,
    whole_lines: bool,
    column: u64,
    /// Blanks are still converted: not past the last stop, nor after text unless that is wanted.
    converting: bool,
    /// The byte before was a blank, or there is none.
    after_blank: bool,
    /// One space reached a stop. It becomes a tab only if another blank follows.
    lone: bool,
    /// Spaces since then, or since the last stop.
    spaces: usize,
}

impl Line {
    fn begin(&mut self) {
        self.column = 0;
        self.converting = true;
        self.after_blank = true;
    }

    /// Writes the blanks that wait.
    fn settle(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.lone) {
            out.push(if self.spaces > 0 { b'\t' } else { b' ' });
        }
        out.extend(std::iter::repeat_n(b' ', std::mem::take(&mut self.spaces)));
    }

    fn feed(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\n' {
            self.settle(out);
            out.push(byte);
            self.begin();
            return;
        }
        if !self.converting {
            out.push(byte);
            return;
        }
        if !matches!(byte, b' ' | b'\t') {
            self.settle(out);
            self.column = if byte == 8 { self.column.saturating_sub(1) } else { self.column + 1 };
            self.converting = self.whole_lines;
            self.after_blank = false;
            out.push(byte);
            return;
        }
        let Some(stop) = self.stops.after(self.column) else {
            self.settle(out);
            self.converting = false;
            out.push(byte);
            return;
        };
        if byte == b' ' && self.column + 1 < stop {
            self.column += 1;
            self.spaces += 1;
        } else if byte == b' ' && !self.after_blank {
            self.column = stop;
            self.lone = true;
        } else {
            // The stop is reached: what was since the one before is one tab.
            if std::mem::take(&mut self.lone) {
                out.push(b'\t');
            }
            self.spaces = 0;
            self.column = stop;
            out.push(b'\t');
        }
        self.after_blank = true;
    }
}
