//! The patterns of one call, compiled.

use bstr::{BString, ByteSlice};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use super::options::{Case, Engine, Options};
use super::perl::PerlMatcher;
use super::{reason, trouble};
use crate::prelude::*;
use crate::regex::{Flags, Lines, Regex};

pub(super) enum Compiled {
    Default(RegexMatcher),
    Perl(Box<PerlMatcher>),
}

/// Gathers the patterns; the operands that are left are paths.
pub(super) fn patterns<'a>(
    ctx: &mut Context<'_>,
    args: &'a Args,
) -> Result<(Vec<String>, &'a [BString]), CommandError> {
    let mut patterns = Vec::new();
    let mut given = false;
    for option in args.given() {
        let Some(value) = &option.value else { continue };
        match option.opt.long {
            Some("regexp") => patterns.push(text(ctx, value)?),
            Some("file") => file_patterns(ctx, value, &mut patterns)?,
            _ => continue,
        }
        given = true;
    }
    if given {
        return Ok((patterns, args.operands()));
    }
    match args.operands().split_first() {
        Some((pattern, paths)) => Ok((vec![text(ctx, pattern)?], paths)),
        None => Err(trouble(
            ctx,
            "error: The following required arguments were not provided:\n    <PATTERN>\n\nUSAGE:\n    \n    rg [OPTIONS] PATTERN [PATH ...]\n    rg [OPTIONS] -e PATTERN ... [PATH ...]\n    rg [OPTIONS] -f PATTERNFILE ... [PATH ...]\n    rg [OPTIONS] --files [PATH ...]\n    rg [OPTIONS] --type-list\n    command | rg [OPTIONS] PATTERN\n    rg [OPTIONS] --help\n    rg [OPTIONS] --version\n\nFor more information try --help\n",
        )),
    }
}

fn text(ctx: &mut Context<'_>, pattern: &[u8]) -> Result<String, CommandError> {
    match pattern.to_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            let hint = "(disable Unicode mode and use hex escape sequences to match arbitrary bytes in a pattern, e.g., '(?-u)\\xFF')";
            let message = format!("found invalid UTF-8 in pattern at byte offset {at} {hint}");
            Err(trouble(ctx, message))
        }
    }
}

fn file_patterns(
    ctx: &mut Context<'_>,
    name: &BString,
    patterns: &mut Vec<String>,
) -> Result<(), CommandError> {
    let lines = if name == "-" {
        ctx.stdin.rest()
    } else {
        ctx.open(name).and_then(|mut input| input.rest())
    };
    let lines = match lines {
        Ok(lines) => lines,
        Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
        Err(error) => {
            let message = format!("{name}: {}", reason(&error));
            return Err(trouble(ctx, message));
        }
    };
    for line in lines.lines() {
        patterns.push(text(ctx, line)?);
    }
    Ok(())
}

pub(super) fn compile(
    ctx: &mut Context<'_>,
    options: &Options,
    patterns: &[String],
) -> Result<Compiled, CommandError> {
    match options.engine {
        Engine::Perl => perl(ctx, options, patterns),
        Engine::Default => match default(options, patterns) {
            Ok(matcher) => Ok(Compiled::Default(matcher)),
            Err(error) => {
                let message = fault(patterns, options).unwrap_or_else(|| error.to_string());
                Err(trouble(ctx, explain(&message, options)))
            }
        },
        Engine::Auto => match default(options, patterns) {
            Ok(matcher) => Ok(Compiled::Default(matcher)),
            Err(_) => perl(ctx, options, patterns),
        },
    }
}

fn default(options: &Options, patterns: &[String]) -> Result<RegexMatcher, grep_regex::Error> {
    let mut builder = RegexMatcherBuilder::new();
    builder
        .case_smart(options.case == Case::Smart)
        .case_insensitive(options.case == Case::Insensitive)
        .multi_line(true)
        .unicode(!options.has("no-unicode"))
        .octal(false)
        .fixed_strings(options.has("fixed-strings"));
    if options.has("line-regexp") {
        builder.whole_line(true);
    } else {
        builder.word(options.has("word-regexp"));
    }
    if options.has("multiline") {
        builder.dot_matches_new_line(options.has("multiline-dotall"));
        if options.has("crlf") {
            builder.crlf(true).line_terminator(None);
        }
    } else {
        builder.line_terminator(Some(b'\n')).dot_matches_new_line(false);
        if options.has("crlf") {
            builder.crlf(true);
        }
        if options.has("null-data") {
            builder.line_terminator(Some(0));
        }
    }
    if let Some(limit) = options.regex_bytes_max {
        builder.size_limit(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    builder.build_many(patterns)
}

/// The fault of the first pattern that has one, told of the pattern as it was typed. The matcher
/// joins all of them before it reads them.
fn fault(patterns: &[String], options: &Options) -> Option<String> {
    if options.has("fixed-strings") {
        return None;
    }
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.utf8(false).multi_line(true).unicode(!options.has("no-unicode"));
    let error = |pattern: &String| parser.build().parse(pattern).err();
    patterns.iter().find_map(error).map(|error| error.to_string())
}

/// A fault of a pattern, with what may help.
fn explain(message: &str, options: &Options) -> String {
    if message.contains("the literal") && !options.has("multiline") {
        let message = message.replace("\"\\n\"", "'\"\\n\"'");
        return format!(
            "{message}\n\nConsider enabling multiline mode with the --multiline flag (or -U for short).\nWhen multiline mode is enabled, new line characters can be matched."
        );
    }
    if message.contains("look-around") || message.contains("backreferences are not supported") {
        return format!(
            "{message}\n\nConsider enabling PCRE2 with the --pcre2 flag, which can handle backreferences\nand look-around."
        );
    }
    message.to_owned()
}

fn perl(
    ctx: &mut Context<'_>,
    options: &Options,
    patterns: &[String],
) -> Result<Compiled, CommandError> {
    let one = |pattern: &String| match options.has("fixed-strings") {
        true => format!("\\Q{pattern}\\E"),
        false => pattern.clone(),
    };
    let pattern = match patterns {
        [pattern] => one(pattern),
        several => {
            let several: Vec<_> = several.iter().map(|p| format!("(?:{})", one(p))).collect();
            several.join("|")
        }
    };
    let lower = !pattern.chars().any(char::is_uppercase);
    let multiline = options.has("multiline");
    let end = if options.has("null-data") { 0 } else { b'\n' };
    let flags = Flags {
        ignore_case: options.case == Case::Insensitive || (options.case == Case::Smart && lower),
        lines: if multiline { Lines::Anchors } else { Lines::Separate(end) },
        bytes: options.has("no-unicode"),
        nested_repeats: false,
    };
    let regex = Regex::perl(pattern.as_bytes(), flags).and_then(|regex| {
        if options.has("line-regexp") {
            regex.whole_lines()
        } else if options.has("word-regexp") {
            regex.whole_words()
        } else {
            Ok(regex)
        }
    });
    match regex {
        Ok(regex) => Ok(Compiled::Perl(Box::new(PerlMatcher {
            regex,
            cancel: ctx.cancel.clone(),
            line_end: (!multiline).then_some(end),
        }))),
        Err(error) => Err(trouble(ctx, format!("PCRE2: error compiling pattern: {error}"))),
    }
}
