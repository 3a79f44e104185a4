//! The options of `ls`.

use super::name::Quoting;
use crate::args::choice::{WHEN, When, choose};
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;
use crate::size::parse_size;

pub(super) const OPTIONS: &[Opt] = &[
    flag('a', "all", "do not ignore entries starting with ."),
    flag('A', "almost-all", "do not list implied . and .."),
    long("author", "with -l, print the author of each file"),
    flag('b', "escape", "print C-style escapes for nongraphic characters"),
    long("block-size", "with -l, scale sizes by SIZE when printing them")
        .takes(Takes::Value("SIZE")),
    flag('B', "ignore-backups", "do not list implied entries ending with ~"),
    short(
        'c',
        "with -lt: sort by, and show, ctime; with -l: show ctime and sort by name; otherwise: sort by ctime",
    ),
    short('C', "list entries by columns"),
    long("color", "color the output WHEN").takes(Takes::Optional("WHEN")),
    flag('d', "directory", "list directories themselves, not their contents"),
    flag('D', "dired", "(ignored)"),
    short('f', "list all entries in directory order"),
    flag('F', "classify", "append indicator (one of */=>@|) to entries WHEN")
        .takes(Takes::Optional("WHEN")),
    long("file-type", "likewise, except do not append '*'"),
    long(
        "format",
        "across -x, commas -m, horizontal -x, long -l, single-column -1, verbose -l, vertical -C",
    )
    .takes(Takes::Value("WORD")),
    long("full-time", "like -l --time-style=full-iso"),
    short('g', "like -l, but do not list owner"),
    long("group-directories-first", "group directories before files"),
    flag('G', "no-group", "in a long listing, don't print group names"),
    flag('h', "human-readable", "with -l and -s, print sizes like 1K 234M 2G etc."),
    long("si", "likewise, but use powers of 1000 not 1024"),
    flag('H', "dereference-command-line", "follow symbolic links listed on the command line"),
    long(
        "dereference-command-line-symlink-to-dir",
        "follow each command line symbolic link that points to a directory",
    ),
    long("hide", "do not list implied entries matching shell PATTERN")
        .takes(Takes::Value("PATTERN")),
    long("hyperlink", "(ignored)").takes(Takes::Optional("WHEN")),
    long(
        "indicator-style",
        "append indicator with style WORD to entry names: none, slash, file-type, classify",
    )
    .takes(Takes::Value("WORD")),
    flag('i', "inode", "print the index number of each file"),
    value('I', "ignore", "PATTERN", "do not list implied entries matching shell PATTERN"),
    flag('k', "kibibytes", "default to 1024-byte blocks for file system usage"),
    short('l', "use a long listing format"),
    flag('L', "dereference", "show information for the file that a symbolic link references"),
    short('m', "fill width with a comma separated list of entries"),
    flag('n', "numeric-uid-gid", "like -l, but list numeric user and group IDs"),
    flag('N', "literal", "print entry names without quoting"),
    short('o', "like -l, but do not list group information"),
    short('p', "append / indicator to directories"),
    flag('q', "hide-control-chars", "print ? instead of nongraphic characters"),
    long("show-control-chars", "show nongraphic characters as-is"),
    flag('Q', "quote-name", "enclose entry names in double quotes"),
    long("quoting-style", "use quoting style WORD for entry names").takes(Takes::Value("WORD")),
    flag('r', "reverse", "reverse order while sorting"),
    flag('R', "recursive", "list subdirectories recursively"),
    flag('s', "size", "print the allocated size of each file, in blocks"),
    short('S', "sort by file size, largest first"),
    long("sort", "sort by WORD instead of name: none, size, time, version, extension, width")
        .takes(Takes::Value("WORD")),
    long("time", "select which timestamp is used to display or sort").takes(Takes::Value("WORD")),
    long("time-style", "time/date format with -l").takes(Takes::Value("TIME_STYLE")),
    short('t', "sort by time, newest first"),
    value('T', "tabsize", "COLS", "assume tab stops at each COLS instead of 8"),
    short(
        'u',
        "with -lt: sort by, and show, access time; with -l: show access time and sort by name; otherwise: sort by access time",
    ),
    short('U', "do not sort; list entries in directory order"),
    short('v', "natural sort of (version) numbers within text"),
    value('w', "width", "COLS", "set output width to COLS; 0 means no limit"),
    short('x', "list entries by lines instead of by columns"),
    short('X', "sort alphabetically by entry extension"),
    flag('Z', "context", "print any security context of each file"),
    long("zero", "end each output line with NUL, not newline"),
    short('1', "list one file per line"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Single,
    Long,
    Commas,
    Across,
    Columns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Nothing,
    Name,
    Size,
    Time,
    Version,
    Extension,
    Width,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indicator {
    Nothing,
    Slash,
    FileType,
    Classify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    Ignored,
    Almost,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowLinks {
    Never,
    /// Of the command line, those to directories.
    CommandLineDirs,
    CommandLine,
    Always,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeStyle {
    FullIso,
    LongIso,
    Iso,
    Locale,
    /// For old times and recent ones.
    Formats(Vec<u8>, Vec<u8>),
}

/// How sizes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// In units of so many bytes, rounded up, with a suffix to show.
    Blocks(u64, &'static str),
    /// `1.2K`, in powers of 1024 or 1000.
    Human(u64),
}

/// The options, understood.
#[derive(Debug)]
pub(super) struct Options {
    pub format: Format,
    pub sort: Sort,
    pub reverse: bool,
    pub hidden: Hidden,
    pub ignore_backups: bool,
    pub hide: Vec<Pattern>,
    pub ignore: Vec<Pattern>,
    pub directory: bool,
    pub recursive: bool,
    pub follow: FollowLinks,
    pub indicator: Indicator,
    pub quoting: Quoting,
    pub hide_control: bool,
    pub dirs_first: bool,
    pub inode: bool,
    pub blocks: bool,
    pub sizes: Units,
    pub block_units: Units,
    pub owner: bool,
    pub group: bool,
    pub author: bool,
    pub context: bool,
    pub numeric: bool,
    pub time_style: TimeStyle,
    pub color: bool,
    pub width: usize,
    pub tab: usize,
    pub line_end: u8,
}

impl Options {
    pub fn read(ctx: &Context<'_>, args: &Args) -> Result<Self, CommandError> {
        let terminal = ctx.stdout.is_terminal();
        let zero = args.has("zero");
        let format = format(args, terminal && !zero)?;
        let sort = sort(args, format)?;
        let quoting = quoting(ctx, args, terminal && !zero)?;
        let (sizes, block_units) = units(ctx, args)?;
        let hidden = args.given().iter().rev().find_map(|given| match given.opt.short {
            Some('a' | 'f') => Some(Hidden::All),
            Some('A') => Some(Hidden::Almost),
            _ => None,
        });
        let pattern = |text: &BStr| Pattern::new(text, GlobOptions::default());
        let numeric = args.has('n');
        Ok(Self {
            format,
            sort,
            reverse: args.has('r'),
            hidden: hidden.unwrap_or(Hidden::Ignored),
            ignore_backups: args.has('B'),
            hide: args.values("hide").map(pattern).collect(),
            ignore: args.values('I').map(pattern).collect(),
            directory: args.has('d'),
            recursive: args.has('R') && !args.has('d'),
            follow: follow(args, format),
            indicator: indicator(args, terminal)?,
            quoting,
            hide_control: args.has('q')
                || (terminal && !args.has("show-control-chars") && quoting == Quoting::Literal),
            dirs_first: args.has("group-directories-first"),
            inode: args.has('i'),
            blocks: args.has('s'),
            sizes,
            block_units,
            owner: !args.has('g'),
            group: !args.has('G') && !args.has('o'),
            author: args.has("author"),
            context: args.has('Z'),
            numeric,
            time_style: time_style(ctx, args)?,
            color: color(ctx, args)?,
            width: width(ctx, args)?,
            tab: tab(args)?,
            line_end: if zero { 0 } else { b'\n' },
        })
    }
}

fn format(args: &Args, terminal: bool) -> Result<Format, CommandError> {
    let mut format = None;
    for given in args.given() {
        let next = match (given.opt.short, given.opt.long) {
            (Some('l' | 'g' | 'o' | 'n'), _) | (_, Some("full-time")) => Format::Long,
            (Some('C'), _) => Format::Columns,
            (Some('x'), _) => Format::Across,
            (Some('m'), _) => Format::Commas,
            // `-1` does not undo `-l`.
            (Some('1'), _) if format == Some(Format::Long) => Format::Long,
            (Some('1'), _) => Format::Single,
            (_, Some("zero")) if format != Some(Format::Long) => Format::Single,
            (_, Some("format")) => choose(
                "--format",
                given.value.as_ref().map_or(b"", |v| v),
                &[
                    (&["verbose", "long"], Format::Long),
                    (&["commas"], Format::Commas),
                    (&["horizontal", "across"], Format::Across),
                    (&["vertical"], Format::Columns),
                    (&["single-column"], Format::Single),
                ],
            )?,
            _ => continue,
        };
        format = Some(next);
    }
    Ok(format.unwrap_or(if terminal { Format::Columns } else { Format::Single }))
}

fn sort(args: &Args, format: Format) -> Result<Sort, CommandError> {
    let mut sort = None;
    for given in args.given() {
        sort = Some(match (given.opt.short, given.opt.long) {
            (Some('t'), _) => Sort::Time,
            (Some('S'), _) => Sort::Size,
            (Some('U' | 'f'), _) => Sort::Nothing,
            (Some('v'), _) => Sort::Version,
            (Some('X'), _) => Sort::Extension,
            (_, Some("sort")) => choose(
                "--sort",
                given.value.as_ref().map_or(b"", |v| v),
                &[
                    (&["none"], Sort::Nothing),
                    (&["time"], Sort::Time),
                    (&["size"], Sort::Size),
                    (&["extension"], Sort::Extension),
                    (&["version"], Sort::Version),
                    (&["width"], Sort::Width),
                ],
            )?,
            _ => continue,
        });
    }
    if let Some(word) = args.value("time") {
        let times: &[(&[&str], u8)] = &[
            (&["atime", "access", "use"], 0),
            (&["ctime", "status"], 1),
            (&["birth", "creation"], 2),
        ];
        choose("--time", word, times)?;
    }
    let by_time = (args.has('c') || args.has('u') || args.has("time")) && format != Format::Long;
    Ok(sort.unwrap_or(if by_time { Sort::Time } else { Sort::Name }))
}

fn quoting(ctx: &Context<'_>, args: &Args, terminal: bool) -> Result<Quoting, CommandError> {
    let styles: &[(&[&str], Quoting)] = &[
        (&["literal"], Quoting::Literal),
        (&["shell"], Quoting::Shell),
        (&["shell-always"], Quoting::ShellAlways),
        (&["shell-escape"], Quoting::ShellEscape),
        (&["shell-escape-always"], Quoting::ShellEscapeAlways),
        (&["c"], Quoting::C),
        (&["c-maybe"], Quoting::CMaybe),
        (&["escape"], Quoting::Escape),
        (&["locale"], Quoting::Locale),
        (&["clocale"], Quoting::Locale),
    ];
    let mut style = None;
    for given in args.given() {
        style = Some(match (given.opt.short, given.opt.long) {
            (Some('N'), _) => Quoting::Literal,
            (Some('b'), _) => Quoting::Escape,
            (Some('Q'), _) => Quoting::C,
            (_, Some("quoting-style")) => {
                choose("--quoting-style", given.value.as_ref().map_or(b"", |v| v), styles)?
            }
            _ => continue,
        });
    }
    let of_environment = || {
        let name = ctx.var("QUOTING_STYLE")?;
        styles.iter().find(|(names, _)| names.iter().any(|n| name == n)).map(|(_, style)| *style)
    };
    let usual = if terminal { Quoting::ShellEscape } else { Quoting::Literal };
    Ok(style.or_else(of_environment).unwrap_or(usual))
}

fn follow(args: &Args, format: Format) -> FollowLinks {
    let given =
        args.given().iter().rev().find_map(|given| match (given.opt.short, given.opt.long) {
            (Some('L'), _) => Some(FollowLinks::Always),
            (Some('H'), _) => Some(FollowLinks::CommandLine),
            (_, Some("dereference-command-line-symlink-to-dir")) => {
                Some(FollowLinks::CommandLineDirs)
            }
            _ => None,
        });
    let classify = args.has('F');
    given.unwrap_or(if args.has('d') || classify || format == Format::Long {
        FollowLinks::Never
    } else {
        FollowLinks::CommandLineDirs
    })
}

fn indicator(args: &Args, terminal: bool) -> Result<Indicator, CommandError> {
    let mut indicator = Indicator::Nothing;
    for given in args.given() {
        indicator = match (given.opt.short, given.opt.long) {
            (Some('p'), _) => Indicator::Slash,
            (Some('F'), _) => match &given.value {
                None => Indicator::Classify,
                Some(value) => match choose("--classify", value, WHEN)? {
                    When::Always => Indicator::Classify,
                    When::Auto if terminal => Indicator::Classify,
                    _ => Indicator::Nothing,
                },
            },
            (_, Some("file-type")) => Indicator::FileType,
            (_, Some("indicator-style")) => choose(
                "--indicator-style",
                given.value.as_ref().map_or(b"", |v| v),
                &[
                    (&["none"], Indicator::Nothing),
                    (&["slash"], Indicator::Slash),
                    (&["file-type"], Indicator::FileType),
                    (&["classify"], Indicator::Classify),
                ],
            )?,
            _ => continue,
        };
    }
    Ok(indicator)
}

fn units(ctx: &Context<'_>, args: &Args) -> Result<(Units, Units), CommandError> {
    let (mut sizes, mut blocks) = (Units::Blocks(1, ""), Units::Blocks(1024, ""));
    let of_environment = ctx.var("LS_BLOCK_SIZE").or_else(|| ctx.var("BLOCK_SIZE"));
    if let Some(units) = of_environment.and_then(|text| block_size(text)) {
        (sizes, blocks) = (units, units);
    }
    for given in args.given() {
        match (given.opt.short, given.opt.long) {
            (Some('h'), _) => (sizes, blocks) = (Units::Human(1024), Units::Human(1024)),
            (_, Some("si")) => (sizes, blocks) = (Units::Human(1000), Units::Human(1000)),
            (Some('k'), _) => blocks = Units::Blocks(1024, ""),
            (_, Some("block-size")) => {
                let value = given.value.clone().unwrap_or_default();
                let Some(units) = block_size(&value) else {
                    let shown = quoted(&value);
                    return Err(CommandError::Fail(
                        format!("invalid --block-size argument {shown}").into_bytes(),
                        ExitStatus(2),
                    ));
                };
                (sizes, blocks) = (units, units);
            }
            _ => {}
        }
    }
    Ok((sizes, blocks))
}

fn block_size(text: &[u8]) -> Option<Units> {
    match text {
        b"human-readable" => return Some(Units::Human(1024)),
        b"si" => return Some(Units::Human(1000)),
        _ => {}
    }
    let text = text.strip_prefix(b"'").unwrap_or(text);
    let size = parse_size(text).filter(|size| *size > 0)?;
    let suffix = match text {
        b"K" | b"KiB" | b"k" => "K",
        b"M" | b"MiB" | b"m" => "M",
        b"G" | b"GiB" | b"g" => "G",
        b"T" | b"TiB" | b"t" => "T",
        b"kB" | b"KB" => "kB",
        b"MB" => "MB",
        b"GB" => "GB",
        _ => "",
    };
    Some(Units::Blocks(size, suffix))
}

fn time_style(ctx: &Context<'_>, args: &Args) -> Result<TimeStyle, CommandError> {
    let given = args.given().iter().rev().find_map(|given| match given.opt.long {
        Some("full-time") => Some(BString::from("full-iso")),
        Some("time-style") => given.value.clone(),
        _ => None,
    });
    let of_environment = || ctx.var("TIME_STYLE").map(BString::from);
    let Some(style) = given.or_else(of_environment) else { return Ok(TimeStyle::Locale) };
    let name = style.strip_prefix(b"posix-").unwrap_or(&style);
    if let Some(formats) = style.strip_prefix(b"+") {
        let (old, recent) = match formats.find_byte(b'\n') {
            Some(at) => (&formats[..at], &formats[at + 1..]),
            None => (formats, formats),
        };
        return Ok(TimeStyle::Formats(old.to_vec(), recent.to_vec()));
    }
    let styles = [
        ("full-iso", TimeStyle::FullIso),
        ("long-iso", TimeStyle::LongIso),
        ("iso", TimeStyle::Iso),
        ("locale", TimeStyle::Locale),
    ];
    let mut matching = styles.into_iter().filter(|(word, _)| word.as_bytes().starts_with(name));
    match (matching.next(), matching.next()) {
        (Some((_, style)), None) => Ok(style),
        (found, _) => Err(usage(format!(
            "{} argument {} for {}\nValid arguments are:\n  - [posix-]full-iso\n  - [posix-]long-iso\n  - [posix-]iso\n  - [posix-]locale\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format",
            if found.is_some() { "ambiguous" } else { "invalid" },
            marked(&style),
            marked("time style"),
        ))),
    }
}

fn color(ctx: &Context<'_>, args: &Args) -> Result<bool, CommandError> {
    let given = args.given().iter().rev().find(|given| given.opt.long == Some("color"));
    let when = match given.map(|given| &given.value) {
        None => When::Never,
        Some(None) => When::Always,
        Some(Some(value)) => choose("--color", value, WHEN)?,
    };
    // GNU's looks at TERM too, unless LS_COLORS says what to draw.
    let set = |name: &str| ctx.var(name).is_some_and(|value| !value.is_empty() && value != "dumb");
    if !set("LS_COLORS") && !set("COLORTERM") && !set("TERM") {
        return Ok(false);
    }
    Ok(match when {
        When::Always => true,
        When::Never => false,
        When::Auto => ctx.stdout.is_terminal() && ctx.var("NO_COLOR").is_none(),
    })
}

fn width(ctx: &Context<'_>, args: &Args) -> Result<usize, CommandError> {
    let number = |text: &BStr| text.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    if let Some(text) = args.value('w') {
        return number(text).ok_or_else(|| {
            let message = format!("invalid line width: {}", marked(text));
            CommandError::Fail(message.into_bytes(), ExitStatus(2))
        });
    }
    Ok(ctx.var("COLUMNS").and_then(number).filter(|width| *width > 0).unwrap_or(80))
}

fn tab(args: &Args) -> Result<usize, CommandError> {
    let Some(text) = args.value('T') else { return Ok(8) };
    text.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let message = format!("invalid tab size: {}", marked(text));
        CommandError::Fail(message.into_bytes(), ExitStatus(2))
    })
}
