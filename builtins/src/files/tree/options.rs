//! The options of `tree`.

use crate::args::choice::choose;
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;

pub(super) const OPTIONS: &[Opt] = &[
    short('a', "all files are listed"),
    short('d', "list directories only"),
    short('l', "follow symbolic links like directories"),
    short('f', "print the full path prefix for each file"),
    short('x', "stay on current filesystem only"),
    short('L', "descend only level directories deep").takes(Takes::Value("LEVEL")),
    short('R', "(ignored)"),
    short('P', "list only those files that match the pattern given").takes(Takes::Value("PATTERN")),
    short('I', "do not list files that match the given pattern").takes(Takes::Value("PATTERN")),
    long("gitignore", "filter by using .gitignore files"),
    long("ignore-case", "ignore case when pattern matching"),
    long("matchdirs", "(ignored: directories are always listed)"),
    long("metafirst", "print meta-data at the beginning of each line"),
    long("prune", "prune empty directories from the output"),
    long("noreport", "turn off file/directory count at end of tree listing"),
    long("charset", "use charset for the lines: UTF-8 or ASCII").takes(Takes::Value("CHARSET")),
    long("filelimit", "do not descend dirs with more than # files in them")
        .takes(Takes::Value("#")),
    short('o', "output to file instead of stdout").takes(Takes::Value("FILENAME")),
    short('q', "print non-printable characters as '?'"),
    short('N', "print non-printable characters as is"),
    short('Q', "quote filenames with double quotes"),
    short('p', "print the protections for each file"),
    short('u', "displays file owner"),
    short('g', "displays file group owner"),
    short('s', "print the size in bytes of each file"),
    short('h', "print the size in a more human readable way"),
    long("si", "like -h, but use in SI units (powers of 1000)"),
    long("du", "compute size of directories by their contents"),
    short('D', "print the date of last modification"),
    long("timefmt", "print and format time according to the format").takes(Takes::Value("FORMAT")),
    short('F', "appends '/', '=', '*', '@', '|' or '>' as per ls -F"),
    long("inodes", "print inode number of each file"),
    long("device", "print device ID number to which each file belongs"),
    short('v', "sort files alphanumerically by version"),
    short('t', "sort files by last modification time"),
    short('c', "sort files by last status change time"),
    short('U', "leave files unsorted"),
    short('r', "reverse the order of the sort"),
    long("dirsfirst", "list directories before files"),
    long("filesfirst", "list files before directories"),
    long("sort", "select sort: name, version, size, mtime, ctime").takes(Takes::Value("X")),
    short('i', "don't print indentation lines"),
    short('A', "(ignored)"),
    short('S', "(ignored)"),
    short('n', "turn colorization off always (-C overrides)"),
    short('C', "turn colorization on always"),
    short('X', "prints out an XML representation of the tree"),
    short('J', "prints out an JSON representation of the tree"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Lines,
    Json,
    Xml,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Version,
    Size,
    Time,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sizes {
    No,
    Bytes,
    Human(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    Octal,
    Question,
    No,
}

/// A pattern, and whether it is for directories only (`name/`).
#[derive(Debug)]
pub(super) struct Filter {
    pattern: Pattern,
    dirs_only: bool,
}

impl Filter {
    pub fn matches(&self, name: &[u8], is_dir: bool) -> bool {
        (is_dir || !self.dirs_only) && self.pattern.is_match(name)
    }
}

#[derive(Debug)]
pub(super) struct Options {
    pub all: bool,
    pub dirs_only: bool,
    pub follow: bool,
    pub full_paths: bool,
    pub level_max: Option<usize>,
    pub only: Vec<Filter>,
    pub without: Vec<Filter>,
    pub prune: bool,
    pub report: bool,
    pub ascii: bool,
    pub entries_max: Option<usize>,
    pub escapes: Escapes,
    pub quotes: bool,
    pub modes: bool,
    pub users: bool,
    pub groups: bool,
    pub sizes: Sizes,
    pub sums: bool,
    pub time_format: Option<Vec<u8>>,
    pub dates: bool,
    pub marks: bool,
    pub inodes: bool,
    pub devices: bool,
    pub sort: Sort,
    pub reverse: bool,
    pub dirs_first: bool,
    pub files_first: bool,
    pub indent: bool,
    pub metadata_first: bool,
    pub color: bool,
    pub format: Format,
    pub git_ignores: bool,
    pub zone: jiff::tz::TimeZone,
}

fn filters(args: &Args, key: char) -> Vec<Filter> {
    let nocase = args.has("ignore-case");
    let all = args.values(key).flat_map(|text| text.split(|&byte| byte == b'|'));
    all.map(|text| {
        let dirs_only = text.len() > 1 && text.ends_with(b"/");
        let text = if dirs_only { text.strip_suffix(b"/").unwrap_or(text) } else { text };
        let options = GlobOptions { nocase, ..GlobOptions::default() };
        Filter { pattern: Pattern::new(text, options), dirs_only }
    })
    .collect()
}

impl Options {
    pub fn read(ctx: &Context<'_>, args: &Args) -> Result<Self, CommandError> {
        let number = |text: &BStr| text.to_str().ok().and_then(|text| text.parse::<usize>().ok());
        let level_max = match args.value('L') {
            None => None,
            Some(text) => match number(text).filter(|level| *level > 0) {
                Some(level) => Some(level),
                None => return Err(failure("Invalid level, must be greater than 0.")),
            },
        };
        let mut sort = Sort::Name;
        for given in args.given() {
            sort = match (given.opt.short, given.opt.long, &given.value) {
                (Some('v'), ..) => Sort::Version,
                (Some('t' | 'c'), ..) => Sort::Time,
                (Some('U'), ..) => Sort::No,
                (_, Some("sort"), Some(text)) => choose(
                    "--sort",
                    text,
                    &[
                        (&["name"], Sort::Name),
                        (&["version"], Sort::Version),
                        (&["size"], Sort::Size),
                        (&["mtime", "ctime"], Sort::Time),
                    ],
                )?,
                _ => sort,
            };
        }
        let last = |letters: &str| args.last_of(letters);
        let human = if args.has("si") { Some(1000) } else { args.has('h').then_some(1024) };
        let sums = args.has("du");
        let terminal = ctx.stdout.is_terminal() && ctx.var("NO_COLOR").is_none();
        let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
        Ok(Self {
            all: args.has('a'),
            dirs_only: args.has('d'),
            follow: args.has('l'),
            full_paths: args.has('f'),
            level_max,
            only: filters(args, 'P'),
            without: filters(args, 'I'),
            prune: args.has("prune"),
            report: !args.has("noreport"),
            ascii: args.value("charset").is_some_and(|name| !name.eq_ignore_ascii_case(b"utf-8")),
            entries_max: args.value("filelimit").and_then(number).filter(|limit| *limit > 0),
            escapes: match last("qN") {
                Some('q') => Escapes::Question,
                Some(_) => Escapes::No,
                None => Escapes::Octal,
            },
            quotes: args.has('Q'),
            modes: args.has('p'),
            users: args.has('u'),
            groups: args.has('g'),
            sizes: match human {
                Some(base) => Sizes::Human(base),
                None if args.has('s') || sums => Sizes::Bytes,
                None => Sizes::No,
            },
            sums,
            time_format: args.value("timefmt").map(|format| format.to_vec()),
            dates: args.has('D') || args.has("timefmt"),
            marks: args.has('F'),
            inodes: args.has("inodes"),
            devices: args.has("device"),
            sort,
            reverse: args.has('r'),
            dirs_first: args.has("dirsfirst"),
            files_first: args.has("filesfirst"),
            indent: !args.has('i'),
            metadata_first: args.has("metafirst"),
            color: args.has('C') || (terminal && !args.has('n')),
            format: match last("XJ") {
                Some('X') => Format::Xml,
                Some(_) => Format::Json,
                None => Format::Lines,
            },
            git_ignores: args.has("gitignore"),
            zone: crate::core::strftime::zone(tz.as_deref()),
        })
    }
}
