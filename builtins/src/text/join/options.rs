//! What `join` is asked to do.

use std::cmp::Ordering;

use crate::prelude::*;
use crate::text::number::{NumberFault, integer, no_suffix};

/// When disorder is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Never,
    /// Once a line had no partner.
    Lazily,
    /// At once, and it ends the command.
    Always,
}

/// A piece of `-o`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Joined,
    /// File (0 or 1) and field, counted from 0.
    Of(usize, usize),
}

#[derive(Debug)]
pub(super) struct Rules {
    /// Of each file, the field that is compared.
    pub fields: [usize; 2],
    pub unpairable: [bool; 2],
    pub pairable: bool,
    pub filler: BString,
    pub ignore_case: bool,
    pub format: Vec<Field>,
    pub auto: bool,
    /// What separates fields; blanks if `None`.
    pub tab: Option<u8>,
    pub separator: u8,
    pub check: Check,
    pub header: bool,
    pub end: u8,
}

impl Rules {
    pub fn compare(&self, left: &[u8], right: &[u8]) -> Ordering {
        if !self.ignore_case {
            return left.cmp(right);
        }
        let upper = |byte: &u8| byte.to_ascii_uppercase();
        left.iter().map(upper).cmp(right.iter().map(upper))
    }
}

pub(super) fn rules(args: &Args) -> Result<Rules, CommandError> {
    let mut rules = Rules {
        fields: [0; 2],
        unpairable: [false; 2],
        pairable: true,
        filler: BString::default(),
        ignore_case: args.has('i'),
        format: Vec::new(),
        auto: false,
        tab: None,
        separator: b' ',
        check: Check::Lazily,
        header: args.has("header"),
        end: if args.has('z') { 0 } else { b'\n' },
    };
    let mut fields = [None; 2];
    let mut filler: Option<BString> = None;
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match given.opt.short {
            Some(letter @ ('a' | 'v')) => {
                if letter == 'v' {
                    rules.pairable = false;
                }
                match integer(&text, no_suffix) {
                    Ok(1) => rules.unpairable[0] = true,
                    Ok(2) => rules.unpairable[1] = true,
                    _ => return Err(invalid_field(&text)),
                }
            }
            Some('e') => {
                if filler.as_ref().is_some_and(|before| *before != text) {
                    return Err(failure("conflicting empty-field replacement strings"));
                }
                filler = Some(text);
            }
            Some('1') => set(&mut fields[0], number(&text)?)?,
            Some('2') => set(&mut fields[1], number(&text)?)?,
            Some('j') => {
                let field = number(&text)?;
                set(&mut fields[0], field)?;
                set(&mut fields[1], field)?;
            }
            Some('o') if text == "auto" => rules.auto = true,
            Some('o') => format(&text, &mut rules.format)?,
            Some('t') => {
                let tab = match &text[..] {
                    b"" => b'\n',
                    b"\\0" => 0,
                    [byte] => *byte,
                    _ => return Err(failure(format!("multi-character tab {}", marked(&text)))),
                };
                if rules.tab.is_some_and(|before| before != tab) {
                    return Err(failure("incompatible tabs"));
                }
                rules.tab = Some(tab);
                rules.separator = tab;
            }
            _ => {}
        }
        match given.opt.long {
            Some("check-order") => rules.check = Check::Always,
            Some("nocheck-order") => rules.check = Check::Never,
            _ => {}
        }
    }
    rules.fields = fields.map(|field| field.unwrap_or(0));
    rules.filler = filler.unwrap_or_default();
    Ok(rules)
}

fn invalid_field(text: &[u8]) -> CommandError {
    failure(format!("invalid field number: {}", marked(text)))
}

/// A field number, from 0.
fn number(text: &[u8]) -> Result<usize, CommandError> {
    match integer(text, no_suffix) {
        Ok(field) if field > 0 => Ok(usize::try_from(field - 1).unwrap_or(usize::MAX)),
        Err(NumberFault::TooLarge) if !text.starts_with(b"-") => Ok(usize::MAX),
        _ => Err(invalid_field(text)),
    }
}

fn set(slot: &mut Option<usize>, field: usize) -> Result<(), CommandError> {
    match *slot {
        Some(before) if before != field => {
            let (before, field) = (before + 1, field.saturating_add(1));
            Err(failure(format!("incompatible join fields {before}, {field}")))
        }
        _ => {
            *slot = Some(field);
            Ok(())
        }
    }
}

fn format(text: &[u8], fields: &mut Vec<Field>) -> Result<(), CommandError> {
    for piece in text.split(|byte| matches!(byte, b',' | b' ' | b'\t')) {
        let shown = marked(piece);
        let field = match piece {
            b"0" => Field::Joined,
            [b'1' | b'2', b'.', digits @ ..] => {
                Field::Of(usize::from(piece.first() == Some(&b'2')), number(digits)?)
            }
            [b'0' | b'1' | b'2', ..] => {
                return Err(failure(format!("invalid field specifier: {shown}")));
            }
            _ => return Err(failure(format!("invalid file number in field spec: {shown}"))),
        };
        fields.push(field);
    }
    Ok(())
}

/// Rewrites what was written in old days: `-j1 FIELD`, and formats in several words after `-o`.
/// `extra` is how many operands there are beyond two.
pub(super) fn modern(argv: &[BString], mut extra: usize) -> Vec<BString> {
    let is_format = |word: &BString| {
        let known = |byte: &u8| byte.is_ascii_digit() || b"., \t".contains(byte);
        !word.is_empty() && word.iter().all(known)
    };
    let mut words = argv.iter().peekable();
    let mut modern: Vec<BString> = Vec::with_capacity(argv.len());
    let mut late: Vec<BString> = Vec::new();
    while let Some(word) = words.next() {
        match &word[..] {
            b"--" => {
                modern.append(&mut late);
                modern.push(word.clone());
                modern.extend(words.by_ref().cloned());
            }
            [b'-', b'j', file @ (b'1' | b'2')] if extra > 0 => {
                let Some(field) = words.next() else { break };
                late.push(BString::from(vec![b'-', *file]));
                late.push(field.clone());
                extra -= 1;
            }
            b"-o" => {
                modern.push(word.clone());
                let mut format = words.next().cloned().unwrap_or_default();
                while extra > 0
                    && let Some(more) = words.next_if(|word| is_format(word))
                {
                    format.push(b' ');
                    format.extend_from_slice(more);
                    extra -= 1;
                }
                modern.push(format);
            }
            [b'-', b'a' | b'e' | b'j' | b't' | b'v' | b'1' | b'2'] => {
                modern.push(word.clone());
                modern.extend(words.next().cloned());
            }
            // `-jN` comes after all others, as it may be the old form.
            [b'-', b'j', b'1' | b'2'] => late.push(word.clone()),
            _ => modern.push(word.clone()),
        }
    }
    let end = modern.iter().position(|word| word == "--").unwrap_or(modern.len());
    modern.splice(end..end, late);
    modern
}
