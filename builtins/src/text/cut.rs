//! `cut`: print selected parts of lines.
use super::operands::with_input;
use super::ranges::Ranges;
use crate::prelude::*;

pub const CUT: Command = Command {
    name: "cut",
    synopsis: "cut OPTION... [FILE]...",
    summary: "Print selected parts of lines from each FILE to standard output.",
    options: &[
        value('b', "bytes", "LIST", "select only these bytes"),
        value('c', "characters", "LIST", "select only these characters"),
        value('d', "delimiter", "DELIM", "use DELIM instead of TAB for field delimiter"),
        value(
            'f',
            "fields",
            "LIST",
            "select only these fields; also print any line that contains no delimiter character, unless the -s option is specified",
        ),
        short('n', "(ignored)"),
        long("complement", "complement the set of selected bytes, characters or fields"),
        flag('s', "only-delimited", "do not print lines not containing delimiters"),
        long(
            "output-delimiter",
            "use STRING as the output delimiter; the default is to use the input delimiter",
        )
        .takes(Takes::Value("STRING")),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example {
        about: "The second field.",
        script: "echo a:b:c | cut -d: -f2",
        prints: "b\n",
    }],
    run: cut,
    ..Command::BASE
};

#[derive(Debug)]
struct Rules {
    ranges: Ranges,
    fields: bool,
    delimiter: u8,
    only_delimited: bool,
    joiner: Option<BString>,
    line_end: u8,
}

fn cut(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let rules = rules(args)?;
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| lines(ctx, input, &rules))?;
        if let Ok(Err(error)) | Err(error) = done {
            ctx.stdout.flush()?;
            let shown = quoted_name(operand);
            ctx.complain(format_args!("{shown}: {error}"))?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn rules(args: &Args) -> Result<Rules, CommandError> {
    let lists: Vec<_> = args
        .given()
        .iter()
        .filter(|given| matches!(given.opt.short, Some('b' | 'c' | 'f')))
        .collect();
    let (given, text) = match lists.as_slice() {
        [] => return Err(usage("you must specify a list of bytes, characters, or fields")),
        [given] => (given, given.value.clone().unwrap_or_default()),
        _ => return Err(usage("only one list may be specified")),
    };
    let fields = given.opt.short == Some('f');
    let delimiter = match args.value('d').map(|text| text.as_bytes()) {
        None => b'\t',
        Some([]) => 0,
        Some([byte]) => *byte,
        Some(_) => return Err(usage("the delimiter must be a single character")),
    };
    if args.has('d') && !fields {
        return Err(usage("an input delimiter may be specified only when operating on fields"));
    }
    if args.has('s') && !fields {
        return Err(usage(
            "suppressing non-delimited lines makes sense\n\tonly when operating on fields",
        ));
    }
    let ranges = Ranges::parse(&text, fields).map_err(usage)?;
    Ok(Rules {
        ranges: if args.has("complement") { ranges.complement() } else { ranges },
        fields,
        delimiter,
        only_delimited: args.has('s'),
        // An empty one is a NUL, as a C string has it.
        joiner: args.value("output-delimiter").map(|text| match text.as_bytes() {
            b"" => BString::from("\0"),
            text => BString::from(text),
        }),
        line_end: if args.has('z') { 0 } else { b'\n' },
    })
}

fn lines(
    ctx: &mut Context<'_>,
    input: &mut Input,
    rules: &Rules,
) -> Result<FsResult<()>, CommandError> {
    let mut out = Vec::new();
    loop {
        let line = match input.line(rules.line_end) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(Ok(())),
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Ok(Err(error)),
        };
        let line = line.strip_suffix(&[rules.line_end]).unwrap_or(&line);
        out.clear();
        let shown =
            if rules.fields { rules.fields(line, &mut out) } else { rules.bytes(line, &mut out) };
        if shown {
            out.push(rules.line_end);
            ctx.stdout.put(&out)?;
        }
    }
}

impl Rules {
    /// Like GNU's, `-c` works on bytes.
    fn bytes(&self, line: &[u8], out: &mut Vec<u8>) -> bool {
        for (nth, &(first, last)) in self.ranges.iter().enumerate() {
            if first > line.len() {
                break;
            }
            if nth > 0
                && let Some(joiner) = &self.joiner
            {
                out.extend_from_slice(joiner);
            }
            out.extend_from_slice(&line[first - 1..last.min(line.len())]);
        }
        true
    }

    fn fields(&self, line: &[u8], out: &mut Vec<u8>) -> bool {
        if memchr::memchr(self.delimiter, line).is_none() {
            out.extend_from_slice(line);
            return !self.only_delimited;
        }
        let mut ranges = self.ranges.iter().copied().peekable();
        let mut first_shown = true;
        for (nth, field) in line.split(|&byte| byte == self.delimiter).enumerate() {
            while ranges.peek().is_some_and(|&(_, last)| last < nth + 1) {
                ranges.next();
            }
            match ranges.peek() {
                None => break,
                Some(&(first, _)) if nth + 1 >= first => {
                    if !first_shown {
                        match &self.joiner {
                            Some(joiner) => out.extend_from_slice(joiner),
                            None => out.push(self.delimiter),
                        }
                    }
                    first_shown = false;
                    out.extend_from_slice(field);
                }
                Some(_) => {}
            }
        }
        true
    }
}
