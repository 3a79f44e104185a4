//! `strings`: display printable strings in files.
use super::number::{integer, no_suffix};
use super::operands::{Each, each_chunk, with_input};
use crate::args::{Parsed, help_text, version_text};
use crate::prelude::*;

pub const STRINGS: Command = Command {
    name: "strings",
    synopsis: "strings [option(s)] [file(s)]",
    summary: "Display printable strings in [file(s)] (stdin by default).",
    options: &[
        flag('a', "all", "scan the entire file, not just the data section (always)"),
        flag('d', "data", "(ignored)"),
        flag('f', "print-file-name", "print the name of the file before each string"),
        value(
            'n',
            "bytes",
            "NUMBER",
            "print any sequence of at least NUMBER displayable characters; the default is 4",
        ),
        value(
            't',
            "radix",
            "RADIX",
            "print the location of the string in base 8, 10 or 16 (o, d, x)",
        ),
        flag('w', "include-all-whitespace", "include all whitespace as valid string characters"),
        short('o', "an alias for --radix=o"),
        value('T', "target", "BFDNAME", "(ignored)"),
        value(
            'e',
            "encoding",
            "SIZE",
            "character size and endianness: s = 7-bit, S = 8-bit, {b,l} = 16-bit, {B,L} = 32-bit",
        ),
        value(
            'U',
            "unicode",
            "HOW",
            "how to treat UTF-8 encoded characters: default, locale, invalid, hex, escape, highlight",
        ),
        value('s', "output-separator", "STRING", "string used to separate strings in output"),
        flag('h', "help", ""),
        flag('v', "version", ""),
        short('V', ""),
    ],
    examples: &[Example {
        about: "What can be read in a file.",
        script: "printf 'ab\\0hello\\0\\001world\\377' | strings",
        prints: "hello\nworld\n",
    }],
    order: Order::Raw,
    run: strings,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unicode {
    Default,
    Locale,
    Invalid,
    Hex,
    Escape,
    Highlight,
}

#[derive(Debug)]
struct Rules {
    least: usize,
    radix: Option<u8>,
    names: bool,
    whitespace: bool,
    eight_bits: bool,
    /// Bytes of a character, and whether the first is the highest.
    width: usize,
    big: bool,
    unicode: Unicode,
    separator: BString,
}

fn strings(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let table = Command { order: Order::Permute, ..STRINGS };
    let argv = modern(args.operands());
    let args = match Args::parse(&table, &argv) {
        Ok(Parsed::Run(args)) if args.has('v') || args.has('V') => {
            ctx.stdout.put(version_text(&STRINGS).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Ok(Parsed::Run(args)) if !args.has('h') => args,
        Ok(_) => {
            ctx.stdout.put(help_text(&STRINGS).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Err(message) => {
            ctx.complain(message)?;
            return misuse(ctx);
        }
    };
    let Some(rules) = rules(&args)? else { return misuse(ctx) };
    if args.operands().iter().any(|operand| operand == "-") {
        return misuse(ctx);
    }
    let standard = [BString::from("-")];
    let operands = if args.operands().is_empty() { &standard[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let stat = match operand == "-" {
            true => None,
            false => ctx.path(operand).and_then(|path| ctx.fs.metadata(&path)).ok(),
        };
        if stat.is_some_and(|stat| stat.kind == FileKind::Directory) {
            ctx.stdout.flush()?;
            ctx.complain(format!("Warning: '{operand}' is a directory"))?;
            status = ExitStatus::FAILURE;
            continue;
        }
        let shown = match &operand[..] {
            b"-" => BString::from("{standard input}"),
            _ => operand.clone(),
        };
        let done =
            with_input(ctx, operand.as_bstr(), |ctx, input| scan(ctx, input, &rules, &shown))?;
        let message = match done {
            Ok(None) => continue,
            Err(error) if error.errno() == Errno::NoEnt => format!("'{operand}': No such file"),
            Ok(Some(error)) | Err(error) => format!("{operand}: {error}"),
        };
        ctx.stdout.flush()?;
        ctx.complain(message)?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}

/// The synopsis on standard error.
fn misuse(ctx: &mut Context<'_>) -> CommandResult {
    ctx.stderr.put(help_text(&STRINGS).as_bytes())?;
    Ok(ExitStatus::FAILURE)
}

/// Obsolete `-10` is `-n 10`.
fn modern(argv: &[BString]) -> Vec<BString> {
    let mut ended = false;
    argv.iter()
        .map(|word| {
            ended |= word == "--";
            match word.strip_prefix(b"-") {
                Some(digits) if !ended && digits.first().is_some_and(u8::is_ascii_digit) => {
                    [b"-n", digits].concat().into()
                }
                _ => word.clone(),
            }
        })
        .collect()
}

/// `None`: wrong usage.
fn rules(args: &Args) -> Result<Option<Rules>, CommandError> {
    let mut rules = Rules {
        least: 4,
        radix: None,
        names: args.has('f'),
        whitespace: args.has('w'),
        eight_bits: false,
        width: 1,
        big: false,
        unicode: Unicode::Default,
        separator: args.value('s').map_or_else(|| "\n".into(), BString::from),
    };
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match given.opt.short {
            Some('n') => {
                let least = integer(&text, no_suffix);
                let least =
                    least.map_err(|_| failure(format!("invalid integer argument {text}")))?;
                if least == 0 {
                    return Err(failure("invalid minimum string length 0"));
                }
                rules.least = usize::try_from(least).unwrap_or(usize::MAX);
            }
            Some('o') => rules.radix = Some(b'o'),
            Some('t') => match &text[..] {
                [radix @ (b'o' | b'd' | b'x')] => rules.radix = Some(*radix),
                _ => return Ok(None),
            },
            Some('e') => {
                (rules.width, rules.big) = match &text[..] {
                    b"s" | b"S" => (1, false),
                    b"b" => (2, true),
                    b"l" => (2, false),
                    b"B" => (4, true),
                    b"L" => (4, false),
                    _ => return Ok(None),
                };
                rules.eight_bits = text == "S";
            }
            Some('U') => {
                rules.unicode = match &text[..] {
                    b"default" | b"d" => Unicode::Default,
                    b"locale" | b"l" => Unicode::Locale,
                    b"invalid" | b"i" => Unicode::Invalid,
                    b"hex" | b"x" => Unicode::Hex,
                    b"escape" | b"e" => Unicode::Escape,
                    b"highlight" | b"h" => Unicode::Highlight,
                    _ => {
                        return Err(failure(format!("invalid argument to -U/--unicode: {text}")));
                    }
                };
            }
            _ => {}
        }
    }
    Ok(Some(rules))
}

/// A run of characters that may become a string.
struct Run<'a> {
    rules: &'a Rules,
    name: &'a BStr,
    at: u64,
    count: usize,
    text: Vec<u8>,
    /// It is long enough and is being written.
    shown: bool,
}

fn scan(ctx: &mut Context<'_>, input: &mut Input, rules: &Rules, name: &BString) -> Each {
    let name = name.as_bstr();
    let mut run = Run { rules, name, at: 0, count: 0, text: Vec::new(), shown: false };
    let mut held: Vec<u8> = Vec::new();
    let mut at = 0u64;
    let read = each_chunk(ctx, input, |ctx, chunk| {
        held.extend_from_slice(&chunk);
        let taken = run.feed(ctx, &held, at, false)?;
        held.drain(..taken);
        at += taken as u64;
        Ok(())
    })?;
    run.feed(ctx, &held, at, true)?;
    run.end(ctx)?;
    Ok(read)
}

impl Run<'_> {
    /// Takes the characters of `data`, which starts at `start`; how many bytes. What may be the
    /// beginning of a character is left unless it is the `last` piece.
    fn feed(
        &mut self,
        ctx: &mut Context<'_>,
        data: &[u8],
        start: u64,
        last: bool,
    ) -> Result<usize, CommandError> {
        let mut taken = 0;
        while let Some(rest) = data.get(taken..).filter(|rest| !rest.is_empty()) {
            if !last && rest.len() < 4 {
                break;
            }
            let (used, shown) = self.character(rest);
            match shown {
                Some(text) => {
                    if self.count == 0 {
                        self.at = start + taken as u64;
                    }
                    self.count += 1;
                    self.text.extend_from_slice(&text);
                    if self.count >= self.rules.least {
                        self.show(ctx)?;
                    }
                }
                None => self.end(ctx)?,
            }
            taken += used;
        }
        Ok(taken)
    }

    /// The character that `rest` begins with: how many bytes it takes, and how it is shown.
    fn character(&self, rest: &[u8]) -> (usize, Option<Vec<u8>>) {
        let rules = self.rules;
        if rules.width > 1 {
            let Some(unit) = rest.get(..rules.width) else { return (rest.len(), None) };
            let fold = |code: u32, byte: &u8| code << 8 | u32::from(*byte);
            let code = match rules.big {
                true => unit.iter().fold(0, fold),
                false => unit.iter().rev().fold(0, fold),
            };
            let graphic = u8::try_from(code).ok().filter(|&byte| self.is_graphic(byte));
            return match graphic {
                Some(byte) => (rules.width, Some(vec![byte])),
                // The next character may begin at any byte.
                None => (1, None),
            };
        }
        let byte = rest.first().copied().unwrap_or(0);
        if byte >= 0x80 && !matches!(rules.unicode, Unicode::Default | Unicode::Invalid) {
            let (letter, size) = bstr::decode_utf8(rest);
            if let Some(letter) = letter {
                let bytes = rest.get(..size).unwrap_or_default();
                return (size, Some(rules.unicode.show(letter, bytes)));
            }
        }
        (1, self.is_graphic(byte).then(|| vec![byte]))
    }

    fn is_graphic(&self, byte: u8) -> bool {
        match byte {
            b' '..=b'~' | b'\t' => true,
            0x80.. => self.rules.eight_bits,
            b'\n' | 11..=13 => self.rules.whitespace,
            _ => false,
        }
    }

    fn show(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if !std::mem::replace(&mut self.shown, true) {
            if self.rules.names {
                ctx.stdout.put(self.name)?;
                ctx.stdout.put(b": ")?;
            }
            let at = self.at;
            let place = match self.rules.radix {
                None => String::new(),
                Some(b'o') => format!("{at:7o} "),
                Some(b'x') => format!("{at:7x} "),
                Some(_) => format!("{at:7} "),
            };
            ctx.stdout.put(place.as_bytes())?;
        }
        ctx.stdout.put(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn end(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if std::mem::take(&mut self.shown) {
            ctx.stdout.put(&self.rules.separator)?;
        }
        self.text.clear();
        self.count = 0;
        Ok(())
    }
}

impl Unicode {
    fn show(self, letter: char, bytes: &[u8]) -> Vec<u8> {
        let code = u32::from(letter);
        match self {
            Self::Hex => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("<0x{digits}>").into_bytes()
            }
            Self::Escape | Self::Highlight => format!("\\u{code:04x}").into_bytes(),
            _ => bytes.to_vec(),
        }
    }
}
