//! `touch`: create missing files and set file times.
use jiff::tz::TimeZone;

use crate::args::choice::choose;
use crate::core::strftime::zone;
use crate::prelude::*;
use crate::time::{parse_date, parse_stamp};

pub const TOUCH: Command = Command {
    name: "touch",
    synopsis: "touch [OPTION]... FILE...",
    summary: "Update the access and modification times of each FILE to the current time.\n\nA FILE argument that does not exist is created empty, unless -c or -h is supplied.",
    options: &[
        short('a', "change only the access time (which is not kept)"),
        flag('c', "no-create", "do not create any files"),
        value('d', "date", "STRING", "parse STRING and use it instead of current time"),
        short('f', "(ignored)"),
        flag('h', "no-dereference", "affect each symbolic link instead of any referenced file"),
        short('m', "change only the modification time"),
        value('r', "reference", "FILE", "use this file's times instead of current time"),
        short('t', "use [[CC]YY]MMDDhhmm[.ss] instead of current time")
            .takes(Takes::Value("STAMP")),
        long(
            "time",
            "change the specified time: access, atime, use: like -a; modify, mtime: like -m",
        )
        .takes(Takes::Value("WORD")),
    ],
    examples: &[Example {
        about: "A file from the past.",
        script: "touch -d 2020-01-02 /tmp/a; date -u -r /tmp/a +%F",
        prints: "2020-01-02\n",
    }],
    run: touch,
    ..Command::BASE
};

/// Which of the two times is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Access,
    Modify,
}

fn touch(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let access = words(args)?;
    let modify = !access.0 || access.1;
    let time = time(ctx, args)?;
    if args.operands().is_empty() {
        return Err(usage("missing file operand"));
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        // `-` is standard output's file.
        if operand == "-" {
            continue;
        }
        if let Err((what, error)) = touch_one(ctx, args, operand, time, modify) {
            ctx.complain(format_args!("{what} {}: {error}", quoted(operand)))?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// Whether access and modification times were asked for by name.
fn words(args: &Args) -> Result<(bool, bool), CommandError> {
    let (mut access, mut modify) = (args.has('a'), args.has('m'));
    for word in args.values("time") {
        let which = choose(
            "--time",
            word,
            &[(&["atime", "access", "use"], Which::Access), (&["mtime", "modify"], Which::Modify)],
        )?;
        access |= which == Which::Access;
        modify |= which == Which::Modify;
    }
    Ok((access, modify))
}

/// The time to set, in nanoseconds; `None` for now.
fn time(ctx: &Context<'_>, args: &Args) -> Result<Option<i64>, CommandError> {
    let local = || zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let sources = usize::from(args.has('t')) + usize::from(args.has('d') || args.has('r'));
    if sources > 1 {
        return Err(usage("cannot specify times from more than one source"));
    }
    if let Some(stamp) = args.value('t') {
        return match parse_stamp(stamp, ctx.clock.now_ns(), &local()) {
            Some(seconds) => Ok(Some(seconds.saturating_mul(1_000_000_000))),
            None => Err(failure(format!("invalid date format {}", marked(stamp)))),
        };
    }
    let mut base = ctx.clock.now_ns();
    let mut time = None;
    if let Some(name) = args.value('r') {
        let stat = ctx.path(name).and_then(|path| {
            if args.has('h') { ctx.fs.symlink_metadata(&path) } else { ctx.fs.metadata(&path) }
        });
        match stat {
            Ok(stat) => base = stat.mtime_ns,
            Err(error) => {
                return Err(failure(format!(
                    "failed to get attributes of {}: {error}",
                    quoted(name)
                )));
            }
        }
        time = Some(base);
    }
    if let Some(text) = args.value('d') {
        time = Some(nanoseconds(text, base, &local())?);
    }
    Ok(time)
}

fn nanoseconds(text: &BStr, now: i64, zone: &TimeZone) -> Result<i64, CommandError> {
    let parsed = parse_date(text, now, zone).and_then(|(seconds, nanos)| {
        seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(nanos))
    });
    parsed.ok_or_else(|| failure(format!("invalid date format {}", marked(text))))
}

fn touch_one(
    ctx: &Context<'_>,
    args: &Args,
    operand: &BString,
    time: Option<i64>,
    modify: bool,
) -> Result<(), (&'static str, FsError)> {
    let path = ctx.path(operand).map_err(|error| ("cannot touch", error))?;
    let create = !args.has('c') && !args.has('h');
    if create {
        match ctx.fs.create_if_missing(&path, 0o666 & !ctx.umask) {
            Ok(true) if time.is_none() => return Ok(()),
            Ok(_) => {}
            Err(error) if error.errno() == Errno::IsDir => {}
            Err(error) => return Err(("cannot touch", error)),
        }
    }
    let follow = if args.has('h') { Follow::No } else { Follow::Yes };
    let done = if modify {
        let time = time.unwrap_or_else(|| ctx.clock.now_ns());
        ctx.fs.set_times(&path, time, time, follow)
    } else {
        // Access times are not kept; what cannot be touched is said all the same.
        ctx.fs.metadata(&path).map(drop)
    };
    match done {
        Err(error) if error.errno() == Errno::NoEnt && args.has('c') => Ok(()),
        Err(error) => Err(("setting times of", error)),
        Ok(()) => Ok(()),
    }
}
