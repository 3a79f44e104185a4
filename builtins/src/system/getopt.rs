//! `getopt`: parse the options of a script, as util-linux does.
use crate::prelude::*;

pub const GETOPT: Command = Command {
    name: "getopt",
    synopsis: "getopt OPTSTRING PARAMETER...\n  getopt [OPTION]... [--] OPTSTRING PARAMETER...\n  getopt [OPTION]... -o OPTSTRING [OPTION]... [--] PARAMETER...",
    summary: "Parse command options: print PARAMETERs with the options first, quoted for the shell.",
    options: &[
        flag('a', "alternative", "allow long options that start with a single -"),
        value('l', "longoptions", "LIST", "the long options to be recognized"),
        value('n', "name", "NAME", "the name under which errors are reported"),
        value('o', "options", "OPTSTRING", "the short options to be recognized"),
        flag('q', "quiet", "disable error reporting"),
        flag('Q', "quiet-output", "no normal output"),
        value('s', "shell", "SHELL", "set the quoting conventions to those of SHELL"),
        flag('T', "test", "test for the version of getopt"),
        flag('u', "unquoted", "do not quote the output"),
    ],
    examples: &[Example {
        about: "Options first, and each argument quoted.",
        script: "getopt -o ab: --long long: -- file -a --lo=x -b 'two words'",
        prints: " -a --long 'x' -b 'two words' -- 'file'\n",
    }],
    order: Order::First,
    usage_status: 2,
    run: getopt,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    Argument,
    /// Only one that is attached.
    Attached,
}

/// Where parameters that are no options go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Last,
    /// The first of them ends the options.
    Stop,
    InPlace,
}

struct Parser<'a> {
    name: BString,
    short: &'a [u8],
    long: Vec<(&'a [u8], Wants)>,
    alternative: bool,
    quote: fn(&[u8]) -> Vec<u8>,
    out: Vec<u8>,
    errors: Vec<u8>,
}

fn getopt(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('T') {
        return Ok(ExitStatus(4));
    }
    let mut operands = args.operands();
    // Without options and `--` of its own it is the command of old, which quoted nothing.
    let own_end = args.operands_before_dashes() < operands.len();
    let old = args.given().is_empty() && !own_end;
    let short = match args.value('o') {
        Some(text) => text.as_bytes(),
        None => {
            let Some((first, rest)) = operands.split_first() else {
                return Err(usage("missing optstring argument"));
            };
            operands = rest;
            first.as_bytes()
        }
    };
    let known = |shell: &BStr| ["sh", "bash", "csh", "tcsh"].iter().any(|known| shell == known);
    if args.value('s').is_some_and(|shell| !known(shell)) {
        return Err(usage("unknown shell after -s or --shell argument"));
    }
    let csh = args.value('s').is_some_and(|shell| shell.ends_with(b"csh"));
    let quote: fn(&[u8]) -> Vec<u8> = match (args.has('u') || old, csh) {
        (true, _) => <[u8]>::to_vec,
        (_, true) => csh_quoted,
        (_, false) => sh_quoted,
    };
    let (others, short) = match short.first() {
        Some(b'+' | b'-') if old => {
            (Others::Last, short.trim_start_with(|sign| "+-".contains(sign)))
        }
        Some(b'+') => (Others::Stop, short.get(1..).unwrap_or_default()),
        Some(b'-') => (Others::InPlace, short.get(1..).unwrap_or_default()),
        _ if ctx.var("POSIXLY_CORRECT").is_some() => (Others::Stop, short),
        _ => (Others::Last, short),
    };
    let lists: Vec<_> = args.values('l').collect();
    let mut parser = Parser {
        name: args.value('n').map_or_else(|| ctx.name.clone(), BStr::to_owned),
        short: short.strip_prefix(b":").unwrap_or(short),
        long: long_options(&lists),
        alternative: args.has('a'),
        quote,
        out: Vec::new(),
        errors: Vec::new(),
    };
    parser.parse(operands, others);
    if !args.has('q') && !short.starts_with(b":") {
        ctx.stderr.put(&parser.errors)?;
    }
    if !args.has('Q') {
        parser.out.push(b'\n');
        ctx.stdout.put(&parser.out)?;
    }
    Ok(if parser.errors.is_empty() { ExitStatus::SUCCESS } else { ExitStatus::FAILURE })
}

fn long_options<'a>(lists: &[&'a BStr]) -> Vec<(&'a [u8], Wants)> {
    let names = lists.iter().flat_map(|list| list.split(|byte| b", \t\n".contains(byte)));
    let options = names.filter(|name| !name.is_empty()).map(|name| {
        if let Some(name) = name.strip_suffix(b"::") {
            (name, Wants::Attached)
        } else if let Some(name) = name.strip_suffix(b":") {
            (name, Wants::Argument)
        } else {
            (name, Wants::Nothing)
        }
    });
    options.collect()
}

impl Parser<'_> {
    fn parse(&mut self, params: &[BString], others: Others) {
        let mut left: Vec<&[u8]> = Vec::new();
        let mut rest = params.iter().map(|param| param.as_bytes());
        while let Some(param) = rest.next() {
            match param {
                b"--" => {
                    left.extend(&mut rest);
                    break;
                }
                [b'-', b'-', long @ ..] => self.long(b"--", long, &mut rest),
                [b'-', first, ..] => {
                    let word = param.get(1..).unwrap_or_default();
                    let looks_long = self.alternative
                        && (!self.named(word).is_empty() || self.wants(*first).is_none());
                    if looks_long {
                        self.long(b"-", word, &mut rest);
                    } else {
                        self.cluster(word, &mut rest);
                    }
                }
                other => match others {
                    Others::InPlace => self.argument(other),
                    Others::Last => left.push(other),
                    Others::Stop => {
                        left.push(other);
                        left.extend(&mut rest);
                        break;
                    }
                },
            }
        }
        self.out.extend_from_slice(b" --");
        left.into_iter().for_each(|param| self.argument(param));
    }

    /// The long options that `text`, up to its `=`, may stand for.
    fn named(&self, text: &[u8]) -> Vec<usize> {
        let name = text.split_str("=").next().unwrap_or_default();
        if let Some(exact) = self.long.iter().position(|(long, _)| *long == name) {
            return vec![exact];
        }
        let begins = |(at, (long, _)): (usize, &(&[u8], _))| long.starts_with(name).then_some(at);
        self.long.iter().enumerate().filter_map(begins).collect()
    }

    fn long<'p>(&mut self, dashes: &[u8], text: &[u8], rest: &mut impl Iterator<Item = &'p [u8]>) {
        let attached = text.split_once_str("=").map(|(_, value)| value);
        let found = self.named(text);
        let &[at] = found.as_slice() else {
            return self.no_such_option(dashes, text, &found);
        };
        let Some(&(long, wants)) = self.long.get(at) else { return };
        let value = match (wants, attached) {
            (Wants::Nothing, Some(_)) => {
                return self.error(&[b"option '", dashes, long, b"' doesn't allow an argument"]);
            }
            (Wants::Nothing, None) => None,
            (Wants::Argument, None) => match rest.next() {
                Some(value) => Some(value),
                None => {
                    return self.error(&[b"option '", dashes, long, b"' requires an argument"]);
                }
            },
            (Wants::Attached, None) => Some(&b""[..]),
            (_, attached) => attached,
        };
        self.out.extend_from_slice(&[b" --", long].concat());
        if let Some(value) = value {
            self.argument(value);
        }
    }

    fn no_such_option(&mut self, dashes: &[u8], text: &[u8], found: &[usize]) {
        if found.is_empty() {
            return self.error(&[b"unrecognized option '", dashes, text, b"'"]);
        }
        let mut list = Vec::new();
        for &(long, _) in found.iter().filter_map(|at| self.long.get(*at)) {
            list.extend_from_slice(&[b" '", dashes, long, b"'"].concat());
        }
        self.error(&[b"option '", dashes, text, b"' is ambiguous; possibilities:", &list]);
    }

    /// What the short option takes, if there is one of that name.
    fn wants(&self, letter: u8) -> Option<Wants> {
        if letter == b':' || letter == b';' {
            return None;
        }
        let at = self.short.find_byte(letter)?;
        Some(match self.short.get(at + 1..).unwrap_or_default() {
            [b':', b':', ..] => Wants::Attached,
            [b':', ..] => Wants::Argument,
            _ => Wants::Nothing,
        })
    }

    fn cluster<'p>(&mut self, letters: &'p [u8], rest: &mut impl Iterator<Item = &'p [u8]>) {
        for (at, &letter) in letters.iter().enumerate() {
            let attached = letters.get(at + 1..).unwrap_or_default();
            let value = match self.wants(letter) {
                None => {
                    self.error(&[b"invalid option -- '", &[letter], b"'"]);
                    continue;
                }
                Some(Wants::Nothing) => {
                    self.out.extend_from_slice(&[b' ', b'-', letter]);
                    continue;
                }
                Some(Wants::Argument) if attached.is_empty() => match rest.next() {
                    Some(value) => value,
                    None => {
                        return self.error(&[b"option requires an argument -- '", &[letter], b"'"]);
                    }
                },
                Some(_) => attached,
            };
            self.out.extend_from_slice(&[b' ', b'-', letter]);
            return self.argument(value);
        }
    }

    fn argument(&mut self, text: &[u8]) {
        self.out.push(b' ');
        self.out.extend_from_slice(&(self.quote)(text));
    }

    fn error(&mut self, parts: &[&[u8]]) {
        self.errors.extend_from_slice(&self.name);
        self.errors.extend_from_slice(b": ");
        self.errors.extend_from_slice(&parts.concat());
        self.errors.push(b'\n');
    }
}

fn sh_quoted(text: &[u8]) -> Vec<u8> {
    [b"'", &*text.replace("'", r"'\''"), b"'"].concat()
}

/// Csh also sees `!`, `\`, newlines and blanks between single quotes.
fn csh_quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in text {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            b'\n' => quoted.extend_from_slice(br"\n"),
            b'\\' => quoted.extend_from_slice(br"\\"),
            b'!' => quoted.extend_from_slice(br"'\!'"),
            byte if byte.is_ascii_whitespace() => {
                quoted.extend_from_slice(&[b'\'', b'\\', byte, b'\'']);
            }
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}
