//! `date`: print the time, in a format.
use jiff::tz::TimeZone;

use crate::args::choice::choose;
use crate::core::strftime::zone;
use crate::prelude::*;
use crate::time::{Moment, format, parse_date};

pub const DATE: Command = Command {
    name: "date",
    synopsis: "date [OPTION]... [+FORMAT]",
    summary: "Display date and time in the given FORMAT.",
    options: &[
        value('d', "date", "STRING", "display time described by STRING, not 'now'"),
        long("debug", "(ignored)"),
        value('f', "file", "DATEFILE", "like --date; once for each line of DATEFILE"),
        flag(
            'I',
            "iso-8601",
            "output date/time in ISO 8601 format; FMT is date, hours, minutes, seconds, or ns",
        )
        .takes(Takes::Optional("FMT")),
        long("resolution", "output the available resolution of timestamps"),
        flag('R', "rfc-email", "output date and time in RFC 5322 format"),
        long("rfc-2822", "the same as --rfc-email"),
        long("rfc-822", "the same as --rfc-email"),
        long("rfc-3339", "output date/time in RFC 3339 format; FMT is date, seconds, or ns")
            .takes(Takes::Value("FMT")),
        value('r', "reference", "FILE", "display the last modification time of FILE"),
        value('s', "set", "STRING", "set time described by STRING (not permitted)"),
        flag('u', "utc", "print Coordinated Universal Time (UTC)"),
        long("universal", "the same as --utc"),
    ],
    examples: &[
        Example {
            about: "A day counted from another.",
            script: "date -u -d '2024-02-28 +2 days' +%F",
            prints: "2024-03-01\n",
        },
        Example {
            about: "Seconds to a date.",
            script: "date -u -d @86400 -I",
            prints: "1970-01-02\n",
        },
    ],
    run: date,
    ..Command::BASE
};

/// What is printed if no format is given, in a UTF-8 C locale.
const DEFAULT: &[u8] = b"%a %b %e %H:%M:%S %Z %Y";

fn date(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let layout = layout(args)?;
    let utc = args.has('u') || args.has("universal");
    let zone = if utc { TimeZone::UTC } else { zone(ctx.var("TZ").map(|zone| zone.as_bytes())) };
    let sources = ['d', 'f', 'r'].iter().filter(|letter| args.has(**letter)).count()
        + usize::from(args.has("resolution"));
    if sources > 1 {
        return Err(usage("the options to specify dates for printing are mutually exclusive"));
    }
    if sources > 0 && args.has('s') {
        return Err(usage("the options to print and set the time may not be used together"));
    }
    let now = ctx.clock.now_ns();
    if args.has('s') {
        return set(ctx, args, now, &zone);
    }
    if args.has("resolution") {
        let text: &[u8] = if layout.is_empty() { b"%s.%N" } else { &layout };
        let moment = Moment::from_parts(0, 1, &zone);
        return print(ctx, text, moment);
    }
    if let Some(file) = args.value('f') {
        return each_line(ctx, file, &layout, now, &zone);
    }
    let moment = if let Some(text) = args.value('d') {
        let Some((seconds, nanos)) = parse_date(text, now, &zone) else {
            return Err(failure(format!("invalid date {}", marked(text))));
        };
        Moment::from_parts(seconds, nanos, &zone)
    } else if let Some(name) = args.value('r') {
        match ctx.path(name).and_then(|path| ctx.fs.metadata(&path)) {
            Ok(stat) => Moment::new(stat.mtime_ns, &zone),
            Err(error) => return Err(failure(format!("{}: {error}", quoted_name(name)))),
        }
    } else {
        Moment::new(now, &zone)
    };
    print(ctx, &layout, moment)
}

fn print(ctx: &mut Context<'_>, layout: &[u8], moment: Option<Moment>) -> CommandResult {
    let Some(moment) = moment else {
        return Err(failure("time out of range"));
    };
    let mut out = Vec::new();
    format(layout, &moment, &mut out);
    out.push(b'\n');
    ctx.stdout.put(&out)?;
    Ok(ExitStatus::SUCCESS)
}

fn set(ctx: &mut Context<'_>, args: &Args, now: i64, zone: &TimeZone) -> CommandResult {
    let text = args.value('s').unwrap_or_default();
    let Some((seconds, nanos)) = parse_date(text, now, zone) else {
        return Err(failure(format!("invalid date {}", marked(text))));
    };
    ctx.complain("cannot set date: Operation not permitted")?;
    print(ctx, DEFAULT, Moment::from_parts(seconds, nanos, zone))?;
    Ok(ExitStatus::FAILURE)
}

fn each_line(
    ctx: &mut Context<'_>,
    file: &BStr,
    layout: &[u8],
    now: i64,
    zone: &TimeZone,
) -> CommandResult {
    let opened = if file == "-" {
        Ok(Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone()))
    } else {
        ctx.open(file)
    };
    let mut input = match opened {
        Ok(input) => input,
        Err(error) => return Err(failure(format!("{}: {error}", quoted_name(file)))),
    };
    let mut status = ExitStatus::SUCCESS;
    while let Some(line) = input.line(b'\n')? {
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        match parse_date(line, now, zone) {
            Some((seconds, nanos)) => {
                print(ctx, layout, Moment::from_parts(seconds, nanos, zone))?;
            }
            None => {
                ctx.complain(format_args!("invalid date {}", marked(line)))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}

/// The format that the options and the operand come to.
fn layout(args: &Args) -> Result<Vec<u8>, CommandError> {
    let mut layout: Option<Vec<u8>> = None;
    let mut put = |format: &[u8]| {
        let several = layout.is_some();
        layout = Some(format.to_vec());
        if several { Err(failure("multiple output formats specified")) } else { Ok(()) }
    };
    for given in args.given() {
        let value = given.value.as_ref();
        match (given.opt.short, given.opt.long) {
            (Some('I'), _) => put(match value {
                None => b"%Y-%m-%d",
                Some(value) => choose(
                    "--iso-8601",
                    value,
                    &[
                        (&["hours"], &b"%Y-%m-%dT%H%:z"[..]),
                        (&["minutes"], b"%Y-%m-%dT%H:%M%:z"),
                        (&["date"], b"%Y-%m-%d"),
                        (&["seconds"], b"%Y-%m-%dT%H:%M:%S%:z"),
                        (&["ns"], b"%Y-%m-%dT%H:%M:%S,%N%:z"),
                    ],
                )?,
            })?,
            (_, Some("rfc-3339")) => put(choose(
                "--rfc-3339",
                value.map_or(b"", |v| v),
                &[
                    (&["date"], &b"%Y-%m-%d"[..]),
                    (&["seconds"], b"%Y-%m-%d %H:%M:%S%:z"),
                    (&["ns"], b"%Y-%m-%d %H:%M:%S.%N%:z"),
                ],
            )?)?,
            (Some('R'), _) | (_, Some("rfc-2822" | "rfc-822")) => {
                put(b"%a, %d %b %Y %H:%M:%S %z")?;
            }
            _ => {}
        }
    }
    match args.operands() {
        [] => {}
        [_, extra, ..] => return Err(usage(format!("extra operand {}", marked(extra)))),
        [operand] => match operand.strip_prefix(b"+") {
            Some(format) => put(format)?,
            None if args.has('d') || args.has('f') || args.has('r') => {
                return Err(usage(format!(
                    "the argument {} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'",
                    marked(operand)
                )));
            }
            None => return Err(failure(format!("invalid date {}", marked(operand)))),
        },
    }
    Ok(layout.unwrap_or_else(|| DEFAULT.to_vec()))
}
