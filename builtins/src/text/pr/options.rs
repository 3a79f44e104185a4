//! What the arguments of `pr` ask for.

use crate::core::strftime::zone;
use crate::prelude::*;
use crate::text::number::{no_suffix, within};
use crate::text::operands::parse;
use jiff::tz::TimeZone;

use super::PR;

/// Tab stops of the input or of the output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tabs {
    pub letter: u8,
    pub width: usize,
}

impl Tabs {
    const USUAL: Self = Self { letter: b'\t', width: 8 };

    /// The stop after `column`.
    pub fn after(self, column: usize) -> usize {
        column + self.width - column % self.width
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub separator: u8,
    pub digits: usize,
    /// Of the number with its separator.
    pub width: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    None,
    /// `^G`, and octal for bytes beyond ASCII.
    Hats,
    Octal,
}

#[derive(Debug)]
pub(super) struct Style {
    pub columns: usize,
    pub across: bool,
    pub merge: bool,
    pub double: bool,
    pub expand: Option<Tabs>,
    pub tabify: Option<Tabs>,
    pub form_feed: bool,
    pub header: Option<BString>,
    pub date_format: BString,
    pub zone: TimeZone,
    /// Lines of text on a page.
    pub body: usize,
    /// Headers and trailers are printed.
    pub extremities: bool,
    /// Form feeds of the input end pages.
    pub feeds: bool,
    pub numbers: Option<Numbers>,
    pub first_number: Option<i64>,
    pub margin: usize,
    pub separator: Vec<u8>,
    /// Columns begin where they should, however long the text before.
    pub aligned: bool,
    pub truncate: bool,
    pub page_width: usize,
    pub escapes: Escapes,
    pub first_page: u64,
    pub last_page: Option<u64>,
    pub warns: bool,
}

impl Style {
    /// The width of one of `columns` columns, its numbers included.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn column_width(&self, columns: usize) -> Result<usize, CommandError> {
        let numbers = self.numbers.filter(|_| self.merge).map_or(0, |numbers| numbers.width);
        let separators = self.separator.len().saturating_mul(columns.saturating_sub(1));
        let left = self.page_width.saturating_sub(numbers.saturating_add(separators));
        match left / columns.max(1) {
            0 => Err(failure("page width too narrow")),
            width => Ok(width),
        }
    }
}

const INT_MAX: i128 = i32::MAX as i128;

/// Wider than any page: what is asked to be wider is cut down to it.
const WIDTH_MAX: usize = 1 << 16;

/// Reads the arguments. `None` after `--help` or `--version`.
pub(super) fn read(
    ctx: &mut Context<'_>,
    argv: &[BString],
) -> Result<Option<(Style, Vec<BString>)>, CommandError> {
    let (modern, pages) = modern(argv)?;
    let Some(args) = parse(ctx, &PR, &modern)? else { return Ok(None) };
    let mut pages = pages;
    if let Some(text) = args.values("pages").last() {
        let range = page_range(text, "--pages argument")?;
        pages = Some(range.ok_or_else(|| failure(format!("invalid page range {}", marked(text))))?);
    }
    let columns = match args.value("columns") {
        Some(text) => Some(size(text, "invalid number of columns", 1)?),
        None => None,
    };
    let (across, merge) = (args.has('a'), args.has('m'));
    let length = match args.value('l') {
        Some(text) => size(text, "'-l PAGE_LENGTH' invalid number of lines", 1)?,
        None => 66,
    };
    let width = |letter: char| {
        let fault = format!("'-{letter} PAGE_WIDTH' invalid number of characters");
        args.value(letter).map(|text| size(text, &fault, 1)).transpose()
    };
    let (narrow, always) = (width('w')?, width('W')?);
    let margin = match args.value('o') {
        Some(text) => size(text, "'-o MARGIN' invalid line offset", 0)?,
        None => 0,
    };
    let first_number = match args.value('N') {
        Some(text) => {
            let range = -INT_MAX - 1..=INT_MAX;
            let number =
                within(text, "'-N NUMBER' invalid starting line number", range, no_suffix)?;
            Some(i64::try_from(number).unwrap_or(0))
        }
        None => None,
    };
    let expand = tabs(&args, 'e')?;
    let tabify = tabs(&args, 'i')?;
    let numbers = numbers(&args)?;
    if merge && columns.is_some() {
        return Err(failure("cannot specify number of columns when printing in parallel"));
    }
    if across && merge {
        return Err(failure("cannot specify both printing across and printing in parallel"));
    }
    let several = merge || columns.is_some_and(|columns| columns > 1);
    let set_width = narrow.is_some() || always.is_some();
    let join = args.has('J');
    let old = args.given().iter().rev().find(|given| given.opt.short == Some('s'));
    let (mut aligned, mut truncate) = (!join, !join && (several || always.is_some()));
    let mut separator = if join { b"\t".to_vec() } else { b" ".to_vec() };
    if let Some(old) = old {
        separator = match &old.value {
            Some(text) => text.to_vec(),
            None if set_width && !join => Vec::new(),
            None => b"\t".to_vec(),
        };
        if !set_width {
            (aligned, truncate) = (false, false);
        }
    }
    if let Some(given) = args.given().iter().rev().find(|given| given.opt.short == Some('S')) {
        separator = given.value.clone().unwrap_or_default().into();
    }
    if !several {
        separator.clear();
    }
    let paged = !args.has('t') && !args.has('T');
    let extremities = paged && length > 10;
    let body = if extremities { length - 10 } else { length };
    let body = if args.has('d') { (body / 2).max(1) } else { body };
    let (first_page, last_page) = pages.unwrap_or((1, None));
    let style = Style {
        columns: columns.unwrap_or(1),
        across: across && columns.is_some_and(|columns| columns > 1),
        merge,
        double: args.has('d'),
        // Lines that are joined keep their tabs.
        expand: expand.or((several && !join).then_some(Tabs::USUAL)),
        tabify: tabify.or(several.then_some(Tabs::USUAL)),
        form_feed: args.has('F') || args.has('f'),
        header: args.value('h').map(BString::from),
        date_format: args.value('D').unwrap_or("%Y-%m-%d %H:%M".into()).into(),
        zone: zone(ctx.var("TZ").map(|zone| zone.as_bytes())),
        body,
        extremities,
        feeds: !args.has('T'),
        numbers,
        first_number,
        margin: margin.min(WIDTH_MAX),
        separator,
        aligned,
        truncate,
        page_width: always.or(narrow).unwrap_or(72).min(WIDTH_MAX),
        escapes: match (args.has('v'), args.has('c')) {
            (true, _) => Escapes::Octal,
            (_, true) => Escapes::Hats,
            _ => Escapes::None,
        },
        first_page,
        last_page,
        warns: !args.has('r'),
    };
    Ok(Some((style, args.operands().to_vec())))
}

fn size(text: &[u8], fault: &str, least: i128) -> Result<usize, CommandError> {
    let number = within(text, fault, least..=INT_MAX, no_suffix)?;
    Ok(usize::try_from(number).unwrap_or(0))
}

type Pages = (u64, Option<u64>);

/// Turns `-3` into `--columns=3`, and takes `+2:5` out.
fn modern(argv: &[BString]) -> Result<(Vec<BString>, Option<Pages>), CommandError> {
    const TAKING: &[u8] = b"DhlNowW";
    const MAYBE: &[u8] = b"einsS";
    let mut modern = Vec::with_capacity(argv.len());
    let mut pages = None;
    // Digits of options that follow each other make one number.
    let mut digits = Vec::new();
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            modern.push(word.clone());
            break;
        }
        if let Some(range) = word.strip_prefix(b"+") {
            match page_range(range, "+ argument")? {
                Some(range) if pages.is_none() => pages = Some(range),
                _ => modern.push(word.clone()),
            }
            continue;
        }
        let letters = match word.strip_prefix(b"-") {
            Some(letters) if !letters.is_empty() && !letters.starts_with(b"-") => letters,
            _ => {
                modern.push(word.clone());
                continue;
            }
        };
        for (at, &letter) in letters.iter().enumerate() {
            if letter.is_ascii_digit() {
                if digits.is_empty() || modern.last().is_none_or(|last| !is_columns(last)) {
                    digits.clear();
                } else {
                    modern.pop();
                }
                digits.push(letter);
                modern.push([b"--columns=", &digits[..]].concat().into());
                continue;
            }
            if TAKING.contains(&letter) || MAYBE.contains(&letter) {
                let rest = letters.get(at..).unwrap_or_default();
                modern.push([b"-", rest].concat().into());
                if rest.len() == 1 && TAKING.contains(&letter) {
                    modern.extend(words.next().cloned());
                }
                break;
            }
            modern.push(vec![b'-', letter].into());
        }
    }
    modern.extend(words.cloned());
    Ok((modern, pages))
}

fn is_columns(word: &BString) -> bool {
    word.starts_with(b"--columns=")
}

/// `FIRST[:LAST]`; `None` for a range that holds no page.
fn page_range(text: &[u8], what: &str) -> Result<Option<Pages>, CommandError> {
    let refused = || failure(format!("invalid {what} {}", quoted(text)));
    let number = |text: &[u8]| {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        digits.then(|| text.to_str().ok()?.parse::<u64>().ok()).flatten().ok_or_else(refused)
    };
    let mut halves = text.splitn(2, |&byte| byte == b':');
    let first = number(halves.next().unwrap_or_default())?;
    let last = halves.next().map(number).transpose()?;
    let holds = first > 0 && last.is_none_or(|last| last >= first);
    Ok(holds.then_some((first, last)))
}

/// The letter and number of `-e`, `-i` and `-n`.
fn letter_and_number(
    args: &Args,
    letter: char,
    usual: (u8, usize),
) -> Result<Option<(u8, usize)>, CommandError> {
    let mut result = None;
    for given in args.given().iter().filter(|given| given.opt.short == Some(letter)) {
        let mut now = usual;
        let text: &[u8] = given.value.as_ref().map_or(b"", |text| text);
        let mut rest = text;
        if let Some((&first, after)) = text.split_first()
            && !first.is_ascii_digit()
        {
            now.0 = first;
            rest = after;
        }
        if !rest.is_empty() {
            let number = rest.to_str().ok().and_then(|text| text.parse::<i32>().ok());
            match number.and_then(|number| usize::try_from(number).ok()).filter(|n| *n > 0) {
                Some(number) => now.1 = number.min(WIDTH_MAX),
                None => {
                    return Err(usage(format!(
                        "'-{letter}' extra characters or invalid number in the argument: {}",
                        marked(rest)
                    )));
                }
            }
        }
        result = Some(now);
    }
    Ok(result)
}

fn tabs(args: &Args, letter: char) -> Result<Option<Tabs>, CommandError> {
    let read = letter_and_number(args, letter, (b'\t', 8))?;
    Ok(read.map(|(letter, width)| Tabs { letter, width }))
}

fn numbers(args: &Args) -> Result<Option<Numbers>, CommandError> {
    let read = letter_and_number(args, 'n', (b'\t', 5))?;
    Ok(read.map(|(separator, digits)| {
        let width = if separator == b'\t' { 8 - digits % 8 } else { 1 };
        Numbers { separator, digits, width: digits.saturating_add(width) }
    }))
}
