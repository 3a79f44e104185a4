//! Brace expansion: one word becomes several.

use super::error::Expanded;
use crate::state::Str;
use crate::syntax::ast::{Brace, BraceRange, ParamName, Text, WordPart};
use crate::syntax::symbol::Symbol;
use std::borrow::Cow;

/// A part of a word after brace expansion.
#[derive(Debug, Clone)]
pub(super) enum Piece<'a> {
    Part(&'a WordPart),
    Text(Cow<'a, [u8]>),
    /// A variable whose name braces made longer.
    Name(Symbol),
}

impl Piece<'_> {
    pub fn has_tilde(&self) -> bool {
        match self {
            Self::Part(WordPart::Literal(text)) => text.contains(&b'~'),
            Self::Part(_) | Self::Name(_) => false,
            Self::Text(text) => text.contains(&b'~'),
        }
    }

    pub fn to_part(&self) -> WordPart {
        match self {
            Self::Part(part) => (*part).clone(),
            Self::Name(symbol) => WordPart::Var(ParamName::Variable(*symbol)),
            Self::Text(text) => {
                let text: Box<[u8]> = text.to_vec().into();
                WordPart::Literal(Text::from(text))
            }
        }
    }
}

/// How many words `parts` make.
pub(super) fn count(parts: &[WordPart]) -> u64 {
    parts.iter().fold(1, |product: u64, part| {
        let WordPart::Brace(brace) = part else { return product };
        let words = match &**brace {
            Brace::List(alternatives) => {
                alternatives.iter().fold(0u64, |sum, parts| sum.saturating_add(count(parts)))
            }
            Brace::Range(range) => {
                range.first.abs_diff(range.last) / range.step.unsigned_abs().max(1) + 1
            }
        };
        product.saturating_mul(words)
    })
}

/// What is still to be expanded.
enum Rest<'r, 'a> {
    End,
    Parts(&'a [WordPart], &'r Rest<'r, 'a>),
}

type Take<'t, 'a> = &'t mut dyn FnMut(&[Piece<'a>]) -> Expanded<()>;

/// Calls `take` with the pieces of each word that `parts` make, in bash's order.
pub(super) fn expand<'a>(parts: &'a [WordPart], take: Take<'_, 'a>) -> Expanded<()> {
    walk(&Rest::Parts(parts, &Rest::End), &mut Vec::new(), take)
}

fn walk<'a>(rest: &Rest<'_, 'a>, done: &mut Vec<Piece<'a>>, take: Take<'_, 'a>) -> Expanded<()> {
    let (parts, after) = match rest {
        Rest::End => return take(done),
        Rest::Parts(parts, after) => (*parts, *after),
    };
    let before = done.len();
    for (at, part) in parts.iter().enumerate() {
        let WordPart::Brace(brace) = part else {
            done.push(Piece::Part(part));
            continue;
        };
        let rest = Rest::Parts(parts.get(at + 1..).unwrap_or_default(), after);
        let base = done.len();
        match &**brace {
            Brace::List(alternatives) => {
                for alternative in alternatives {
                    walk(&Rest::Parts(alternative, &rest), done, take)?;
                    done.truncate(base);
                }
            }
            Brace::Range(range) => {
                let mut value = Some(range.first);
                while let Some(now) = value {
                    done.push(Piece::Text(Cow::Owned(range_text(range, now))));
                    walk(&rest, done, take)?;
                    done.truncate(base);
                    value = now.checked_add(range.step).filter(|next| {
                        if range.step > 0 { *next <= range.last } else { *next >= range.last }
                    });
                }
            }
        }
        done.truncate(before);
        return Ok(());
    }
    walk(after, done, take)?;
    done.truncate(before);
    Ok(())
}

fn range_text(range: &BraceRange, value: i64) -> Vec<u8> {
    if range.letters {
        let byte = value.clamp(0, 255) as u8;
        // A backslash would quote what follows it.
        return if byte == b'\\' { Vec::new() } else { vec![byte] };
    }
    if range.width == 0 {
        return Str::number(value).to_vec();
    }
    let width = range.width as usize;
    let digits = width.saturating_sub(usize::from(value < 0));
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:0digits$}", value.unsigned_abs()).into_bytes()
}

/// The parts as they were written, for when brace expansion is off.
pub(super) fn unexpanded<'a>(parts: &'a [WordPart], out: &mut Vec<Piece<'a>>) {
    let text = |text: &'static [u8]| Piece::Text(Cow::Borrowed(text));
    for part in parts {
        let WordPart::Brace(brace) = part else {
            out.push(Piece::Part(part));
            continue;
        };
        match &**brace {
            Brace::Range(range) => out.push(Piece::Text(Cow::Borrowed(&range.text))),
            Brace::List(alternatives) => {
                for (at, alternative) in alternatives.iter().enumerate() {
                    out.push(text(if at == 0 { b"{" } else { b"," }));
                    unexpanded(alternative, out);
                }
                out.push(text(b"}"));
            }
        }
    }
}
