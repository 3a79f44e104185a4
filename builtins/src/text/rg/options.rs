//! The options of `rg`. Where two contradict each other the last one counts.

use bstr::{BStr, BString, ByteSlice};

use super::trouble;
use crate::args::choice::When;
use crate::prelude::*;

const fn valued(name: &'static str, arg: &'static str, help: &'static str) -> Opt {
    long(name, help).takes(Takes::Value(arg))
}

pub(super) const OPTIONS: &[Opt] = &[
    value('e', "regexp", "PATTERN", "a pattern to search for (can be repeated)"),
    value('f', "file", "PATTERNFILE", "search for the patterns of a file, one on each line"),
    flag('s', "case-sensitive", "search case sensitively (default)"),
    flag('i', "ignore-case", "search case insensitively"),
    flag('S', "smart-case", "case insensitively if the pattern is all in lower case"),
    flag('F', "fixed-strings", "treat the pattern as a literal string"),
    long("no-fixed-strings", "treat the pattern as a regular expression"),
    flag('w', "word-regexp", "only show matches surrounded by word boundaries"),
    flag('x', "line-regexp", "only show matches surrounded by line boundaries"),
    flag('v', "invert-match", "invert matching"),
    long("no-invert-match", "do not invert matching"),
    flag('P', "pcre2", "use Perl's regular expressions, with look-around and back-references"),
    long("no-pcre2", "use the default engine"),
    valued("engine", "ENGINE", "default, pcre2 or auto"),
    long("auto-hybrid-regex", "use Perl's engine if the default one refuses the pattern"),
    long("no-auto-hybrid-regex", "undo --auto-hybrid-regex"),
    flag('U', "multiline", "let matches span several lines"),
    long("no-multiline", "undo --multiline"),
    long("multiline-dotall", "make '.' match line ends with -U"),
    long("no-multiline-dotall", "undo --multiline-dotall"),
    long("crlf", "take CRLF for a line end"),
    long("no-crlf", "undo --crlf"),
    long("null-data", "lines end in NUL"),
    long("no-unicode", "classes are ASCII's"),
    long("unicode", "classes are Unicode's (default)"),
    long("no-pcre2-unicode", "the same as --no-unicode"),
    long("pcre2-unicode", "the same as --unicode"),
    valued("regex-size-limit", "NUM+SUFFIX?", "the upper size limit of the compiled pattern"),
    valued("dfa-size-limit", "NUM+SUFFIX?", "the upper size limit of the automaton's cache"),
    value('E', "encoding", "ENCODING", "the text encoding of files: auto, none, or a name"),
    long("no-encoding", "the same as --encoding=auto"),
    flag('a', "text", "search binary files as if they were text"),
    long("no-text", "undo --text"),
    long("binary", "search binary files"),
    long("no-binary", "undo --binary"),
    value('m', "max-count", "NUM", "limit the number of matching lines of a file"),
    long("stop-on-nonmatch", "stop at a line that does not match after one that did"),
    flag('n', "line-number", "show line numbers"),
    flag('N', "no-line-number", "suppress line numbers"),
    flag('H', "with-filename", "print the file path with each matching line"),
    flag('I', "no-filename", "never print the file path with a matching line"),
    long("heading", "print the path above the matches of a file"),
    long("no-heading", "print the path on each line"),
    long("column", "show column numbers"),
    long("no-column", "undo --column"),
    flag('b', "byte-offset", "print the byte offset of each matching line"),
    flag('o', "only-matching", "print only the matched parts of a line"),
    value('r', "replace", "TEXT", "replace matches with TEXT"),
    value('A', "after-context", "NUM", "show NUM lines after each match"),
    value('B', "before-context", "NUM", "show NUM lines before each match"),
    value('C', "context", "NUM", "show NUM lines before and after each match"),
    long("passthru", "print matching and other lines"),
    long("passthrough", "the same as --passthru"),
    valued("context-separator", "SEPARATOR", "the string between groups of lines"),
    long("no-context-separator", "print nothing between groups of lines"),
    valued("field-match-separator", "SEPARATOR", "the string between the fields of a match"),
    valued("field-context-separator", "SEPARATOR", "the string between the fields of context"),
    value('M', "max-columns", "NUM", "do not print lines longer than NUM bytes"),
    long("max-columns-preview", "print a preview of lines that are too long"),
    long("no-max-columns-preview", "undo --max-columns-preview"),
    long("trim", "trim white space at the beginning of each line"),
    long("no-trim", "undo --trim"),
    long("vimgrep", "a line for every match, with its column"),
    flag('c', "count", "only show the number of matching lines of each file"),
    long("count-matches", "only show the number of matches of each file"),
    long("include-zero", "with -c, files without a match too"),
    long("no-include-zero", "undo --include-zero"),
    flag('l', "files-with-matches", "only print the paths with a match"),
    long("files-without-match", "only print the paths without a match"),
    flag('q', "quiet", "do not print anything"),
    long("json", "show results as JSON lines"),
    long("no-json", "undo --json"),
    long("stats", "print statistics about this search"),
    long("no-stats", "undo --stats"),
    flag('0', "null", "print a NUL after file paths"),
    flag('p', "pretty", "the same as --color=always --heading --line-number"),
    valued("color", "WHEN", "when to use colors: never, auto, always or ansi"),
    valued("colors", "COLOR_SPEC", "settings of colors, as 'match:fg:magenta'"),
    valued("path-separator", "SEPARATOR", "the path separator of file paths"),
    long("line-buffered", "flush at every line"),
    long("no-line-buffered", "undo --line-buffered"),
    long("block-buffered", "flush in blocks"),
    long("no-block-buffered", "undo --block-buffered"),
    long("files", "print each file that would be searched"),
    long("type-list", "show all file types"),
    value('g', "glob", "GLOB", "include or, with '!', exclude files"),
    valued("iglob", "GLOB", "as --glob, case insensitively"),
    long("glob-case-insensitive", "all --glob patterns are case insensitive"),
    long("no-glob-case-insensitive", "undo --glob-case-insensitive"),
    value('t', "type", "TYPE", "only search files of this type"),
    value('T', "type-not", "TYPE", "do not search files of this type"),
    valued("type-add", "TYPE_SPEC", "add a glob to a file type, as 'name:*.x'"),
    valued("type-clear", "TYPE", "clear the globs of a file type"),
    flag('.', "hidden", "search hidden files and folders"),
    long("no-hidden", "undo --hidden"),
    long("no-ignore", "do not respect ignore files"),
    long("ignore", "undo --no-ignore"),
    long("no-ignore-dot", "do not respect .ignore and .rgignore"),
    long("ignore-dot", "undo --no-ignore-dot"),
    long("no-ignore-exclude", "(there is no .git/info/exclude)"),
    long("ignore-exclude", "undo --no-ignore-exclude"),
    long("no-ignore-files", "do not respect --ignore-file"),
    long("ignore-files", "undo --no-ignore-files"),
    long("no-ignore-global", "(there is no global gitignore)"),
    long("ignore-global", "undo --no-ignore-global"),
    long("no-ignore-messages", "no messages about faulty ignore files"),
    long("ignore-messages", "undo --no-ignore-messages"),
    long("no-ignore-parent", "do not respect the ignore files of parent folders"),
    long("ignore-parent", "undo --no-ignore-parent"),
    long("no-ignore-vcs", "do not respect .gitignore"),
    long("ignore-vcs", "undo --no-ignore-vcs"),
    long("no-require-git", "respect .gitignore outside of repositories too"),
    long("require-git", "undo --no-require-git"),
    valued("ignore-file", "PATH", "more rules in the form of .gitignore"),
    long("ignore-file-case-insensitive", "ignore files are case insensitive"),
    long("no-ignore-file-case-insensitive", "undo --ignore-file-case-insensitive"),
    flag('u', "unrestricted", "--no-ignore; twice: --hidden too; three times: --binary too"),
    flag('L', "follow", "follow symbolic links"),
    long("no-follow", "undo --follow"),
    value('d', "max-depth", "NUM", "descend at most NUM folders"),
    valued("maxdepth", "NUM", "the same as --max-depth"),
    valued("max-filesize", "NUM+SUFFIX?", "ignore files larger than NUM bytes"),
    long("one-file-system", "do not descend into other repositories"),
    long("no-one-file-system", "undo --one-file-system"),
    valued("sort", "SORTBY", "sort by path, modified, accessed, created or none"),
    valued("sortr", "SORTBY", "likewise, in reverse"),
    long("sort-files", "the same as --sort=path"),
    value('j', "threads", "NUM", "(ignored: one is used)"),
    long("mmap", "(ignored)"),
    long("no-mmap", "(ignored)"),
    long("no-config", "(ignored: there is no configuration file)"),
    long("no-messages", "suppress messages about files that cannot be searched"),
    long("messages", "undo --no-messages"),
    long("debug", "(ignored)"),
    long("trace", "(ignored)"),
    flag('z', "search-zip", "(refused: compressed files are not searched)"),
    valued("pre", "COMMAND", "(refused)"),
    long("pcre2-version", "tell about Perl's regular expressions"),
    flag('V', "version", "print the version"),
    flag('h', "help", "print this help"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
    Smart,
}

/// What is printed of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Lines,
    Count,
    CountMatches,
    FilesWith,
    FilesWithout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    /// Files that were found are left when they turn out to be binary.
    Auto,
    Searched,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Default,
    Perl,
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Path,
    Time,
}

/// The options, understood. Flags that are on by default are named for what switches them off.
#[derive(Debug)]
pub(super) struct Options {
    pub flags: std::collections::HashMap<&'static str, bool>,
    pub case: Case,
    pub engine: Engine,
    pub show: Show,
    pub binary: Binary,
    pub before: usize,
    pub after: usize,
    pub max_count: Option<u64>,
    pub max_columns: Option<u64>,
    pub max_depth: Option<usize>,
    pub max_filesize: Option<u64>,
    pub replace: Option<BString>,
    pub encoding: Option<String>,
    pub color: When,
    pub sort: Sort,
    pub sort_reversed: bool,
    pub context_separator: Option<Vec<u8>>,
    pub field_match_separator: Vec<u8>,
    pub field_context_separator: Vec<u8>,
    pub path_separator: Option<u8>,
    pub line_number: Option<bool>,
    pub filename: Option<bool>,
    pub heading: Option<bool>,
    /// Globs in order, and whether they are case insensitive.
    pub globs: Vec<(BString, bool)>,
    pub regex_bytes_max: Option<u64>,
}

/// Options that one word switches on and another off again: the flag, and what it becomes.
const PAIRS: &[(&str, &str, bool)] = &[
    ("no-fixed-strings", "fixed-strings", false),
    ("no-invert-match", "invert-match", false),
    ("no-multiline", "multiline", false),
    ("no-multiline-dotall", "multiline-dotall", false),
    ("no-crlf", "crlf", false),
    ("no-pcre2-unicode", "no-unicode", true),
    ("unicode", "no-unicode", false),
    ("pcre2-unicode", "no-unicode", false),
    ("no-column", "column", false),
    ("passthrough", "passthru", true),
    ("no-max-columns-preview", "max-columns-preview", false),
    ("no-trim", "trim", false),
    ("no-include-zero", "include-zero", false),
    ("no-json", "json", false),
    ("no-stats", "stats", false),
    ("no-line-buffered", "line-buffered", false),
    ("no-glob-case-insensitive", "glob-case-insensitive", false),
    ("no-hidden", "hidden", false),
    ("ignore", "no-ignore", false),
    ("ignore-dot", "no-ignore-dot", false),
    ("ignore-files", "no-ignore-files", false),
    ("ignore-messages", "no-ignore-messages", false),
    ("ignore-parent", "no-ignore-parent", false),
    ("ignore-vcs", "no-ignore-vcs", false),
    ("require-git", "no-require-git", false),
    ("no-ignore-file-case-insensitive", "ignore-file-case-insensitive", false),
    ("no-follow", "follow", false),
    ("no-one-file-system", "one-file-system", false),
    ("messages", "no-messages", false),
];

impl Options {
    pub fn has(&self, name: &str) -> bool {
        self.flags.get(name).copied().unwrap_or(false)
    }

    pub fn ignores_vcs(&self) -> bool {
        !self.has("no-ignore") && !self.has("no-ignore-vcs")
    }

    pub fn ignores_dot(&self) -> bool {
        !self.has("no-ignore") && !self.has("no-ignore-dot")
    }

    pub fn ignores_parents(&self) -> bool {
        !self.has("no-ignore") && !self.has("no-ignore-parent")
    }

    pub fn read(ctx: &mut Context<'_>, args: &Args) -> Result<Self, CommandError> {
        let mut options = Self {
            flags: std::collections::HashMap::new(),
            case: Case::Sensitive,
            engine: Engine::Default,
            show: Show::Lines,
            binary: Binary::Auto,
            before: 0,
            after: 0,
            max_count: None,
            max_columns: None,
            max_depth: None,
            max_filesize: None,
            replace: None,
            encoding: None,
            color: When::Auto,
            sort: Sort::Path,
            sort_reversed: false,
            context_separator: Some(b"--".to_vec()),
            field_match_separator: b":".to_vec(),
            field_context_separator: b"-".to_vec(),
            path_separator: None,
            line_number: None,
            filename: None,
            heading: None,
            globs: Vec::new(),
            regex_bytes_max: None,
        };
        let mut around = (None, None, 0);
        for given in args.given() {
            let Some(name) = given.opt.long else { continue };
            let value = given.value.as_ref().map(|value| value.as_bstr());
            options.one(ctx, name, value.unwrap_or_default(), &mut around)?;
        }
        let (before, after, both) = around;
        options.before = before.unwrap_or(both);
        options.after = after.unwrap_or(both);
        match args.count('u') {
            0 => {}
            count => {
                options.flags.insert("no-ignore", true);
                if count > 1 {
                    options.flags.insert("hidden", true);
                }
                if count > 2 && options.binary == Binary::Auto {
                    options.binary = Binary::Searched;
                }
            }
        }
        Ok(options)
    }

    fn one(
        &mut self,
        ctx: &mut Context<'_>,
        name: &'static str,
        value: &BStr,
        around: &mut (Option<usize>, Option<usize>, usize),
    ) -> Result<(), CommandError> {
        let mut number = |letters: &str| -> Result<u64, CommandError> {
            let number = value.to_str().ok().and_then(|text| text.parse().ok());
            number.ok_or_else(|| {
                let text = "invalid digit found in string";
                let message = format!("error: Invalid value for '--{name} <{letters}>': {text}\n");
                trouble(ctx, message)
            })
        };
        let small = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        match name {
            "case-sensitive" => self.case = Case::Sensitive,
            "ignore-case" => self.case = Case::Insensitive,
            "smart-case" => self.case = Case::Smart,
            "pcre2" => self.engine = Engine::Perl,
            "no-pcre2" | "no-auto-hybrid-regex" => self.engine = Engine::Default,
            "auto-hybrid-regex" => self.engine = Engine::Auto,
            "engine" => {
                self.engine = match value.as_bytes() {
                    b"default" => Engine::Default,
                    b"pcre2" => Engine::Perl,
                    b"auto" => Engine::Auto,
                    _ => return Err(trouble(ctx, format!("unrecognized regex engine '{value}'"))),
                }
            }
            "text" => self.binary = Binary::Text,
            "no-text" | "no-binary" => self.binary = Binary::Auto,
            "binary" => self.binary = Binary::Searched,
            "count" => self.show = Show::Count,
            "count-matches" => self.show = Show::CountMatches,
            "files-with-matches" => self.show = Show::FilesWith,
            "files-without-match" => self.show = Show::FilesWithout,
            "encoding" => {
                self.encoding = (value != "auto").then(|| value.to_string());
            }
            "no-encoding" => self.encoding = None,
            "max-count" => self.max_count = Some(number("NUM")?),
            "max-columns" => self.max_columns = Some(number("NUM")?).filter(|number| *number > 0),
            "max-depth" | "maxdepth" => self.max_depth = Some(small(number("NUM")?)),
            "after-context" => around.1 = Some(small(number("NUM")?)),
            "before-context" => around.0 = Some(small(number("NUM")?)),
            "context" => around.2 = small(number("NUM")?),
            "threads" => drop(number("NUM")?),
            "max-filesize" => self.max_filesize = Some(size(ctx, name, value)?),
            "regex-size-limit" => self.regex_bytes_max = Some(size(ctx, name, value)?),
            "dfa-size-limit" => drop(size(ctx, name, value)?),
            "replace" => self.replace = Some(value.into()),
            "line-number" => self.line_number = Some(true),
            "no-line-number" => self.line_number = Some(false),
            "with-filename" => self.filename = Some(true),
            "no-filename" => self.filename = Some(false),
            "heading" => self.heading = Some(true),
            "no-heading" => self.heading = Some(false),
            "pretty" => {
                self.color = When::Always;
                self.heading = Some(true);
                self.line_number = Some(true);
            }
            "color" => {
                self.color = match value.as_bytes() {
                    b"never" => When::Never,
                    b"auto" => When::Auto,
                    b"always" | b"ansi" => When::Always,
                    _ => {
                        let values = "[possible values: never, auto, always, ansi]";
                        let message = format!(
                            "error: '{value}' isn't a valid value for '--color <WHEN>'\n\t{values}\n"
                        );
                        return Err(trouble(ctx, message));
                    }
                }
            }
            "sort" | "sortr" => {
                self.sort = match value.as_bytes() {
                    b"path" | b"none" => Sort::Path,
                    b"modified" | b"accessed" | b"created" => Sort::Time,
                    _ => {
                        let values = "[possible values: accessed, created, modified, none, path]";
                        let message = format!(
                            "error: '{value}' isn't a valid value for '--{name} <SORTBY>'\n\t{values}\n"
                        );
                        return Err(trouble(ctx, message));
                    }
                };
                self.sort_reversed = name == "sortr" && value != "none";
            }
            "context-separator" => self.context_separator = Some(unescaped(value)),
            "no-context-separator" => self.context_separator = None,
            "field-match-separator" => self.field_match_separator = unescaped(value),
            "field-context-separator" => self.field_context_separator = unescaped(value),
            "path-separator" => match unescaped(value).as_slice() {
                [] => self.path_separator = None,
                [byte] => self.path_separator = Some(*byte),
                bytes => {
                    let count = bytes.len();
                    let message = format!(
                        "A path separator must be exactly one byte, but the given separator is {count} bytes: {value}"
                    );
                    return Err(trouble(ctx, message));
                }
            },
            "glob" => self.globs.push((value.into(), false)),
            "iglob" => self.globs.push((value.into(), true)),
            "search-zip" | "pre" => {
                let message =
                    format!("--{name} is not available: compressed files are not searched");
                return Err(trouble(ctx, message));
            }
            name => {
                let pair = PAIRS.iter().find(|(off, ..)| *off == name);
                let (flag, on) = pair.map_or((name, true), |(_, flag, on)| (*flag, *on));
                self.flags.insert(flag, on);
            }
        }
        Ok(())
    }
}

/// `10`, `10K`, `10M`, `10G`.
fn size(ctx: &mut Context<'_>, name: &str, value: &BStr) -> Result<u64, CommandError> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, suffix) = value.split_at(digits);
    let number = number.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    let shift = match suffix {
        b"" => Some(0),
        b"K" => Some(10),
        b"M" => Some(20),
        b"G" => Some(30),
        _ => None,
    };
    let size = number.zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift));
    size.ok_or_else(|| {
        let what =
            "which should be a sequence of digits followed by an optional 'K', 'M' or 'G' suffix";
        trouble(
            ctx,
            format!(
                "error: Invalid value for '--{name}': invalid format for size '{value}', {what}"
            ),
        )
    })
}

/// Text with `\n`, `\t`, `\r`, `\0`, `\\` and `\xFF` taken for what they mean.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, tail)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = tail;
        match escape {
            b'0' => out.push(0),
            b'\\' => out.push(b'\\'),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'x' => {
                let hex = rest.get(..2).and_then(|hex| hex.to_str().ok());
                match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        out.push(byte);
                        rest = rest.get(2..).unwrap_or_default();
                    }
                    None => out.extend_from_slice(b"\\x"),
                }
            }
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }
    out
}
