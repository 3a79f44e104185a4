//! `df`: report the space of mounted repositories.
//!
//! A repository has a limit, which is its size; how much of it is used is known only to who counts
//! (`du`), so that it is shown as GNU's shows what it does not know: `-`.

use super::ls::human;
use crate::prelude::*;
use crate::size::parse_size;

pub const DF: Command = Command {
    name: "df",
    synopsis: "df [OPTION]... [FILE]...",
    summary: "Show information about the file system on which each FILE resides, or all file systems by default.",
    options: &[
        flag('a', "all", "(ignored: there are no pseudo file systems)"),
        value('B', "block-size", "SIZE", "scale sizes by SIZE before printing them"),
        flag('h', "human-readable", "print sizes in powers of 1024 (e.g., 1023M)"),
        flag('H', "si", "print sizes in powers of 1000 (e.g., 1.1G)"),
        flag('i', "inodes", "list inode information instead of block usage"),
        short('k', "like --block-size=1K"),
        short('m', "like --block-size=1M"),
        flag('l', "local", "(ignored: all file systems are local)"),
        long("no-sync", "(ignored)"),
        long("sync", "(ignored)"),
        long("output", "use the output format defined by FIELD_LIST")
            .takes(Takes::Optional("FIELD_LIST")),
        flag('P', "portability", "use the POSIX output format"),
        long("total", "produce a grand total"),
        value('t', "type", "TYPE", "limit listing to file systems of type TYPE"),
        flag('T', "print-type", "print file system type"),
        value('x', "exclude-type", "TYPE", "limit listing to file systems not of type TYPE"),
        short('v', "(ignored)"),
    ],
    examples: &[Example {
        about: "What kind of file system a folder is on.",
        script: "df --output=fstype /tmp",
        prints: "Type\ntmpfs\n",
    }],
    run: df,
    ..Command::BASE
};

/// A repository holds at most so much, in bytes and in entries.
const BYTES_MAX: u64 = 1 << 40;
const ENTRIES_MAX: u64 = 10_000_000;

struct Volume {
    source: String,
    kind: &'static str,
    target: String,
    /// The operand that asked for it.
    file: Option<BString>,
}

/// A column: the word for `--output`, its heading, and whether it stands to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Source,
    Type,
    Size,
    Used,
    Available,
    Percent,
    Entries,
    EntriesUsed,
    EntriesFree,
    EntriesPercent,
    File,
    Target,
}

const FIELDS: &[(&str, Field)] = &[
    ("source", Field::Source),
    ("fstype", Field::Type),
    ("itotal", Field::Entries),
    ("iused", Field::EntriesUsed),
    ("iavail", Field::EntriesFree),
    ("ipcent", Field::EntriesPercent),
    ("size", Field::Size),
    ("used", Field::Used),
    ("avail", Field::Available),
    ("pcent", Field::Percent),
    ("file", Field::File),
    ("target", Field::Target),
];

enum Unit {
    Blocks(u64, String),
    Human(u64),
}

fn df(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let unit = unit(args)?;
    let fields = fields(args)?;
    let mut status = ExitStatus::SUCCESS;
    let mut volumes = Vec::new();
    if args.operands().is_empty() {
        let repos = ctx.fs.versions().map(|versions| versions.checkouts());
        volumes.extend(
            repos.into_iter().flatten().map(|checkout| repository(&checkout.repo().to_string())),
        );
        volumes.push(scratch());
    }
    for operand in args.operands() {
        let found = ctx.path(operand).and_then(|path| ctx.fs.canonicalize(&path));
        match found {
            Ok(real) => {
                let path = real.to_vpath();
                let held = ctx.fs.versions().map(|versions| versions.checkout_at(&path));
                let mut volume = match held {
                    Some(Ok(Some(checkout))) => repository(&checkout.repo().to_string()),
                    _ => scratch(),
                };
                volume.file = Some(operand.clone());
                volumes.push(volume);
            }
            Err(error) => {
                ctx.complain(format_args!("{}: {error}", quoted_name(operand)))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    let named = |key: char, kind: &str| args.values(key).any(|name| name == kind);
    volumes
        .retain(|volume| (!args.has('t') || named('t', volume.kind)) && !named('x', volume.kind));
    if volumes.is_empty() {
        if status.success() {
            return Err(failure("no file systems processed"));
        }
        return Ok(status);
    }
    let mut rows: Vec<Vec<String>> =
        vec![fields.iter().map(|field| heading(*field, &unit, args)).collect()];
    for volume in &volumes {
        rows.push(fields.iter().map(|field| cell(*field, volume, &unit)).collect());
    }
    if args.has("total") {
        let total = Volume { source: "total".into(), kind: "-", target: "-".into(), file: None };
        rows.push(fields.iter().map(|field| cell(*field, &total, &unit)).collect());
    }
    write(ctx, &fields, &rows)?;
    Ok(status)
}

fn repository(name: &str) -> Volume {
    Volume { source: name.to_owned(), kind: "mesafs", target: format!("/{name}"), file: None }
}

fn scratch() -> Volume {
    Volume { source: "scratch".into(), kind: "tmpfs", target: "/tmp".into(), file: None }
}

fn unit(args: &Args) -> Result<Unit, CommandError> {
    let mut unit = Unit::Blocks(1024, if args.has('P') { "1024".into() } else { "1K".into() });
    for given in args.given() {
        match (given.opt.short, &given.value) {
            (Some('h'), _) => unit = Unit::Human(1024),
            (Some('H'), _) => unit = Unit::Human(1000),
            (Some('k'), _) => unit = Unit::Blocks(1024, "1K".into()),
            (Some('m'), _) => unit = Unit::Blocks(1 << 20, "1M".into()),
            (Some('B'), Some(text)) => {
                let size = parse_size(text).filter(|size| *size > 0);
                let size = size.ok_or_else(|| {
                    failure(format!("invalid --block-size argument {}", quoted(text)))
                })?;
                unit = Unit::Blocks(size, text.to_string());
            }
            _ => {}
        }
    }
    Ok(unit)
}

fn fields(args: &Args) -> Result<Vec<Field>, CommandError> {
    use Field::*;
    if args.has("output") {
        let Some(list) = args.value("output") else {
            return Ok(FIELDS.iter().map(|(_, field)| *field).collect());
        };
        return list
            .split(|&byte| byte == b',')
            .map(|word| {
                let found = FIELDS.iter().find(|(name, _)| name.as_bytes() == word);
                found.map(|(_, field)| *field).ok_or_else(|| {
                    usage(format!("option --output: field {} unknown", marked(word)))
                })
            })
            .collect();
    }
    let mut fields = vec![Source];
    if args.has('T') {
        fields.push(Type);
    }
    fields.extend(match args.has('i') {
        true => [Entries, EntriesUsed, EntriesFree, EntriesPercent],
        false => [Size, Used, Available, Percent],
    });
    fields.push(Target);
    Ok(fields)
}

fn heading(field: Field, unit: &Unit, args: &Args) -> String {
    let size = match unit {
        Unit::Human(_) => "Size".to_owned(),
        Unit::Blocks(_, name) => format!("{name}-blocks"),
    };
    let text = match field {
        Field::Source => "Filesystem",
        Field::Type => "Type",
        Field::Size => &size,
        Field::Used => "Used",
        Field::Available if matches!(unit, Unit::Human(_)) => "Avail",
        Field::Available => "Available",
        Field::Percent if args.has('P') => "Capacity",
        Field::Percent => "Use%",
        Field::Entries => "Inodes",
        Field::EntriesUsed => "IUsed",
        Field::EntriesFree => "IFree",
        Field::EntriesPercent => "IUse%",
        Field::File => "File",
        Field::Target => "Mounted on",
    };
    text.to_owned()
}

fn cell(field: Field, volume: &Volume, unit: &Unit) -> String {
    let sized = volume.kind == "mesafs";
    match field {
        Field::Source => volume.source.clone(),
        Field::Type => volume.kind.to_owned(),
        Field::Target => volume.target.clone(),
        Field::File => volume.file.as_ref().map_or("-".into(), BString::to_string),
        Field::Size if sized => match unit {
            Unit::Human(base) => human(BYTES_MAX, *base),
            Unit::Blocks(size, _) => BYTES_MAX.div_ceil(*size).to_string(),
        },
        Field::Entries if sized => match unit {
            Unit::Human(base) => human(ENTRIES_MAX, *base),
            Unit::Blocks(..) => ENTRIES_MAX.to_string(),
        },
        _ => "-".to_owned(),
    }
}

fn write(
    ctx: &mut Context<'_>,
    fields: &[Field],
    rows: &[Vec<String>],
) -> Result<(), CommandError> {
    let left =
        |field: &Field| matches!(field, Field::Source | Field::Type | Field::File | Field::Target);
    let width = |column: usize, field: &Field| {
        let least = match field {
            Field::Source => 14,
            Field::Used | Field::Available => 5,
            _ => 4,
        };
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(least)
    };
    let widths: Vec<usize> =
        fields.iter().enumerate().map(|(at, field)| width(at, field)).collect();
    for row in rows {
        let mut line = String::new();
        for (at, ((cell, field), width)) in row.iter().zip(fields).zip(&widths).enumerate() {
            if at > 0 {
                line.push(' ');
            }
            match (left(field), at + 1 == row.len()) {
                (true, true) => line.push_str(cell),
                (true, false) => line.push_str(&format!("{cell:<width$}")),
                (false, _) => line.push_str(&format!("{cell:>width$}")),
            }
        }
        line.push('\n');
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(())
}
