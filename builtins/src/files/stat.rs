//! `stat`: display file status.
use super::mode::letters;
use super::owner::{blocks, group_name, kind_letter, user_name};
use crate::core::escape::{self, Step, Style};
use crate::core::strftime::zone;
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

pub const STAT: Command = Command {
    name: "stat",
    synopsis: "stat [OPTION]... FILE...",
    summary: "Display file or file system status.",
    options: &[
        flag('L', "dereference", "follow links"),
        flag('f', "file-system", "display file system status instead of file status"),
        long("cached", "(ignored)").takes(Takes::Value("MODE")),
        value('c', "format", "FORMAT", "use the specified FORMAT instead of the default; output a newline after each use of FORMAT"),
        long("printf", "like --format, but interpret backslash escapes, and do not output a mandatory trailing newline")
            .takes(Takes::Value("FORMAT")),
        flag('t', "terse", "print the information in terse form"),
    ],
    examples: &[Example {
        about: "Size and kind of a file.",
        script: "printf abc > /tmp/f; stat -c '%s %F' /tmp/f",
        prints: "3 regular file\n",
    }],
    run: stat,
    ..Command::BASE
};

const DEFAULT: &str = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-10i  Links: %h\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const DEVICE: &str = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-10i  Links: %-5h Device type: %Hr,%Lr\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const TERSE: &str = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";
const SYSTEM: &str = "  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\nBlocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n";
const TERSE_SYSTEM: &str = "%n %i %l %t %s %S %b %f %a %c %d\n";

/// What a format is filled with.
struct Subject<'a> {
    name: &'a BString,
    stat: FsStat,
    target: Option<BString>,
    /// The default display quotes a name only where it must.
    quotes: bool,
}

fn stat(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let given = args
        .given()
        .iter()
        .rev()
        .find(|given| given.opt.short == Some('c') || given.opt.long == Some("printf"));
    let format = given.and_then(|given| given.value.clone());
    let escapes = given.is_some_and(|given| given.opt.long == Some("printf"));
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        let subject = match subject(ctx, args, operand) {
            Ok(subject) => subject,
            Err(error) => {
                let what = if args.has('f') {
                    format!("cannot read file system information for {}", quoted(operand))
                } else {
                    format!("cannot statx {}", quoted(operand))
                };
                ctx.complain(format_args!("{what}: {error}"))?;
                status = ExitStatus::FAILURE;
                continue;
            }
        };
        let text: &[u8] = match &format {
            Some(format) => format,
            None => match (args.has('f'), args.has('t')) {
                (true, true) => TERSE_SYSTEM.as_bytes(),
                (true, false) => SYSTEM.as_bytes(),
                (false, true) => TERSE.as_bytes(),
                (false, false) if subject.stat.kind == FileKind::CharDevice => DEVICE.as_bytes(),
                (false, false) => DEFAULT.as_bytes(),
            },
        };
        let mut out = Vec::new();
        let subject = Subject { quotes: format.is_some(), ..subject };
        fill(ctx, text, escapes, args.has('f'), &subject, &mut out)?;
        if format.is_some() && !escapes {
            out.push(b'\n');
        }
        ctx.stdout.put(&out)?;
    }
    Ok(status)
}

fn subject<'a>(ctx: &Context<'_>, args: &Args, operand: &'a BString) -> FsResult<Subject<'a>> {
    if operand == "-" && !args.has('f') {
        let stat = ctx.stdin.stream().metadata()?;
        return Ok(Subject { name: operand, stat, target: None, quotes: true });
    }
    let path = ctx.path(operand)?;
    let follow = args.has('L') || args.has('f');
    let stat = if follow { ctx.metadata(&path)? } else { ctx.symlink_metadata(&path)? };
    let target = if stat.is_symbolic_link() { Some(ctx.read_link(&path)?) } else { None };
    Ok(Subject { name: operand, stat, target, quotes: true })
}

fn fill(
    ctx: &mut Context<'_>,
    text: &[u8],
    escapes: bool,
    system: bool,
    subject: &Subject<'_>,
    out: &mut Vec<u8>,
) -> Result<(), CommandError> {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'%', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let special = rest[at];
        rest = &rest[at + 1..];
        if special == b'\\' {
            if !escapes {
                out.push(b'\\');
                continue;
            }
            match escape::one(rest, Style::Format, out, &mut |_| {}) {
                Step::Took(taken) => rest = &rest[taken..],
                Step::Stop => return Ok(()),
            }
            continue;
        }
        rest = directive(ctx, rest, system, subject, out)?;
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// One directive, whose text after `%` starts `text`; what is left.
fn directive<'t>(
    ctx: &mut Context<'_>,
    text: &'t [u8],
    system: bool,
    subject: &Subject<'_>,
    out: &mut Vec<u8>,
) -> Result<&'t [u8], CommandError> {
    let flags = text.iter().take_while(|byte| b"-+ #0'".contains(byte)).count();
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let width_end = flags + digits(flags);
    let dotted = text.get(width_end) == Some(&b'.');
    let end = if dotted { width_end + 1 + digits(width_end + 1) } else { width_end };
    let number = |bytes: &[u8]| bytes.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    let width = number(&text[flags..width_end]).unwrap_or(0).min(1 << 16);
    let precision = dotted.then(|| number(&text[width_end + 1..end]));
    let (modifier, letter_at) = match text.get(end) {
        Some(m @ (b'H' | b'L')) if matches!(text.get(end + 1), Some(b'd' | b'r')) => {
            (Some(*m), end + 1)
        }
        _ => (None, end),
    };
    let Some(&letter) = text.get(letter_at) else {
        if end == 0 {
            out.push(b'%');
            return Ok(&[]);
        }
        let shown = String::from_utf8_lossy(&text[..end]);
        return Err(failure(format!("{}: invalid directive", marked(&format!("%{shown}")))));
    };
    let rest = &text[letter_at + 1..];
    if letter == b'%' {
        if end > 0 {
            let shown = String::from_utf8_lossy(&text[..=letter_at]);
            return Err(failure(format!("{}: invalid directive", marked(&format!("%{shown}")))));
        }
        out.push(b'%');
        return Ok(rest);
    }
    let zero = text[..flags].contains(&b'0');
    let left = text[..flags].contains(&b'-');
    let alternate = text[..flags].contains(&b'#');
    let value = if system {
        system_value(letter, subject)
    } else {
        value_of(ctx, letter, modifier, alternate, precision, subject)
    };
    let Some(Value { mut text, numeric }) = value else {
        out.push(b'?');
        return Ok(rest);
    };
    match precision.flatten() {
        Some(precision) if !numeric => text.truncate(precision),
        // Digits of a number; of a time those behind the point, which are there already.
        Some(precision) if !matches!(letter, b'W'..=b'Z') && text.len() < precision => {
            text.splice(0..0, std::iter::repeat_n(b'0', precision - text.len()));
        }
        _ => {}
    }
    let fill = width.saturating_sub(text.to_str().map_or(text.len(), |text| text.chars().count()));
    let pad = if zero && numeric && !left { b'0' } else { b' ' };
    if left {
        out.extend_from_slice(&text);
        out.extend(std::iter::repeat_n(b' ', fill));
    } else {
        out.extend(std::iter::repeat_n(pad, fill));
        out.extend_from_slice(&text);
    }
    Ok(rest)
}

struct Value {
    text: Vec<u8>,
    numeric: bool,
}

fn numeric(value: impl ToString) -> Option<Value> {
    Some(Value { text: value.to_string().into_bytes(), numeric: true })
}

fn text(value: impl Into<Vec<u8>>) -> Option<Value> {
    Some(Value { text: value.into(), numeric: false })
}

fn value_of(
    ctx: &Context<'_>,
    letter: u8,
    modifier: Option<u8>,
    alternate: bool,
    precision: Option<Option<usize>>,
    subject: &Subject<'_>,
) -> Option<Value> {
    let stat = &subject.stat;
    let (major, minor) = (stat.device >> 8, stat.device & 0xff);
    match letter {
        b'a' if alternate => numeric(format!("{:#o}", stat.mode).replacen("0o", "0", 1)),
        b'a' => numeric(format!("{:o}", stat.mode)),
        b'A' => text(format!("{}{}", kind_letter(stat.kind), letters(stat.mode))),
        b'b' => numeric(blocks(stat)),
        b'B' => numeric(512),
        b'd' => match modifier {
            Some(b'H') => numeric(major),
            Some(b'L') => numeric(minor),
            _ => numeric(stat.device),
        },
        b'D' => numeric(format!("{:x}", stat.device)),
        b'f' => numeric(format!("{:x}", stat.st_mode())),
        b'F' => text(kind(stat)),
        b'g' => numeric(ctx.identity.gid),
        b'G' => text(group_name(ctx, ctx.identity.gid)),
        b'h' => numeric(stat.links),
        b'i' => numeric(stat.inode),
        b'm' => text("/"),
        b'n' => text(subject.name.to_vec()),
        b'N' => {
            let shown = |name: &BString| match subject.quotes {
                true => quoted(name).to_string().into(),
                false => name.clone(),
            };
            let mut line = shown(subject.name);
            if let Some(target) = &subject.target {
                line.extend_from_slice(b" -> ");
                line.extend_from_slice(&shown(target));
            }
            text(line)
        }
        b'o' => numeric(4096),
        b's' => numeric(stat.size),
        b'r' | b't' | b'T' => numeric(0),
        b'u' => numeric(ctx.identity.uid),
        b'U' => text(user_name(ctx, ctx.identity.uid)),
        b'w' => text("-"),
        b'W' => numeric(0),
        b'x' | b'y' | b'z' => {
            let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
            let mut out = Vec::new();
            match Moment::new(stat.mtime_ns, &zone) {
                Some(moment) => format_time(b"%Y-%m-%d %H:%M:%S.%N %z", &moment, &mut out),
                None => out.push(b'-'),
            }
            text(out)
        }
        b'X' | b'Y' | b'Z' => numeric(seconds(stat.mtime_ns, precision)),
        b'C' => text("?"),
        _ => None,
    }
}

/// `%Y`, `%.Y`, `%.3Y`.
fn seconds(ns: i64, precision: Option<Option<usize>>) -> String {
    let whole = ns.div_euclid(1_000_000_000);
    let Some(digits) = precision else { return whole.to_string() };
    let digits = digits.unwrap_or(9);
    if digits == 0 {
        return whole.to_string();
    }
    let mut fraction = format!("{:09}", ns.rem_euclid(1_000_000_000));
    fraction.truncate(digits);
    format!("{whole}.{fraction:0<digits$}")
}

fn kind(stat: &FsStat) -> &'static str {
    match stat.kind {
        FileKind::File if stat.size == 0 => "regular empty file",
        FileKind::File => "regular file",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symbolic link",
        FileKind::CharDevice => "character special file",
        FileKind::Pipe => "fifo",
    }
}

fn system_value(letter: u8, subject: &Subject<'_>) -> Option<Value> {
    /// A repository holds at most 1 TiB and 10 million entries.
    const BLOCKS: u64 = (1 << 40) / 4096;
    const ENTRIES: u64 = 10_000_000;
    match letter {
        b'n' => text(subject.name.to_vec()),
        b'i' => numeric(format!("{:x}", subject.stat.device)),
        b'l' => numeric(255),
        b's' | b'S' => numeric(4096),
        b't' => numeric("6d657361"),
        b'T' => text("mesafs"),
        b'a' | b'b' | b'f' => numeric(BLOCKS),
        b'c' | b'd' => numeric(ENTRIES),
        _ => None,
    }
}
