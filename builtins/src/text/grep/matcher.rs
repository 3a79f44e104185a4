//! The patterns of one call, compiled.

use bstr::{BStr, BString, ByteSlice};

use super::options::trouble;
use crate::prelude::*;
use crate::regex::{Flags, Lines, Regex, RegexError, Syntax};

/// Compiles the patterns; `None` if there are none (`-f /dev/null`), which match nothing. Also the
/// operands that are left.
pub(super) fn compile<'a>(
    ctx: &mut Context<'_>,
    args: &'a Args,
) -> Result<(Option<Regex>, &'a [BString]), CommandError> {
    let (text, files) = patterns(ctx, args)?;
    let Some(text) = text else { return Ok((None, files)) };
    let patterns: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let kinds = ['E', 'F', 'G', 'P'].into_iter().filter(|kind| args.has(*kind));
    if kinds.count() > 1 {
        return Err(trouble("conflicting matchers specified"));
    }
    let kind = args.last_of("EFGP").unwrap_or('G');
    let ignore_case =
        args.given().iter().rev().find_map(|given| match (given.opt.short, given.opt.long) {
            (Some('i' | 'y'), _) => Some(true),
            (_, Some("no-ignore-case")) => Some(false),
            _ => None,
        });
    let flags = Flags {
        ignore_case: ignore_case.unwrap_or(false),
        lines: Lines::Separate(if args.has('z') { 0 } else { b'\n' }),
        bytes: ctx.bytes_locale(),
        nested_repeats: false,
    };
    let regex = match kind {
        'F' => Regex::literals(&patterns, flags),
        'P' if patterns.len() > 1 => {
            return Err(trouble("the -P option only supports a single pattern"));
        }
        'P' => {
            return Ok((
                Some(perl(patterns.first().copied().unwrap_or_default(), flags, args)?),
                files,
            ));
        }
        'E' => Regex::any_of(&patterns, &Syntax::EGREP, flags),
        _ => Regex::any_of(&patterns, &Syntax::GREP, flags),
    };
    let regex = regex.and_then(|regex| {
        if args.has('x') {
            regex.whole_lines()
        } else if args.has('w') {
            regex.whole_words()
        } else {
            Ok(regex)
        }
    });
    let regex = regex.map_err(|error| trouble(error.to_string()))?;
    for warning in regex.warnings() {
        ctx.complain(format_args!("warning: {warning}"))?;
    }
    Ok((Some(regex), files))
}

fn perl(pattern: &[u8], flags: Flags, args: &Args) -> Result<Regex, CommandError> {
    let regex = Regex::perl(pattern, flags).map_err(|error| trouble(error.to_string()))?;
    let wrapped: Result<Regex, RegexError> = if args.has('x') {
        regex.whole_lines()
    } else if args.has('w') {
        regex.whole_words()
    } else {
        Ok(regex)
    };
    wrapped.map_err(|error| trouble(error.to_string()))
}

/// The text of all patterns, separated by newlines.
fn patterns<'a>(
    ctx: &mut Context<'_>,
    args: &'a Args,
) -> Result<(Option<BString>, &'a [BString]), CommandError> {
    let mut all: Vec<BString> = Vec::new();
    let mut given = false;
    for option in args.given() {
        let Some(value) = &option.value else { continue };
        match option.opt.short {
            Some('e') => all.push(value.clone()),
            Some('f') => all.extend(file_patterns(ctx, value.as_bstr())?),
            _ => continue,
        }
        given = true;
    }
    if given {
        let text = (!all.is_empty()).then(|| BString::from(bstr::join("\n", all)));
        return Ok((text, args.operands()));
    }
    match args.operands().split_first() {
        Some((pattern, files)) => Ok((Some(pattern.clone()), files)),
        None => Err(usage("")),
    }
}

fn file_patterns(ctx: &mut Context<'_>, name: &BStr) -> Result<Vec<BString>, CommandError> {
    let mut lines = Vec::new();
    let mut read = |input: &mut Input| -> FsResult<()> {
        while let Some(line) = input.line(b'\n')? {
            lines.push(BString::from(line.strip_suffix(b"\n").unwrap_or(&line)));
        }
        Ok(())
    };
    let done = if name == "-" {
        read(&mut ctx.stdin)
    } else {
        ctx.open(name).and_then(|mut input| read(&mut input))
    };
    match done {
        Ok(()) => Ok(lines),
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        Err(error) => Err(trouble(format!("{name}: {error}"))),
    }
}
