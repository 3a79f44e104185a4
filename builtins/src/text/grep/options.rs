//! The options of `grep`.

use bstr::{BString, ByteSlice};

use crate::args::choice::{When, choose};
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;

pub(super) const OPTIONS: &[Opt] = &[
    flag('E', "extended-regexp", "PATTERNS are extended regular expressions"),
    flag('F', "fixed-strings", "PATTERNS are strings"),
    flag('G', "basic-regexp", "PATTERNS are basic regular expressions"),
    flag('P', "perl-regexp", "PATTERNS are Perl regular expressions"),
    value('e', "regexp", "PATTERNS", "use PATTERNS for matching"),
    value('f', "file", "FILE", "take PATTERNS from FILE"),
    flag('i', "ignore-case", "ignore case distinctions in patterns and data"),
    short('y', "the same as -i"),
    long("no-ignore-case", "do not ignore case distinctions (default)"),
    flag('w', "word-regexp", "match only whole words"),
    flag('x', "line-regexp", "match only whole lines"),
    flag('z', "null-data", "a data line ends in 0 byte, not newline"),
    flag('s', "no-messages", "suppress error messages"),
    flag('v', "invert-match", "select non-matching lines"),
    value('m', "max-count", "NUM", "stop after NUM selected lines"),
    flag('b', "byte-offset", "print the byte offset with output lines"),
    flag('n', "line-number", "print line number with output lines"),
    long("line-buffered", "flush output on every line"),
    flag('H', "with-filename", "print file name with output lines"),
    flag('h', "no-filename", "suppress the file name prefix on output"),
    long("label", "use LABEL as the standard input file name prefix").takes(Takes::Value("LABEL")),
    flag('o', "only-matching", "show only nonempty parts of lines that match"),
    flag('q', "quiet", "suppress all normal output"),
    long("silent", "the same as --quiet"),
    long("binary-files", "assume that binary files are TYPE: binary, text, or without-match")
        .takes(Takes::Value("TYPE")),
    flag('a', "text", "equivalent to --binary-files=text"),
    short('I', "equivalent to --binary-files=without-match"),
    value('d', "directories", "ACTION", "how to handle directories: read, recurse, or skip"),
    value('D', "devices", "ACTION", "how to handle devices: read or skip"),
    flag('r', "recursive", "like --directories=recurse"),
    flag('R', "dereference-recursive", "likewise, but follow all symlinks"),
    long("include", "search only files that match GLOB").takes(Takes::Value("GLOB")),
    long("exclude", "skip files that match GLOB").takes(Takes::Value("GLOB")),
    long("exclude-from", "skip files that match any file pattern from FILE")
        .takes(Takes::Value("FILE")),
    long("exclude-dir", "skip directories that match GLOB").takes(Takes::Value("GLOB")),
    flag('L', "files-without-match", "print only names of FILEs with no selected lines"),
    flag('l', "files-with-matches", "print only names of FILEs with selected lines"),
    flag('c', "count", "print only a count of selected lines per FILE"),
    flag('T', "initial-tab", "make tabs line up (if needed)"),
    flag('Z', "null", "print 0 byte after FILE name"),
    value('B', "before-context", "NUM", "print NUM lines of leading context"),
    value('A', "after-context", "NUM", "print NUM lines of trailing context"),
    value('C', "context", "NUM", "print NUM lines of output context"),
    short('0', "digits: the same as --context=NUM"),
    short('1', ""),
    short('2', ""),
    short('3', ""),
    short('4', ""),
    short('5', ""),
    short('6', ""),
    short('7', ""),
    short('8', ""),
    short('9', ""),
    long("group-separator", "print SEP on line between matches with context")
        .takes(Takes::Value("SEP")),
    long("no-group-separator", "do not print separator for matches with context"),
    long("color", "use markers to highlight the matching strings: always, never, or auto")
        .takes(Takes::Optional("WHEN")),
    long("colour", "the same as --color").takes(Takes::Optional("WHEN")),
    flag('U', "binary", "(ignored)"),
    flag('u', "unix-byte-offsets", "(obsolete, ignored)"),
    flag('V', "version", "display version information and exit"),
];

/// What is printed of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Lines,
    Count,
    NamesWith,
    NamesWithout,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Said,
    Text,
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directories {
    Read,
    Skip,
    Recurse,
}

/// The options, understood.
#[derive(Debug)]
pub(super) struct Options {
    pub show: Show,
    pub invert: bool,
    pub only_matching: bool,
    pub line_numbers: bool,
    pub byte_offsets: bool,
    pub initial_tab: bool,
    pub null_names: bool,
    pub line_end: u8,
    pub max_count: u64,
    pub before: usize,
    pub after: usize,
    pub separator: Option<BString>,
    pub binary: Binary,
    pub silent: bool,
    pub line_buffered: bool,
    pub color: bool,
    /// A character is a byte: none can be wrong.
    pub bytes: bool,
    pub names: Option<bool>,
    pub label: BString,
    pub directories: Directories,
    pub skip_devices: bool,
    pub follow: bool,
    pub globs: Globs,
}

/// `--include`, `--exclude` and `--exclude-dir`.
#[derive(Debug, Default)]
pub(super) struct Globs {
    files: Vec<(bool, Pattern)>,
    dirs: Vec<Pattern>,
}

impl Globs {
    /// Whether a file is to be left out; `name` as given on the command line, or as found.
    pub fn skips_file(&self, name: &[u8], found: bool) -> bool {
        let hit = |pattern: &Pattern| matches_name(pattern, name, found);
        // The last glob that matches decides; without one, an --include first means "leave out".
        match self.files.iter().rev().find(|(_, pattern)| hit(pattern)) {
            Some((include, _)) => !include,
            None => self.files.first().is_some_and(|(include, _)| *include),
        }
    }

    pub fn skips_dir(&self, name: &[u8], found: bool) -> bool {
        let name = name.trim_end_with(|letter| letter == '/');
        self.dirs.iter().any(|pattern| matches_name(pattern, name, found))
    }
}

/// A glob matches a name, or a tail of it after a slash (and for names on the command line a
/// directory's prefix as well).
fn matches_name(pattern: &Pattern, name: &[u8], found: bool) -> bool {
    let last = name.rfind_byte(b'/').map_or(name, |at| &name[at + 1..]);
    if found {
        return pattern.is_match(last);
    }
    pattern.is_match(name) || name.find_iter(b"/").any(|at| pattern.is_match(&name[at + 1..]))
}

impl Options {
    pub fn read(ctx: &mut Context<'_>, args: &Args) -> Result<Self, CommandError> {
        let show = args.given().iter().rev().find_map(|given| match given.opt.short {
            Some('l') => Some(Show::NamesWith),
            Some('L') => Some(Show::NamesWithout),
            _ => None,
        });
        let quiet = args.has('q') || args.has("silent");
        let show = match show {
            _ if quiet => Show::Nothing,
            Some(names) => names,
            None if args.has('c') => Show::Count,
            None => Show::Lines,
        };
        let (before, after) = context(args)?;
        let binary = args.given().iter().rev().find_map(|given| {
            match (given.opt.short, given.opt.long, given.value.as_ref()) {
                (Some('a'), ..) => Some(Ok(Binary::Text)),
                (Some('I'), ..) => Some(Ok(Binary::Skipped)),
                (None, Some("binary-files"), Some(value)) => Some(match value.as_bytes() {
                    b"binary" => Ok(Binary::Said),
                    b"text" => Ok(Binary::Text),
                    b"without-match" => Ok(Binary::Skipped),
                    _ => Err(trouble("unknown binary-files type")),
                }),
                _ => None,
            }
        });
        let max_count = match args.value('m') {
            None => u64::MAX,
            Some(text) => {
                match text.to_str().ok().and_then(|text| text.trim().parse::<i128>().ok()) {
                    Some(count) if count < 0 => u64::MAX,
                    Some(count) => u64::try_from(count).unwrap_or(u64::MAX),
                    None => return Err(trouble("invalid max count")),
                }
            }
        };
        let separator = args.given().iter().rev().find_map(|given| match given.opt.long {
            Some("group-separator") => Some(given.value.clone()),
            Some("no-group-separator") => Some(None),
            _ => None,
        });
        let recursive = args.last_of("rRd");
        Ok(Self {
            show,
            invert: args.has('v'),
            only_matching: args.has('o'),
            line_numbers: args.has('n'),
            byte_offsets: args.has('b'),
            initial_tab: args.has('T'),
            null_names: args.has('Z'),
            line_end: if args.has('z') { 0 } else { b'\n' },
            max_count,
            before: before.unwrap_or(0),
            after: after.unwrap_or(0),
            // Asking for no lines of context still marks groups.
            separator: match before.or(after) {
                None => None,
                Some(_) => separator.unwrap_or(Some("--".into())),
            },
            binary: binary.transpose()?.unwrap_or(Binary::Said),
            silent: args.has('s'),
            bytes: ctx.bytes_locale(),
            line_buffered: args.has("line-buffered"),
            color: color(ctx, args)?,
            names: args.last_of("Hh").map(|letter| letter == 'H'),
            label: args.value("label").map_or("(standard input)".into(), BString::from),
            directories: directories(args, recursive)?,
            skip_devices: devices(args)?,
            follow: recursive == Some('R'),
            globs: globs(ctx, args)?,
        })
    }
}

/// Ends `grep` with status 2.
pub(super) fn trouble(message: impl Into<String>) -> CommandError {
    CommandError::Fail(message.into().into_bytes(), ExitStatus(2))
}

fn color(ctx: &Context<'_>, args: &Args) -> Result<bool, CommandError> {
    let given =
        args.given().iter().rev().find(|given| matches!(given.opt.long, Some("color" | "colour")));
    let when = match given.map(|given| given.value.as_ref().map(|value| value.as_bytes())) {
        None => When::Never,
        Some(None) | Some(Some(b"auto" | b"tty" | b"if-tty")) => When::Auto,
        Some(Some(b"always" | b"yes" | b"force")) => When::Always,
        Some(Some(b"never" | b"no" | b"none")) => When::Never,
        Some(Some(_)) => return Err(usage("")),
    };
    let dumb = ctx.var("TERM").is_none_or(|term| term == "dumb") || ctx.var("NO_COLOR").is_some();
    Ok(match when {
        When::Always => true,
        When::Never => false,
        When::Auto => ctx.stdout.is_terminal() && !dumb,
    })
}

/// `-A`, `-B`, `-C` and `-NUM`.
fn context(args: &Args) -> Result<(Option<usize>, Option<usize>), CommandError> {
    let number = |value: &BString| -> Result<usize, CommandError> {
        let digits = value.trim_ascii();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(trouble(format!("{value}: invalid context length argument")));
        }
        Ok(digits.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX))
    };
    let (mut before, mut after, mut both) = (None, None, None);
    let mut digits = String::new();
    for given in args.given() {
        match (given.opt.short, &given.value) {
            (Some('A'), Some(value)) => after = Some(number(value)?),
            (Some('B'), Some(value)) => before = Some(number(value)?),
            (Some('C'), Some(value)) => both = Some(number(value)?),
            (Some(digit @ '0'..='9'), None) => {
                digits.push(digit);
                both = Some(digits.parse().unwrap_or(usize::MAX));
                continue;
            }
            _ => {}
        }
        digits.clear();
    }
    Ok((before.or(both), after.or(both)))
}

fn directories(args: &Args, recursive: Option<char>) -> Result<Directories, CommandError> {
    match recursive {
        Some('r' | 'R') => Ok(Directories::Recurse),
        _ => match args.value('d') {
            None => Ok(Directories::Read),
            Some(value) => choose(
                "--directories",
                value,
                &[
                    (&["read"], Directories::Read),
                    (&["recurse"], Directories::Recurse),
                    (&["skip"], Directories::Skip),
                ],
            ),
        },
    }
}

fn devices(args: &Args) -> Result<bool, CommandError> {
    match args.value('D').map(|value| value.as_bytes()) {
        None | Some(b"read") => Ok(false),
        Some(b"skip") => Ok(true),
        Some(_) => Err(trouble("unknown devices method")),
    }
}

fn globs(ctx: &mut Context<'_>, args: &Args) -> Result<Globs, CommandError> {
    let mut globs = Globs::default();
    let pattern = |text: &[u8]| Pattern::new(text, GlobOptions::default());
    for given in args.given() {
        let Some(value) = &given.value else { continue };
        match given.opt.long {
            Some("include") => globs.files.push((true, pattern(value))),
            Some("exclude") => globs.files.push((false, pattern(value))),
            Some("exclude-dir") => {
                let value = value.trim_end_with(|letter| letter == '/');
                globs.dirs.push(pattern(value));
            }
            Some("exclude-from") => {
                let mut input =
                    ctx.open(value).map_err(|error| trouble(format!("{value}: {error}")))?;
                while let Some(line) = input.line(b'\n')? {
                    let line = line.trim_ascii_end();
                    if !line.is_empty() && !line.starts_with(b"#") {
                        globs.files.push((false, pattern(line)));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(globs)
}
