//! `split`: split a file into pieces.

mod chunks;
mod names;
mod options;
mod pieces;

use options::{How, Rules};

use super::operands::parse;
use crate::prelude::*;

pub const SPLIT: Command = Command {
    name: "split",
    synopsis: "split [OPTION]... [FILE [PREFIX]]",
    summary: "Output pieces of FILE to PREFIXaa, PREFIXab, ...;\ndefault size is 1000 lines, and default PREFIX is 'x'.\n\nWith no FILE, or when FILE is -, read standard input.\n\nCHUNKS is N, K/N, l/N, l/K/N (not splitting lines), r/N or r/K/N (round robin).",
    options: &[
        value('a', "suffix-length", "N", "generate suffixes of length N (default 2)"),
        long("additional-suffix", "append an additional SUFFIX to file names")
            .takes(Takes::Value("SUFFIX")),
        value('b', "bytes", "SIZE", "put SIZE bytes per output file"),
        value('C', "line-bytes", "SIZE", "put at most SIZE bytes of records per output file"),
        short('d', "use numeric suffixes starting at 0, not alphabetic"),
        long("numeric-suffixes", "same as -d, but allow setting the start value")
            .takes(Takes::Optional("FROM")),
        short('x', "use hex suffixes starting at 0, not alphabetic"),
        long("hex-suffixes", "same as -x, but allow setting the start value")
            .takes(Takes::Optional("FROM")),
        flag('e', "elide-empty-files", "do not generate empty output files with '-n'"),
        long("filter", "write to shell COMMAND; file name is $FILE").takes(Takes::Value("COMMAND")),
        value('l', "lines", "NUMBER", "put NUMBER lines/records per output file"),
        value('n', "number", "CHUNKS", "generate CHUNKS output files"),
        value(
            't',
            "separator",
            "SEP",
            "use SEP instead of newline as the record separator; '\\0' (zero) specifies the NUL character",
        ),
        flag('u', "unbuffered", "immediately copy input to output with '-n r/...'"),
        long("verbose", "print a diagnostic just before each output file is opened"),
    ],
    examples: &[
        Example {
            about: "Three lines each.",
            script: "seq 7 | split -l 3; cat xac",
            prints: "7\n",
        },
        Example {
            about: "Two halves, whole lines only.",
            script: "seq 4 > f; split -n l/2 -d f half; cat half01",
            prints: "3\n4\n",
        },
    ],
    order: Order::Raw,
    run: split,
    ..Command::BASE
};

fn split(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = options::modern(args.operands());
    let Some(args) = parse(ctx, &SPLIT, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let rules = options::rules(&args)?;
    let name = args.operands().first().cloned().unwrap_or_else(|| "-".into());
    let mut input = if name == "-" {
        let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
        std::mem::replace(&mut ctx.stdin, again)
    } else {
        ctx.open(&name).map_err(|error| {
            failure(format!("cannot open {} for reading: {error}", quoted(&name)))
        })?
    };
    let mut pieces = pieces::Pieces::new(&rules);
    let done = match rules.how {
        How::Lines(lines) => chunks::lines(ctx, &mut input, &mut pieces, &rules, lines),
        How::Bytes(bytes) => chunks::bytes(ctx, &mut input, &mut pieces, bytes),
        How::LineBytes(bytes) => chunks::line_bytes(ctx, &mut input, &mut pieces, &rules, bytes),
        How::RoundRobin(chunk) => chunks::round_robin(ctx, &mut input, &mut pieces, &rules, chunk),
        How::Chunks(chunk) | How::LineChunks(chunk) => {
            let size = size_of(&input, &name)?;
            if matches!(rules.how, How::Chunks(_)) {
                chunks::by_size(ctx, &mut input, &mut pieces, chunk, size)
            } else {
                chunks::lines_by_size(ctx, &mut input, &mut pieces, &rules, chunk, size)
            }
        }
    };
    match done.and_then(|read| pieces.finish(ctx).map(|()| read)) {
        Ok(None) => Ok(ExitStatus::SUCCESS),
        Ok(Some(error)) => Err(failure(format!("{name}: {error}"))),
        Err(error) => Err(error),
    }
}

/// How many bytes are left to read; only files have a size.
fn size_of(input: &Input, name: &BString) -> Result<u64, CommandError> {
    let stat = input.stream().metadata();
    match stat {
        Ok(stat) if stat.kind == FileKind::File => Ok(stat.size),
        Ok(stat) if stat.kind == FileKind::CharDevice => Ok(0),
        Ok(stat) if stat.kind == FileKind::Directory => {
            Err(failure(format!("{}: Is a directory", quoted_name(name))))
        }
        _ => Err(failure(format!("{}: cannot determine file size", quoted_name(name)))),
    }
}

/// Which of how many pieces is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chunk {
    count: u64,
    /// Only this one, from 1, to standard output.
    only: Option<u64>,
}

impl Rules {
    fn end(&self) -> u8 {
        self.separator
    }
}
