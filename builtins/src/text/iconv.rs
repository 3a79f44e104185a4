//! `iconv`: convert encoding of given files from one encoding to another.

mod charset;
mod transliterate;

use charset::{Charset, Decoded, Decoder};

use super::operands::with_input;
use crate::prelude::*;

pub const ICONV: Command = Command {
    name: "iconv",
    synopsis: "iconv [OPTION...] [FILE...]",
    summary: "Convert encoding of given files from one encoding to another.",
    options: &[
        value('f', "from-code", "NAME", "encoding of original text"),
        value('t', "to-code", "NAME", "encoding for output"),
        flag('l', "list", "list all known coded character sets"),
        short('c', "omit invalid characters from output"),
        value('o', "output", "FILE", "output file"),
        flag('s', "silent", "suppress warnings"),
        long("verbose", "print progress information"),
    ],
    examples: &[
        Example {
            about: "From Latin 1 to UTF-8.",
            script: "printf 'caf\\351\\n' | iconv -f latin1 -t utf-8",
            prints: "café\n",
        },
        Example {
            about: "Letters that ASCII lacks, by what comes near.",
            script: "echo '“café” €' | iconv -t ascii//TRANSLIT",
            prints: "\"cafe\" EUR\n",
        },
    ],
    usage_status: 64,
    run: iconv,
    ..Command::BASE
};

fn iconv(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('l') {
        for name in charset::names() {
            ctx.stdout.put(format!("{name}//\n").as_bytes())?;
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let (from, _) = code(args.value('f'));
    let (to, manner) = code(args.value('t'));
    let (Some(from), Some(to)) = (Charset::named(&from), Charset::named(&to)) else {
        return Err(failure("failed to start conversion processing: No such file or directory"));
    };
    let mut conversion = Conversion {
        decoder: Decoder::new(from),
        encoder: charset::Encoder::new(to),
        transliterate: manner.contains("TRANSLIT"),
        omit: args.has('c'),
        ignore: manner.contains("IGNORE"),
        at: 0,
        held: Vec::new(),
        ignored: None,
    };
    let mut file =
        match args.value('o') {
            None => None,
            Some(name) => Some(ctx.create(name).map_err(|error| {
                failure(format!("unable to open output file `{name}': {error}"))
            })?),
        };
    if let Some(file) = &mut file {
        std::mem::swap(&mut ctx.stdout, file);
    }
    let done = files(ctx, args, &mut conversion);
    let flushed = ctx.stdout.flush();
    if let Some(file) = &mut file {
        std::mem::swap(&mut ctx.stdout, file);
    }
    let status = done?;
    flushed?;
    Ok(status)
}

/// A name, and what follows it after `//`. Without a name it is the locale's, UTF-8.
fn code(text: Option<&BStr>) -> (String, String) {
    let text = text.map_or_else(String::new, |text| text.to_string().to_ascii_uppercase());
    let (name, manner) = text.split_once("//").unwrap_or((&text, ""));
    let name = name.trim_end_matches('/');
    (if name.is_empty() { "UTF-8".into() } else { name.into() }, manner.into())
}

fn files(
    ctx: &mut Context<'_>,
    args: &Args,
    conversion: &mut Conversion,
) -> Result<ExitStatus, CommandError> {
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        if args.has("verbose") && operand != "-" {
            ctx.stderr.put(format!("{operand}:\n").as_bytes())?;
        }
        conversion.at = 0;
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            loop {
                let chunk = match input.chunk() {
                    Ok(chunk) => chunk,
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Some(error)),
                };
                let last = chunk.is_empty();
                conversion.feed(ctx, &chunk, last)?;
                if last {
                    return Ok(None);
                }
            }
        })?;
        match done {
            Ok(None) => {}
            Ok(Some(error)) => {
                ctx.stdout.flush()?;
                return Err(failure(format!("error while reading the input: {error}")));
            }
            Err(error) => {
                ctx.stdout.flush()?;
                ctx.complain(format!("cannot open input file `{operand}': {error}"))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    if let Some(at) = conversion.ignored {
        ctx.stdout.flush()?;
        return Err(failure(format!("illegal input sequence at position {at}")));
    }
    Ok(status)
}

struct Conversion {
    decoder: Decoder,
    encoder: charset::Encoder,
    transliterate: bool,
    /// Leave out what cannot be converted: `-c`, silently.
    omit: bool,
    /// `//IGNORE`, which still fails at the end.
    ignore: bool,
    /// How many bytes were converted.
    at: u64,
    /// The beginning of a character.
    held: Vec<u8>,
    /// Where the first character was that could not be converted and was left out.
    ignored: Option<u64>,
}

impl Conversion {
    fn feed(
        &mut self,
        ctx: &mut Context<'_>,
        chunk: &[u8],
        last: bool,
    ) -> Result<(), CommandError> {
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(chunk);
        let mut rest = &data[..];
        let mut out = Vec::with_capacity(data.len());
        let mut wrong = None;
        while !rest.is_empty() {
            // Nothing but ASCII needs no look at each letter.
            match self.decoder.next(rest) {
                Decoded::Letter(letter, used) => {
                    if !self.put(letter, &mut out) {
                        if !self.omit && !self.ignore {
                            wrong = Some(false);
                            break;
                        }
                        self.left_out();
                    }
                    self.at += used as u64;
                    rest = rest.get(used..).unwrap_or_default();
                }
                Decoded::Nothing(used) => {
                    self.at += used as u64;
                    rest = rest.get(used..).unwrap_or_default();
                }
                Decoded::Invalid(used) => {
                    if !self.omit && !self.ignore {
                        wrong = Some(false);
                        break;
                    }
                    self.left_out();
                    self.at += used as u64;
                    rest = rest.get(used.max(1)..).unwrap_or_default();
                }
                Decoded::Incomplete => {
                    if last {
                        wrong = Some(true);
                    } else {
                        self.held = rest.to_vec();
                    }
                    break;
                }
            }
        }
        if last && wrong.is_none() {
            self.encoder.finish(&mut out);
        }
        ctx.stdout.put(&out)?;
        match wrong {
            None => Ok(()),
            Some(incomplete) => {
                ctx.stdout.flush()?;
                Err(failure(if incomplete {
                    "incomplete character or shift sequence at end of buffer".into()
                } else {
                    format!("illegal input sequence at position {}", self.at)
                }))
            }
        }
    }

    fn left_out(&mut self) {
        if !self.omit && self.ignored.is_none() {
            self.ignored = Some(self.at);
        }
    }

    /// False if the letter has no place in the target's alphabet.
    fn put(&mut self, letter: char, out: &mut Vec<u8>) -> bool {
        if self.encoder.put(letter, out) {
            return true;
        }
        if !self.transliterate {
            return false;
        }
        let mut near = Vec::new();
        for candidate in transliterate::near(letter) {
            near.clear();
            if candidate.chars().all(|letter| self.encoder.put(letter, &mut near)) {
                out.extend_from_slice(&near);
                return true;
            }
        }
        self.encoder.put('?', out)
    }
}
