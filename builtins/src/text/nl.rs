//! `nl`: number lines of files.
use super::number::{no_suffix, within};
use super::operands::{each_file, each_line};
use crate::prelude::*;
use crate::regex::{Flags, Regex, Syntax};

pub const NL: Command = Command {
    name: "nl",
    synopsis: "nl [OPTION]... [FILE]...",
    summary: "Write each FILE to standard output, with line numbers added.\n\nWith no FILE, or when FILE is -, read standard input.\n\nSTYLE is a (all lines), t (nonempty lines), n (none) or pBRE (lines that match BRE).\nFORMAT is ln (left), rn (right) or rz (right, with zeros).",
    options: &[
        value('b', "body-numbering", "STYLE", "use STYLE for numbering body lines"),
        value('d', "section-delimiter", "CC", "use CC for logical page delimiters"),
        value('f', "footer-numbering", "STYLE", "use STYLE for numbering footer lines"),
        value('h', "header-numbering", "STYLE", "use STYLE for numbering header lines"),
        value('i', "line-increment", "NUMBER", "line number increment at each line"),
        value('l', "join-blank-lines", "NUMBER", "group of NUMBER empty lines counted as one"),
        value('n', "number-format", "FORMAT", "insert line numbers according to FORMAT"),
        flag('p', "no-renumber", "do not reset line numbers for each section"),
        value('s', "number-separator", "STRING", "add STRING after (possible) line number"),
        value('v', "starting-line-number", "NUMBER", "first line number for each section"),
        value('w', "number-width", "NUMBER", "use NUMBER columns for line numbers"),
    ],
    examples: &[
        Example {
            about: "Lines with something in them.",
            script: "printf 'a\\n\\nb\\n' | nl -w2 -s') '",
            prints: " 1) a\n    \n 2) b\n",
        },
        Example {
            about: "Every line.",
            script: "printf 'a\\n\\nb\\n' | nl -ba -nrz -w3 -s' '",
            prints: "001 a\n002 \n003 b\n",
        },
    ],
    run: nl,
    ..Command::BASE
};

#[derive(Debug)]
enum Style {
    All,
    Nonempty,
    None,
    Matching(Box<Regex>),
}

#[derive(Clone, Copy)]
enum Format {
    Left,
    Right,
    Zeros,
}

/// Header, body, footer.
const HEADER: usize = 0;
const BODY: usize = 1;
const FOOTER: usize = 2;

struct Numbering {
    styles: [Style; 3],
    section: usize,
    delimiter: Vec<u8>,
    number: i64,
    /// The next number is too large to print.
    overflowed: bool,
    first: i64,
    increment: i64,
    resets: bool,
    join: i64,
    blanks: i64,
    format: Format,
    width: usize,
    separator: BString,
}

fn nl(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut numbering = numbering(ctx, args)?;
    each_file(ctx, args.operands(), |ctx, input| {
        each_line(ctx, input, b'\n', |ctx, line| numbering.line(ctx, line))
    })
}

fn numbering(ctx: &mut Context<'_>, args: &Args) -> Result<Numbering, CommandError> {
    let mut numbering = Numbering {
        styles: [Style::None, Style::Nonempty, Style::None],
        section: BODY,
        delimiter: b"\\:".to_vec(),
        number: 1,
        overflowed: false,
        first: 1,
        increment: 1,
        resets: true,
        join: 1,
        blanks: 0,
        format: Format::Right,
        width: 6,
        separator: BString::from("\t"),
    };
    let mut wrong = false;
    let any = i128::from(i64::MIN)..=i128::from(i64::MAX);
    let positive = 1..=i128::from(i64::MAX);
    let integer = |text: &[u8], what: &str, range: std::ops::RangeInclusive<i128>| {
        let number = within(text, &format!("invalid {what}"), range, no_suffix)?;
        Ok::<_, CommandError>(i64::try_from(number).unwrap_or(i64::MAX))
    };
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match given.opt.short {
            Some(letter @ ('h' | 'b' | 'f')) => {
                let (section, name) = match letter {
                    'h' => (HEADER, "header"),
                    'b' => (BODY, "body"),
                    _ => (FOOTER, "footer"),
                };
                match style(&text)? {
                    Some(style) => {
                        if let Some(slot) = numbering.styles.get_mut(section) {
                            *slot = style;
                        }
                    }
                    None => {
                        let shown = marked(&text);
                        ctx.complain(format!("invalid {name} numbering style: {shown}"))?;
                        wrong = true;
                    }
                }
            }
            Some('v') => numbering.first = integer(&text, "starting line number", any.clone())?,
            Some('i') => {
                numbering.increment = integer(&text, "line number increment", any.clone())?
            }
            Some('l') => {
                numbering.join = integer(&text, "line number of blank lines", positive.clone())?;
            }
            Some('w') => {
                let width = integer(&text, "line number field width", 1..=i128::from(i32::MAX))?;
                numbering.width = usize::try_from(width).unwrap_or(usize::MAX);
            }
            Some('n') => match &text[..] {
                b"ln" => numbering.format = Format::Left,
                b"rn" => numbering.format = Format::Right,
                b"rz" => numbering.format = Format::Zeros,
                _ => {
                    let shown = marked(&text);
                    ctx.complain(format!("invalid line numbering format: {shown}"))?;
                    wrong = true;
                }
            },
            Some('p') => numbering.resets = false,
            Some('s') => numbering.separator = text,
            Some('d') => {
                numbering.delimiter = text.to_vec();
                if text.len() == 1 {
                    numbering.delimiter.push(b':');
                }
            }
            _ => {}
        }
    }
    if wrong {
        return Err(usage(""));
    }
    numbering.number = numbering.first;
    Ok(numbering)
}

fn style(text: &[u8]) -> Result<Option<Style>, CommandError> {
    Ok(match text.split_first() {
        Some((b'a', _)) => Some(Style::All),
        Some((b't', _)) => Some(Style::Nonempty),
        Some((b'n', _)) => Some(Style::None),
        Some((b'p', pattern)) => {
            let regex = Regex::new(pattern, &Syntax::BASIC, Flags::default());
            Some(Style::Matching(Box::new(regex.map_err(|error| failure(error.to_string()))?)))
        }
        _ => None,
    })
}

impl Numbering {
    fn line(&mut self, ctx: &mut Context<'_>, line: &[u8]) -> Result<(), CommandError> {
        if let Some(section) = self.section_of(line) {
            self.section = section;
            if self.resets {
                self.number = self.first;
                self.overflowed = false;
            }
            return Ok(ctx.stdout.put(b"\n")?);
        }
        let numbered = match self.styles.get(self.section) {
            Some(Style::All) if self.join > 1 && line.is_empty() => {
                self.blanks += 1;
                self.blanks == self.join
            }
            Some(Style::All) => true,
            Some(Style::Nonempty) => !line.is_empty(),
            Some(Style::Matching(regex)) => regex.is_match(line, &ctx.cancel)?,
            _ => false,
        };
        if numbered {
            self.blanks = 0;
            self.print_number(ctx)?;
        } else {
            let width = self.width.saturating_add(self.separator.len());
            blank(ctx, width)?;
        }
        ctx.stdout.put(line)?;
        Ok(ctx.stdout.put(b"\n")?)
    }

    /// Which section a line of delimiters begins.
    fn section_of(&self, line: &[u8]) -> Option<usize> {
        let size = self.delimiter.len();
        if size == 0 || !line.len().is_multiple_of(size) {
            return None;
        }
        let section = match line.len() / size {
            1 => FOOTER,
            2 => BODY,
            3 => HEADER,
            _ => return None,
        };
        line.chunks(size).all(|piece| piece == self.delimiter).then_some(section)
    }

    fn print_number(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if self.overflowed {
            ctx.stdout.flush()?;
            return Err(failure("line number overflow"));
        }
        let digits = self.number.to_string();
        let missing = self.width.saturating_sub(digits.len());
        match self.format {
            Format::Left => {
                ctx.stdout.put(digits.as_bytes())?;
                blank(ctx, missing)?;
            }
            Format::Right => {
                blank(ctx, missing)?;
                ctx.stdout.put(digits.as_bytes())?;
            }
            Format::Zeros => {
                let unsigned = digits.strip_prefix('-');
                ctx.stdout.put(if unsigned.is_some() { b"-" } else { b"" })?;
                for _ in 0..missing {
                    ctx.stdout.put(b"0")?;
                }
                ctx.stdout.put(unsigned.unwrap_or(&digits).as_bytes())?;
            }
        }
        let (next, overflowed) = self.number.overflowing_add(self.increment);
        (self.number, self.overflowed) = (next, overflowed);
        Ok(ctx.stdout.put(&self.separator)?)
    }
}

fn blank(ctx: &mut Context<'_>, count: usize) -> Result<(), CommandError> {
    const SPACES: [u8; 64] = [b' '; 64];
    let mut left = count;
    while left > 0 {
        let now = left.min(SPACES.len());
        ctx.stdout.put(SPACES.get(..now).unwrap_or_default())?;
        left -= now;
    }
    Ok(())
}
