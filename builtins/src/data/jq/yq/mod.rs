//! `yq`: jq's language over YAML, TOML and JSON.
//!
//! The interface is that of the Python `yq` (a jq with YAML in, and `-y` for YAML out), with `-p`
//! and `-o` to name other formats.

mod toml_text;
mod yaml_read;
mod yaml_write;

use super::options::{Decode, Encode, Options, Task, read};
use super::run::{run, run_into};
use super::value::Value;
use crate::prelude::*;

pub const YQ: Command = Command {
    name: "yq",
    synopsis: "yq [OPTION]... FILTER [FILE]...",
    summary: "Apply the jq FILTER to the YAML documents in the FILEs, or in standard input.\n\nAll options of jq are known too.",
    options: &[
        flag('y', "yaml-output", "print results as YAML"),
        flag('Y', "yaml-roundtrip", "as -y"),
        flag('t', "toml-output", "print results as TOML"),
        value('p', "input-format", "FORMAT", "read yaml (the default), json or toml"),
        value('o', "output-format", "FORMAT", "print yaml, json (the default) or toml"),
        flag('i', "in-place", "write the results back to each FILE"),
        value('w', "width", "N", "(accepted)"),
        long("indentless-lists", "do not indent lists in YAML"),
        long("yaml-output-grammar-version", "(accepted)").takes(Takes::Value("VERSION")),
    ],
    examples: &[
        Example {
            about: "A field of a YAML document, as JSON.",
            script: "printf 'a:\\n  b: [1, x]\\n' | yq -c .a",
            prints: "{\"b\":[1,\"x\"]}\n",
        },
        Example {
            about: "Change a document.",
            script: "printf 'a: 1\\n' | yq -y '.b = [true]'",
            prints: "a: 1\nb:\n  - true\n",
        },
        Example {
            about: "TOML to YAML.",
            script: "printf '[t]\\nk = 1\\n' | yq -p toml -o yaml .",
            prints: "t:\n  k: 1\n",
        },
    ],
    order: Order::Raw,
    usage_status: 2,
    run: yq,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Yaml,
    Json,
    Toml,
}

fn format(name: &[u8]) -> Result<Format, CommandError> {
    match name {
        b"yaml" | b"yml" | b"y" => Ok(Format::Yaml),
        b"json" | b"j" => Ok(Format::Json),
        b"toml" | b"t" => Ok(Format::Toml),
        other => Err(usage(format!("unknown format '{}'", String::from_utf8_lossy(other)))),
    }
}

/// What is not jq's.
struct Own {
    input: Format,
    output: Format,
    indented: bool,
    in_place: bool,
    rest: Vec<BString>,
}

fn own(argv: &[BString]) -> Result<Own, CommandError> {
    let mut own = Own {
        input: Format::Yaml,
        output: Format::Json,
        indented: true,
        in_place: false,
        rest: Vec::new(),
    };
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.find_byte(b'=') {
            Some(at) if word.starts_with(b"--") => {
                (&word[..at], Some(BString::from(&word[at + 1..])))
            }
            _ => (&word[..], None),
        };
        let mut value = || inline.clone().or_else(|| words.next().cloned());
        let missing = || usage(format!("option '{word}' requires an argument"));
        match name {
            b"--" => {
                own.rest.push(word.clone());
                own.rest.extend(words.cloned());
                break;
            }
            b"--yaml-output" | b"--yml-output" | b"--yaml-roundtrip" | b"--yml-roundtrip" => {
                own.output = Format::Yaml;
            }
            b"--toml-output" => own.output = Format::Toml,
            b"--in-place" => own.in_place = true,
            b"--indentless-lists" | b"--indentless" => own.indented = false,
            b"-w" | b"--width" | b"--yaml-output-grammar-version" | b"--yml-out-ver" => {
                value().ok_or_else(missing)?;
            }
            b"-p" | b"--input-format" => own.input = format(&value().ok_or_else(missing)?)?,
            b"-o" | b"--output-format" => own.output = format(&value().ok_or_else(missing)?)?,
            b"--arg" | b"--argjson" | b"--slurpfile" | b"--rawfile" => {
                own.rest.push(word.clone());
                own.rest.extend(words.by_ref().take(2).cloned());
            }
            b"--indent" | b"-L" | b"--library-path" => {
                own.rest.push(word.clone());
                own.rest.extend(words.next().cloned());
            }
            [b'-', letters @ ..]
                if letters.iter().all(u8::is_ascii_alphabetic) && !letters.is_empty() =>
            {
                let theirs = cluster(letters, &mut own);
                if !theirs.is_empty() {
                    own.rest.push([b"-", &theirs[..]].concat().into());
                }
            }
            _ => own.rest.push(word.clone()),
        }
    }
    Ok(own)
}

/// Takes our letters out of a cluster; what is left is jq's.
fn cluster(letters: &[u8], own: &mut Own) -> Vec<u8> {
    let mut theirs = Vec::new();
    for letter in letters {
        match letter {
            b'y' | b'Y' => own.output = Format::Yaml,
            b't' => own.output = Format::Toml,
            b'i' => own.in_place = true,
            letter => theirs.push(*letter),
        }
    }
    theirs
}

fn yq(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let own = own(args.operands())?;
    // Messages about the filter are jq's.
    let name = std::mem::replace(&mut ctx.name, "jq".into());
    let task = read(ctx, &own.rest);
    let result = match task {
        Ok(Task::Help) => {
            ctx.stdout.put(crate::args::help_text(&YQ).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Ok(Task::Version) => {
            ctx.stdout.put(crate::args::version_text(&YQ).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Ok(Task::Run(mut options)) => {
            options.decode = decode(own.input);
            options.encode = match own.output {
                Format::Json => Encode::Json,
                Format::Yaml => Encode::Yaml { indented: own.indented },
                Format::Toml => Encode::Toml,
            };
            if own.in_place { in_place(ctx, &mut options) } else { run(ctx, *options) }
        }
        Err(error) => Err(error),
    };
    ctx.name = name;
    result
}

fn decode(format: Format) -> Option<Decode> {
    match format {
        Format::Json => None,
        Format::Yaml => Some(yaml_read::read),
        Format::Toml => Some(toml_text::read),
    }
}

/// A result as text, with what stands between it and the one before.
///
/// # Errors
/// A value that the format cannot hold.
pub(super) fn encode(encode: Encode, value: &Value, first: bool) -> Result<String, String> {
    let mut text = String::new();
    match encode {
        Encode::Toml => toml_text::write(value, &mut text)?,
        Encode::Yaml { indented } => {
            if !first {
                text.push_str("---\n");
            }
            yaml_write::write(value, indented, &mut text);
        }
        Encode::Json => text.push_str(&super::print::compact(value)),
    }
    Ok(text)
}

fn in_place(ctx: &mut Context<'_>, options: &mut Options) -> CommandResult {
    let files = std::mem::take(&mut options.files);
    if files.is_empty() {
        return Err(usage(
            "-i/--in-place can only be used with filename arguments, not on standard input",
        ));
    }
    let mut status = ExitStatus::SUCCESS;
    for file in files {
        let path = ctx.path(&file)?;
        let unread = |error: FsError| {
            CommandError::Fail(
                format!("error: Could not open file {file}: {error}").into_bytes(),
                ExitStatus(2),
            )
        };
        let edition = ctx.fs.read_edition(&path).map_err(unread)?;
        options.files = vec![file.clone()];
        let (ended, text) = run_into(ctx, options, Some(Vec::new()))?;
        status = status.or(ended);
        if ended.success() {
            ctx.fs
                .replace(&path, &edition.base, text.unwrap_or_default().into())
                .map_err(unread)?;
        }
    }
    Ok(status)
}
