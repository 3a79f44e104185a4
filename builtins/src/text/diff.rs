//! `diff`: compare files line by line.

mod columns;
mod formats;
mod hunks;
mod lines;
pub(super) mod three;
mod tree;
mod write;

use formats::{Formats, OPTIONS};
use lines::Rules;
use write::{Looks, Style};

use super::operands::parse;
use crate::args::choice::{When, choose};
use crate::prelude::*;
use crate::regex::{Flags, Regex, Syntax};

pub const DIFF: Command = Command {
    name: "diff",
    synopsis: "diff [OPTION]... FILES",
    summary: "Compare FILES line by line.\n\nFILES are 'FILE1 FILE2' or 'DIR1 DIR2' or 'DIR FILE' or 'FILE DIR'.\nIf a FILE is '-', read standard input.\nExit status is 0 if inputs are the same, 1 if different, 2 if trouble.",
    options: &[
        long("normal", "output a normal diff (the default)"),
        flag('q', "brief", "report only when files differ"),
        flag('s', "report-identical-files", "report when two files are the same"),
        short('c', "output 3 lines of copied context"),
        short('C', "output NUM lines of copied context").takes(Takes::Value("NUM")),
        long("context", "output NUM (default 3) lines of copied context")
            .takes(Takes::Optional("NUM")),
        short('u', "output 3 lines of unified context"),
        short('U', "output NUM lines of unified context").takes(Takes::Value("NUM")),
        long("unified", "output NUM (default 3) lines of unified context")
            .takes(Takes::Optional("NUM")),
        flag('e', "ed", "output an ed script"),
        flag('y', "side-by-side", "output in two columns"),
        value('W', "width", "NUM", "output at most NUM (default 130) print columns"),
        long("suppress-common-lines", "do not output common lines"),
        long("left-column", "output only the left column of common lines"),
        long("label", "use LABEL instead of file name and timestamp").takes(Takes::Value("LABEL")),
        short('L', "the same as --label").takes(Takes::Value("LABEL")),
        flag('r', "recursive", "recursively compare any subdirectories found"),
        long("no-dereference", "don't follow symbolic links"),
        flag('N', "new-file", "treat absent files as empty"),
        long("unidirectional-new-file", "treat absent first files as empty"),
        value('x', "exclude", "PAT", "exclude files that match PAT"),
        flag('i', "ignore-case", "ignore case differences in file contents"),
        flag('E', "ignore-tab-expansion", "ignore changes due to tab expansion"),
        flag('Z', "ignore-trailing-space", "ignore white space at line end"),
        flag('b', "ignore-space-change", "ignore changes in the amount of white space"),
        flag('w', "ignore-all-space", "ignore all white space"),
        flag('B', "ignore-blank-lines", "ignore changes where lines are all blank"),
        flag('a', "text", "treat all files as text"),
        long("strip-trailing-cr", "strip trailing carriage return on input"),
        flag('t', "expand-tabs", "expand tabs to spaces in output"),
        flag('T', "initial-tab", "make tabs line up by prepending a tab"),
        long("tabsize", "tab stops every NUM (default 8) print columns").takes(Takes::Value("NUM")),
        long("suppress-blank-empty", "suppress space or tab before empty output lines"),
        flag('n', "rcs", "output an RCS format diff"),
        flag('p', "show-c-function", "show which C function each change is in"),
        value('F', "show-function-line", "RE", "show the most recent line matching RE"),
        value('I', "ignore-matching-lines", "RE", "ignore changes where all lines match RE"),
        value('D', "ifdef", "NAME", "output merged file with '#ifdef NAME' diffs"),
        OPTIONS[0],
        OPTIONS[1],
        OPTIONS[2],
        OPTIONS[3],
        OPTIONS[4],
        OPTIONS[5],
        OPTIONS[6],
        OPTIONS[7],
        value('X', "exclude-from", "FILE", "exclude files that match any pattern in FILE"),
        long("no-ignore-file-name-case", "(accepted: names differ by case)"),
        short('v', "the same as --version"),
        value('S', "starting-file", "FILE", "start with FILE when comparing directories"),
        long("from-file", "compare FILE1 to all operands; FILE1 can be a directory")
            .takes(Takes::Value("FILE1")),
        long("to-file", "compare all operands to FILE2; FILE2 can be a directory")
            .takes(Takes::Value("FILE2")),
        flag('H', "speed-large-files", "(ignored: all files are fast)"),
        long("horizon-lines", "(ignored)").takes(Takes::Value("NUM")),
        flag('d', "minimal", "try hard to find a smaller set of changes (always so)"),
        long("color", "color output; WHEN is 'never', 'always', or 'auto'")
            .takes(Takes::Optional("WHEN")),
    ],
    examples: &[Example {
        about: "What changed.",
        script: "printf 'a\\nb\\n' > one; printf 'a\\nc\\n' | diff one -",
        prints: "2c2\n< b\n---\n> c\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: diff,
    ..Command::BASE
};

/// What a comparison came to: the highest wins.
const SAME: u8 = 0;
const DIFFERENT: u8 = 1;
const TROUBLE: u8 = 2;

/// How `diff` was called.
struct Call<'a> {
    rules: Rules,
    style: Style,
    brief: bool,
    report_same: bool,
    recursive: bool,
    new_file: bool,
    /// Absent first files are empty.
    new_first: bool,
    labels: Vec<&'a BStr>,
    excluded: Vec<crate::pattern::Pattern>,
    /// The options as typed, for the headings of `-r`.
    options: Vec<u8>,
    zone: jiff::tz::TimeZone,
    looks: Looks,
    no_dereference: bool,
    /// A line of a function, and lines that don't count.
    function: Option<Regex>,
    ignored: Option<Regex>,
    define: Option<BString>,
    formats: Option<Formats>,
    /// The locale has times of its own, not those of C.
    local_times: bool,
    start: Option<BString>,
}

fn diff(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let typed = &modern(args.operands());
    let Some(args) = parse(ctx, &DIFF, typed)? else { return Ok(ExitStatus::SUCCESS) };
    if args.has('v') {
        ctx.stdout.put(crate::args::version_text(&DIFF).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let fixed = (args.value("from-file"), args.value("to-file"));
    if let (Some(_), None) | (None, Some(_)) = fixed {
        return each(ctx, &args, typed, fixed);
    }
    if fixed.0.is_some() {
        return Err(misuse("--from-file and --to-file both specified"));
    }
    let [one, two] = match args.operands() {
        [one, two] => [one, two],
        [] => return Err(misuse("missing operand after 'diff'")),
        [only] => return Err(misuse(&format!("missing operand after {}", quoted(only)))),
        [_, _, extra, ..] => return Err(misuse(&format!("extra operand {}", quoted(extra)))),
    };
    let mut call = call(ctx, &args)?;
    for option in typed.iter().filter(|arg| *arg != one && *arg != two) {
        call.options.push(b' ');
        call.options.extend_from_slice(option);
    }
    let status = tree::compare(ctx, &call, one, two)?;
    Ok(ExitStatus(status))
}

/// `-NUM` of old is so many lines of context, where there is context; `-uNUM` has it.
fn modern(typed: &[BString]) -> Vec<BString> {
    let unified = |arg: &BString| arg == "-u" || arg == "--unified";
    let letter = if typed.iter().any(unified) { "-U" } else { "-C" };
    let context = typed.iter().any(|arg| unified(arg) || arg == "-c" || arg == "--context");
    let number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let rewritten = |arg: &BString| -> Option<BString> {
        match arg.as_bytes() {
            [b'-', b'u', digits @ ..] if number(digits) => Some([b"-U", digits].concat().into()),
            [b'-', b'c', digits @ ..] if number(digits) => Some([b"-C", digits].concat().into()),
            [b'-', digits @ ..] if number(digits) => {
                context.then(|| [letter.as_bytes(), digits].concat().into())
            }
            _ => Some(arg.clone()),
        }
    };
    typed.iter().filter_map(rewritten).collect()
}

/// Whether a locale other than C's is set for times.
fn local_times(ctx: &Context<'_>) -> bool {
    let set = |name: &str| ctx.var(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_TIME")).or_else(|| set("LANG"));
    locale.is_some_and(|name| name != "C" && name != "POSIX")
}

/// `--from-file` and `--to-file`: one file beside each operand.
fn each(
    ctx: &mut Context<'_>,
    args: &Args,
    typed: &[BString],
    fixed: (Option<&BStr>, Option<&BStr>),
) -> CommandResult {
    let mut call = call(ctx, args)?;
    let operands = args.operands();
    for option in typed.iter().filter(|arg| !operands.contains(arg)) {
        call.options.push(b' ');
        call.options.extend_from_slice(option);
    }
    let mut status = SAME;
    for operand in operands {
        let (one, two) = match fixed {
            (Some(from), _) => (from.to_owned(), operand.clone()),
            (_, to) => (operand.clone(), to.unwrap_or_default().to_owned()),
        };
        status = status.max(tree::compare(ctx, &call, &one, &two)?);
    }
    Ok(ExitStatus(status))
}

/// The pattern of `-F` or `-I`; several are alternatives.
fn pattern(args: &Args, key: char) -> Result<Option<Regex>, CommandError> {
    let patterns: Vec<&[u8]> = args.values(key).map(|text| text.as_bytes()).collect();
    if patterns.is_empty() {
        return Ok(None);
    }
    let regex = Regex::any_of(&patterns, &Syntax::GREP, Flags::default());
    regex.map(Some).map_err(|error| {
        let text = BString::from(bstr::join("\n", &patterns));
        CommandError::Fail(format!("{text}: {error}").into_bytes(), ExitStatus(2))
    })
}

/// Wrong usage; the hint has the command's name too.
fn misuse(message: &str) -> CommandError {
    let message = format!("{message}\ndiff: Try 'diff --help' for more information.");
    CommandError::Fail(message.into_bytes(), ExitStatus(2))
}

fn call<'a>(ctx: &Context<'_>, args: &'a Args) -> Result<Call<'a>, CommandError> {
    let number = |text: Option<&BStr>| match text {
        None => Ok(3),
        Some(text) => text
            .to_str()
            .ok()
            .and_then(|text| text.parse::<usize>().ok())
            .ok_or_else(|| misuse(&format!("invalid context length {}", quoted(text)))),
    };
    let mut style = Style::Normal;
    for given in args.given() {
        let value = given.value.as_ref().map(|value| value.as_bstr());
        style = match (given.opt.short, given.opt.long) {
            (Some('c'), _) => Style::Context(3),
            (Some('C'), _) | (_, Some("context")) => Style::Context(number(value)?),
            (Some('u'), _) => Style::Unified(3),
            (Some('U'), _) | (_, Some("unified")) => Style::Unified(number(value)?),
            (Some('e'), _) => Style::Ed,
            (Some('n'), _) => Style::Rcs,
            (Some('p' | 'F'), _) if style == Style::Normal => Style::Context(3),
            (Some('y'), _) => Style::SideBySide {
                width: args
                    .value('W')
                    .and_then(|text| text.to_str().ok()?.parse().ok())
                    .unwrap_or(130),
                common: !args.has("suppress-common-lines"),
                left_only: args.has("left-column"),
            },
            (_, Some("normal")) => Style::Normal,
            _ => continue,
        };
    }
    let mut excluded = Vec::new();
    for pattern in args.values('x') {
        excluded.push(tree::exclusion(pattern));
    }
    for file in args.values('X') {
        let read = ctx.open(file).and_then(|mut input| input.rest());
        let text = read.map_err(|error| {
            CommandError::Fail(format!("{file}: {error}").into_bytes(), ExitStatus(2))
        })?;
        let lines = text.lines().filter(|line| !line.is_empty());
        excluded.extend(lines.map(|line| tree::exclusion(line.as_bstr())));
    }
    let when = match args.given().iter().rev().find(|given| given.opt.long == Some("color")) {
        None => When::Never,
        Some(given) => match &given.value {
            None => When::Auto,
            Some(text) => choose("--color", text, crate::args::choice::WHEN)
                .map_err(|_| misuse(&format!("invalid color {}", quoted(text))))?,
        },
    };
    let tab = args.value("tabsize").map(|text| {
        let number = text.to_str().ok().and_then(|text| text.parse::<usize>().ok());
        number
            .filter(|number| *number > 0)
            .ok_or_else(|| misuse(&format!("invalid tabsize {}", quoted(text))))
    });
    let function = match pattern(args, 'F')? {
        None if args.has('p') => {
            Regex::new(b"^[[:alpha:]$_]", &Syntax::GREP, Flags::default()).ok()
        }
        regex => regex,
    };
    let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
    Ok(Call {
        rules: Rules {
            ignore_case: args.has('i'),
            all_space: args.has('w'),
            space_change: args.has('b'),
            trailing_space: args.has('Z') || args.has('b'),
            tabs: args.has('E'),
            blank_lines: args.has('B'),
            strip_return: args.has("strip-trailing-cr"),
            text: args.has('a'),
        },
        style,
        brief: args.has('q'),
        report_same: args.has('s'),
        recursive: args.has('r'),
        new_file: args.has('N'),
        new_first: args.has('N') || args.has("unidirectional-new-file"),
        labels: args
            .given()
            .iter()
            .filter(|given| given.opt.long == Some("label") || given.opt.short == Some('L'))
            .filter_map(|given| given.value.as_ref().map(|value| value.as_bstr()))
            .collect(),
        excluded,
        options: Vec::new(),
        zone: crate::core::strftime::zone(tz.as_deref()),
        looks: Looks {
            expand: args.has('t'),
            tab: tab.transpose()?.unwrap_or(8),
            initial_tab: args.has('T'),
            color: match when {
                When::Always => true,
                When::Never => false,
                When::Auto => ctx.stdout.is_terminal() && ctx.var("NO_COLOR").is_none(),
            },
            blank_empty: args.has("suppress-blank-empty"),
        },
        no_dereference: args.has("no-dereference"),
        function,
        ignored: pattern(args, 'I')?,
        define: args.value('D').map(BString::from),
        formats: Formats::read(args),
        local_times: local_times(ctx),
        start: args.value('S').map(BString::from),
    })
}
