//! Where to split.

use crate::prelude::*;
use crate::regex::{Flags, Regex, Syntax};
use crate::text::number::{integer, no_suffix};

#[derive(Debug)]
pub(super) enum What {
    /// Up to but not including this line.
    Line(u64),
    /// Up to a line that matches, and some lines on; with `skip` nothing of it is written.
    Match { regex: Box<Regex>, offset: i64, skip: bool },
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub text: BString,
    pub what: What,
    /// How often again; `None`: as often as possible.
    pub repeat: Option<u64>,
}

pub(super) fn parse(
    ctx: &mut Context<'_>,
    words: &[BString],
) -> Result<Vec<Pattern>, CommandError> {
    let mut patterns: Vec<Pattern> = Vec::new();
    let mut last_line = 0;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let shown = marked(word);
        let what = match word.first() {
            Some(b'/' | b'%') => matching(word)?,
            _ => {
                let Ok(line) = integer(word, no_suffix) else {
                    return Err(failure(format!("{shown}: invalid pattern")));
                };
                let line = u64::try_from(line).unwrap_or(0);
                if line == 0 {
                    return Err(failure(format!("{word}: line number must be greater than zero")));
                }
                if line < last_line {
                    return Err(failure(format!(
                        "line number {shown} is smaller than preceding line number, {last_line}"
                    )));
                }
                if line == last_line {
                    ctx.complain(format!(
                        "warning: line number {shown} is the same as preceding line number"
                    ))?;
                }
                last_line = line;
                What::Line(line)
            }
        };
        let repeat = match words.next_if(|next| next.starts_with(b"{")) {
            None => Some(0),
            Some(count) => repeat(count)?,
        };
        patterns.push(Pattern { text: word.clone(), what, repeat });
    }
    Ok(patterns)
}

fn matching(word: &BString) -> Result<What, CommandError> {
    let delimiter = word.first().copied().unwrap_or(b'/');
    let close = word.iter().rposition(|&byte| byte == delimiter).filter(|at| *at > 0);
    let Some(close) = close else {
        return Err(failure(format!(
            "{word}: closing delimiter '{}' missing",
            char::from(delimiter)
        )));
    };
    let shown = marked(word);
    let after = word.get(close + 1..).unwrap_or_default();
    let offset = match after {
        b"" => 0,
        after => integer(after, no_suffix)
            .ok()
            .and_then(|offset| i64::try_from(offset).ok())
            .ok_or_else(|| failure(format!("{shown}: integer expected after delimiter")))?,
    };
    let pattern = word.get(1..close).unwrap_or_default();
    let regex = Regex::new(pattern, &Syntax::BASIC, Flags::default())
        .map_err(|error| failure(format!("{shown}: invalid regular expression: {error}")))?;
    Ok(What::Match { regex: Box::new(regex), offset, skip: delimiter == b'%' })
}

fn repeat(word: &BString) -> Result<Option<u64>, CommandError> {
    let shown = marked(word);
    let Some(inner) = word.strip_prefix(b"{").and_then(|word| word.strip_suffix(b"}")) else {
        return Err(failure(format!("{shown}: '}}' is required in repeat count")));
    };
    if inner == b"*" {
        return Ok(None);
    }
    match integer(inner, no_suffix) {
        Ok(count) if count >= 0 => Ok(Some(u64::try_from(count).unwrap_or(u64::MAX))),
        _ => {
            let open = word.strip_suffix(b"}").unwrap_or(word);
            let shown = marked(open);
            Err(failure(format!("{shown}}}: integer required between '{{' and '}}'")))
        }
    }
}
