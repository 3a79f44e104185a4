//! Runs a call of `rg`: what is searched, what is printed, and how it ends.

use std::io::{self, Write};

use bstr::{BString, ByteSlice};

use super::matcher::{self, Compiled};
use super::options::{Options, Show};
use super::printer::{Parts, Printer, Text};
use super::walk::{Walk, types};
use super::{RG, say};
use crate::args::choice::When;
use crate::prelude::*;
use crate::stream::FileStream;

/// Files up to this size are searched as one piece, which costs no copy.
const PIECE_BYTES: u64 = 64 << 20;

pub(super) fn rg(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('h') {
        ctx.stdout.put(crate::args::help_text(&RG).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    if args.has('V') {
        ctx.stdout.put(crate::args::version_text(&RG).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    if args.has("pcre2-version") {
        ctx.stdout.put(b"Perl's regular expressions are built in.\n")?;
        return Ok(ExitStatus::SUCCESS);
    }
    let options = Options::read(ctx, args)?;
    if args.has("type-list") {
        return type_list(ctx, args);
    }
    if args.has("files") {
        return files(ctx, args, &options);
    }
    let (patterns, operands) = matcher::patterns(ctx, args)?;
    if options.max_count == Some(0) || patterns.is_empty() {
        return Ok(ExitStatus::FAILURE);
    }
    let matcher = matcher::compile(ctx, &options, &patterns)?;
    let stdin = [BString::from("-")];
    let used = args.values('f').any(|name| name == "-");
    let operands =
        if operands.is_empty() && !used && stdin_is_input(ctx) { &stdin } else { operands };
    search(ctx, args, &options, &matcher, operands)
}

/// Whether standard input is something to search, as opposed to a terminal or `/dev/null`.
fn stdin_is_input(ctx: &Context<'_>) -> bool {
    let stream = ctx.stdin.stream();
    let kind = stream.metadata().map(|stat| stat.kind);
    !stream.is_terminal() && matches!(kind, Ok(FileKind::File | FileKind::Pipe))
}

fn type_list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    for definition in types(ctx, args)?.definitions() {
        let line = format!("{}: {}\n", definition.name(), definition.globs().join(", "));
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// `--files`.
fn files(ctx: &mut Context<'_>, args: &Args, options: &Options) -> CommandResult {
    let mut walk = Walk::new(ctx, args, options)?;
    walk.start(ctx, args.operands())?;
    let mut any = false;
    while let Some(found) = walk.next(ctx)? {
        any = true;
        if options.has("quiet") {
            break;
        }
        let name = shown(&found.name, options);
        let end: &[u8] = if options.has("null") { b"\0" } else { b"\n" };
        ctx.stdout.put(&[name.as_slice(), end].concat())?;
    }
    Ok(match (walk.failed, any) {
        (true, _) => ExitStatus(2),
        (false, true) => ExitStatus::SUCCESS,
        (false, false) => ExitStatus::FAILURE,
    })
}

fn shown(name: &BString, options: &Options) -> BString {
    match options.path_separator {
        Some(separator) => name.replace(b"/", [separator]).into(),
        None => name.clone(),
    }
}

fn parts(ctx: &Context<'_>, options: &Options, operands: &[BString]) -> Parts {
    let terminal = ctx.stdout.is_terminal();
    let vimgrep = options.has("vimgrep");
    let is_dir = |operand: &BString| {
        let stat = ctx.path(operand).and_then(|path| ctx.fs.metadata(&path));
        stat.is_ok_and(|stat| stat.is_directory())
    };
    let only_stdin = matches!(operands, [only] if only == "-");
    let several = operands.len() != 1 || operands.iter().any(is_dir);
    let by_default = terminal && !only_stdin;
    Parts {
        names: options.filename.unwrap_or(several || vimgrep),
        heading: options.heading.unwrap_or(terminal) && !vimgrep,
        line_numbers: options
            .line_number
            .unwrap_or(by_default || options.has("column") || vimgrep || options.has("json")),
        color: match options.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let dumb = ctx.var("TERM").is_some_and(|term| term == "dumb");
                terminal && !dumb && ctx.var("NO_COLOR").is_none()
            }
        },
    }
}

fn search(
    ctx: &mut Context<'_>,
    args: &Args,
    options: &Options,
    matcher: &Compiled,
    operands: &[BString],
) -> CommandResult {
    let started = ctx.clock.now_ns();
    let mut walk = Walk::new(ctx, args, options)?;
    let parts = parts(ctx, options, operands);
    ctx.stdout.flush()?;
    let mut out = Output::standard(ctx.stdout.stream().clone(), ctx.cancel.clone());
    if options.has("line-buffered") {
        out.set_policy(crate::stream::Policy::Line);
    }
    let mut printer = Printer::new(ctx, options, args, parts, out)?;
    let mut state = State { matched: false, stop: false };
    let quits = options.has("quiet") && !options.has("stats");
    let mut rest = operands;
    if operands.is_empty() {
        walk.start(ctx, operands)?;
        all(ctx, options, matcher, &mut walk, &mut printer, &mut state, quits)?;
    }
    while let Some((operand, tail)) = rest.split_first()
        && !state.stop
    {
        if operand == "-" {
            rest = tail;
            let stream = ctx.stdin.stream().clone();
            let done = printer.search(ctx, matcher, b"<stdin>", true, Text::Stream(stream));
            state.told(ctx, &mut walk, b"-", done)?;
            state.stop |= quits && state.matched;
            continue;
        }
        let count = rest.iter().take_while(|operand| *operand != "-").count();
        let (paths, tail) = rest.split_at(count);
        rest = tail;
        walk.start(ctx, paths)?;
        all(ctx, options, matcher, &mut walk, &mut printer, &mut state, quits)?;
    }
    let elapsed_ns = ctx.clock.now_ns().saturating_sub(started).max(0).unsigned_abs();
    if options.has("json") && options.show == Show::Lines {
        summary(&mut printer, elapsed_ns)?;
    } else if options.has("stats") {
        statistics(&mut printer, elapsed_ns)?;
    }
    printer.out().flush()?;
    Ok(match (walk.failed, state.matched) {
        (_, true) if quits => ExitStatus::SUCCESS,
        (true, _) => ExitStatus(2),
        (false, true) => ExitStatus::SUCCESS,
        (false, false) => ExitStatus::FAILURE,
    })
}

struct State {
    matched: bool,
    stop: bool,
}

impl State {
    /// Takes the outcome of one search. What cannot be written ends the command; what cannot be
    /// read is said.
    fn told(
        &mut self,
        ctx: &mut Context<'_>,
        walk: &mut Walk<'_>,
        name: &[u8],
        done: io::Result<bool>,
    ) -> Result<(), CommandError> {
        match done {
            Ok(matched) => self.matched |= matched,
            Err(error) if error.raw_os_error().is_some() => return Err(error.into()),
            Err(error) => {
                walk.failed = true;
                say(ctx, [name, b": ", error.to_string().as_bytes()].concat())?;
            }
        }
        Ok(())
    }
}

fn all(
    ctx: &mut Context<'_>,
    options: &Options,
    matcher: &Compiled,
    walk: &mut Walk<'_>,
    printer: &mut Printer,
    state: &mut State,
    quits: bool,
) -> Result<(), CommandError> {
    while let Some(found) = walk.next(ctx)? {
        let text = match crate::context::descriptor_path(found.path.as_bstr()) {
            Some(_) => ctx.open_stream(&found.name, &OpenOptions::reading()).map(Text::Stream),
            None => read(ctx, &found.path),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                walk.fault(ctx, found.name.as_bstr(), &error)?;
                continue;
            }
        };
        ctx.check()?;
        let done = printer.search(ctx, matcher, &found.name, found.explicit, text);
        state.told(ctx, walk, &found.name, done)?;
        if state.matched && quits && options.show != Show::FilesWithout {
            state.stop = true;
            break;
        }
    }
    Ok(())
}

fn read(ctx: &Context<'_>, path: &VPath) -> FsResult<Text> {
    if ctx.fs.metadata(path).is_ok_and(|stat| stat.is_file() && stat.size <= PIECE_BYTES) {
        return ctx.fs.read(path).map(Text::All);
    }
    let handle = ctx.fs.open(path, &OpenOptions::reading())?;
    Ok(Text::Stream(std::sync::Arc::new(FileStream(handle))))
}

fn statistics(printer: &mut Printer, elapsed_ns: u64) -> io::Result<()> {
    let stats = printer.stats.clone();
    let text = format!(
        "\n{} matches\n{} matched lines\n{} files contained matches\n{} files searched\n{} bytes printed\n{} bytes searched\n{:0.6} seconds spent searching\n{:0.6} seconds\n",
        stats.matches(),
        stats.matched_lines(),
        stats.searches_with_match(),
        stats.searches(),
        stats.bytes_printed(),
        stats.bytes_searched(),
        stats.elapsed().as_secs_f64(),
        elapsed_ns as f64 / 1e9,
    );
    printer.out().write_all(text.as_bytes())
}

/// The last line of `--json`.
fn summary(printer: &mut Printer, elapsed_ns: u64) -> io::Result<()> {
    let stats = printer.stats.clone();
    let elapsed = |ns: u64| {
        let (secs, nanos) = (ns / 1_000_000_000, ns % 1_000_000_000);
        serde_json::json!({
            "secs": secs,
            "nanos": nanos,
            "human": format!("{:0.6}s", ns as f64 / 1e9),
        })
    };
    let spent = u64::try_from(stats.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let value = serde_json::json!({
        "type": "summary",
        "data": {
            "stats": {
                "elapsed": elapsed(spent),
                "searches": stats.searches(),
                "searches_with_match": stats.searches_with_match(),
                "bytes_searched": stats.bytes_searched(),
                "bytes_printed": stats.bytes_printed(),
                "matched_lines": stats.matched_lines(),
                "matches": stats.matches(),
            },
            "elapsed_total": elapsed(elapsed_ns),
        },
    });
    printer.out().write_all(format!("{value}\n").as_bytes())
}
