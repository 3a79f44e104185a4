//! The command line, as jq reads it: letters in any cluster, long names in full only.

use super::object::Object;
use super::print::{Colors, Indent, Style};
use super::read::{Reader, read_one};
use super::value::Value;
use crate::prelude::*;

pub(super) enum Task {
    Help,
    Version,
    Run(Box<Options>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streaming {
    No,
    Yes,
    WithErrors,
}

/// What is written after each result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Newline,
    Nul,
    Nothing,
}

/// Reads a whole file that is no JSON.
pub(super) type Decode = fn(&[u8]) -> Result<Vec<Value>, String>;

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encode {
    Json,
    /// Whether lists stand further in than the key before them.
    Yaml {
        indented: bool,
    },
    Toml,
}

#[derive(Debug)]
pub(super) struct Options {
    /// `None`: JSON, value by value.
    pub decode: Option<Decode>,
    pub encode: Encode,
    pub program: Option<BString>,
    pub from_file: bool,
    pub files: Vec<BString>,
    pub null_input: bool,
    pub raw_input: bool,
    pub slurp: bool,
    pub streaming: Streaming,
    pub seq: bool,
    pub raw_output: bool,
    pub end: End,
    pub style: Style,
    pub unbuffered: bool,
    pub exit_status: bool,
    pub library: Vec<String>,
    /// `$NAME`s in the order that they were given, and `$ARGS`.
    pub globals: Vec<(String, Value)>,
}

/// Where an operand goes.
#[derive(Clone, Copy, PartialEq)]
enum Operands {
    Files,
    Strings,
    Json,
}

struct Reading {
    options: Options,
    operands: Operands,
    positional: Vec<Value>,
    named: Object,
    color: Option<bool>,
    sorted: bool,
    ascii: bool,
}

pub(super) fn read(ctx: &mut Context<'_>, argv: &[BString]) -> Result<Task, CommandError> {
    let options = Options {
        decode: None,
        encode: Encode::Json,
        program: None,
        from_file: false,
        files: Vec::new(),
        null_input: false,
        raw_input: false,
        slurp: false,
        streaming: Streaming::No,
        seq: false,
        raw_output: false,
        end: End::Newline,
        style: Style { indent: Indent::Spaces(2), sorted: false, ascii: false, colors: None },
        unbuffered: false,
        exit_status: false,
        library: Vec::new(),
        globals: Vec::new(),
    };
    let mut reading = Reading {
        options,
        operands: Operands::Files,
        positional: Vec::new(),
        named: Object::new(),
        color: None,
        sorted: false,
        ascii: false,
    };
    let mut rest = argv.iter();
    let mut literal = false;
    while let Some(word) = rest.next() {
        if literal || !looks_like_option(word) {
            reading.operand(ctx, word)?;
        } else if word == "--" {
            literal = true;
        } else if let Some(name) = word.strip_prefix(b"--") {
            match name {
                b"help" => return Ok(Task::Help),
                b"version" => return Ok(Task::Version),
                name => reading.long(ctx, name, word, &mut rest)?,
            }
        } else {
            if word.contains(&b'h') && word.len() == 2 {
                return Ok(Task::Help);
            }
            if word == "-V" {
                return Ok(Task::Version);
            }
            reading.short(ctx, word, &mut rest)?;
        }
    }
    reading.finish(ctx).map(|options| Task::Run(Box::new(options)))
}

/// `-1` is none.
fn looks_like_option(word: &[u8]) -> bool {
    matches!(word, [b'-', b'-' | b'a'..=b'z' | b'A'..=b'Z', ..])
}

const ADVICE: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq\n";

fn refuse<T>(ctx: &mut Context<'_>, message: &str, advice: bool) -> Result<T, CommandError> {
    ctx.complain(message)?;
    if advice {
        // The status tells, should the advice be lost.
        drop(ctx.stderr.put(ADVICE.as_bytes()));
    }
    Err(CommandError::Exit(ExitStatus(2)))
}

fn text(word: &BString) -> String {
    String::from_utf8_lossy(word).into_owned()
}

impl Reading {
    fn operand(&mut self, ctx: &mut Context<'_>, word: &BString) -> Result<(), CommandError> {
        if self.options.program.is_none() {
            self.options.program = Some(word.clone());
            return Ok(());
        }
        match self.operands {
            Operands::Files => self.options.files.push(word.clone()),
            Operands::Strings => self.positional.push(Value::from(text(word))),
            Operands::Json => match read_one(&text(word)) {
                Ok(value) => self.positional.push(value),
                Err(_) => return refuse(ctx, "Invalid JSON text passed to --jsonargs", true),
            },
        }
        Ok(())
    }

    fn long<'a>(
        &mut self,
        ctx: &mut Context<'_>,
        name: &[u8],
        word: &BString,
        rest: &mut impl Iterator<Item = &'a BString>,
    ) -> Result<(), CommandError> {
        let options = &mut self.options;
        match name {
            b"null-input" => options.null_input = true,
            b"raw-input" => options.raw_input = true,
            b"slurp" => options.slurp = true,
            b"compact-output" => options.style.indent = Indent::Compact,
            b"raw-output" => options.raw_output = true,
            b"raw-output0" => (options.raw_output, options.end) = (true, End::Nul),
            b"join-output" => (options.raw_output, options.end) = (true, End::Nothing),
            b"ascii-output" => self.ascii = true,
            b"sort-keys" => self.sorted = true,
            b"color-output" => self.color = Some(true),
            b"monochrome-output" => self.color = Some(false),
            b"tab" => options.style.indent = Indent::Tab,
            b"indent" => return self.indent(ctx, rest.next()),
            b"unbuffered" => options.unbuffered = true,
            b"stream" => options.streaming = Streaming::Yes,
            b"stream-errors" => options.streaming = Streaming::WithErrors,
            b"seq" => options.seq = true,
            b"from-file" => options.from_file = true,
            b"library-path" => match rest.next() {
                Some(dir) => options.library.push(text(dir)),
                None => {
                    return refuse(
                        ctx,
                        "-L takes a parameter: (e.g. -L /search/path or -L/search/path)",
                        true,
                    );
                }
            },
            b"exit-status" => options.exit_status = true,
            b"args" => self.operands = Operands::Strings,
            b"jsonargs" => self.operands = Operands::Json,
            b"arg" | b"argjson" | b"slurpfile" | b"rawfile" | b"argfile" => {
                let parts = (rest.next(), rest.next());
                return self.variable(ctx, &String::from_utf8_lossy(name), parts);
            }
            _ => return refuse(ctx, &format!("Unknown option {word}"), true),
        }
        Ok(())
    }

    fn short<'a>(
        &mut self,
        ctx: &mut Context<'_>,
        word: &BString,
        rest: &mut impl Iterator<Item = &'a BString>,
    ) -> Result<(), CommandError> {
        if let Some(dir) = word.strip_prefix(b"-L") {
            let dir = if dir.is_empty() { rest.next().map(text) } else { Some(text(&dir.into())) };
            return match dir {
                Some(dir) => {
                    self.options.library.push(dir);
                    Ok(())
                }
                None => refuse(
                    ctx,
                    "-L takes a parameter: (e.g. -L /search/path or -L/search/path)",
                    true,
                ),
            };
        }
        let options = &mut self.options;
        for letter in word.iter().skip(1) {
            match letter {
                b'n' => options.null_input = true,
                b'R' => options.raw_input = true,
                b's' => options.slurp = true,
                b'c' => options.style.indent = Indent::Compact,
                b'r' => options.raw_output = true,
                b'j' => (options.raw_output, options.end) = (true, End::Nothing),
                b'a' => self.ascii = true,
                b'S' => self.sorted = true,
                b'C' => self.color = Some(true),
                b'M' => self.color = Some(false),
                b'f' => options.from_file = true,
                b'e' => options.exit_status = true,
                _ => return refuse(ctx, &format!("Unknown option {word}"), true),
            }
        }
        Ok(())
    }

    fn indent(
        &mut self,
        ctx: &mut Context<'_>,
        width: Option<&BString>,
    ) -> Result<(), CommandError> {
        let Some(width) = width else {
            return refuse(ctx, "--indent takes one parameter", true);
        };
        // As atoi(3) reads it.
        let width = text(width).trim().parse::<i64>().unwrap_or(0);
        self.options.style.indent = match width {
            -1 => Indent::Tab,
            0 => Indent::Compact,
            1..=7 => Indent::Spaces(width.unsigned_abs() as usize),
            _ if width < -1 => {
                return refuse(ctx, "--indent takes a number between -1 and 7", true);
            }
            _ => return refuse(ctx, "--indent takes a number between -1 and 7", true),
        };
        Ok(())
    }

    fn variable(
        &mut self,
        ctx: &mut Context<'_>,
        option: &str,
        parts: (Option<&BString>, Option<&BString>),
    ) -> Result<(), CommandError> {
        let (Some(name), Some(given)) = parts else {
            let second = if option == "arg" || option == "argjson" { "value" } else { "filename" };
            let second = if option == "argjson" { "text" } else { second };
            let message =
                format!("--{option} takes two parameters (e.g. --{option} varname {second})");
            return refuse(ctx, &message, true);
        };
        let value = match option {
            "arg" => Value::from(text(given)),
            "argjson" => match read_one(&text(given)) {
                Ok(value) => value,
                Err(_) => return refuse(ctx, "invalid JSON text passed to --argjson", true),
            },
            _ => match from_file(ctx, option, given) {
                Ok(value) => value,
                Err(reason) => {
                    let message = format!("Bad JSON in --{option} {name} {given}: {reason}");
                    return refuse(ctx, &message, false);
                }
            },
        };
        let name = text(name);
        if self.named.get(&name).is_none() {
            self.named.insert(name.as_str().into(), value.clone());
            self.options.globals.push((name, value));
        }
        Ok(())
    }

    fn finish(self, ctx: &mut Context<'_>) -> Result<Options, CommandError> {
        let mut options = self.options;
        let entries =
            [("positional", Value::from(self.positional)), ("named", Value::Object(self.named))];
        let all: Object = entries.into_iter().collect();
        options.globals.insert(0, ("ARGS".into(), all.into()));
        options.style.sorted = self.sorted;
        options.style.ascii = self.ascii;
        let quiet = ctx.var("NO_COLOR").is_some_and(|value| !value.is_empty());
        if self.color.unwrap_or(ctx.stdout.is_terminal() && !quiet) {
            let given =
                ctx.var("JQ_COLORS").map(|colors| String::from_utf8_lossy(colors).into_owned());
            let colors = given.map(|colors| Colors::parse(&colors));
            if matches!(colors, Some(None)) {
                drop(ctx.stderr.put(b"Failed to set $JQ_COLORS\n"));
            }
            options.style.colors = Some(colors.flatten().unwrap_or_default());
        }
        if options.program.is_none() {
            if options.from_file || ctx.stdout.is_terminal() && ctx.stdin.stream().is_terminal() {
                drop(ctx.stderr.put(crate::args::help_text(&super::JQ).as_bytes()));
                return Err(CommandError::Exit(ExitStatus(2)));
            }
            options.program = Some(".".into());
        }
        Ok(options)
    }
}

fn from_file(ctx: &mut Context<'_>, option: &str, name: &BString) -> Result<Value, String> {
    let unopened = |error: FsError| format!("Could not open {name}: {error}");
    let bytes = ctx.open(name).and_then(|mut input| input.rest()).map_err(unopened)?;
    if option == "rawfile" {
        return Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()));
    }
    let mut reader = Reader::new();
    let mut values = Vec::new();
    let mut input = &bytes[..];
    while let Some(value) = reader.feed(&mut input)? {
        values.push(value);
    }
    values.extend(reader.finish()?);
    if option == "argfile" && values.len() == 1 {
        return Ok(values.remove(0));
    }
    Ok(Value::from(values))
}
