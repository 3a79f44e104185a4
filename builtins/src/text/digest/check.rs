//! `-c`: reads lines of digests and compares them with the files that they name.

use super::hash::Algorithm;
use super::print::{digest, escape};
use crate::prelude::*;
use crate::text::operands::with_input;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loudness {
    Normal,
    Warn,
    Quiet,
    Status,
}

#[derive(Debug)]
pub(super) struct Rules {
    pub loudness: Loudness,
    pub ignore_missing: bool,
    pub strict: bool,
}

/// What a list came to.
#[derive(Debug, Default)]
struct Counts {
    proper: u64,
    improper: u64,
    mismatched: u64,
    unreadable: u64,
    matched: bool,
}

/// A line of a list.
struct Line {
    algorithm: Algorithm,
    digest: String,
    name: BString,
}

pub(super) fn check(
    ctx: &mut Context<'_>,
    operands: &[BString],
    algorithm: Option<Algorithm>,
    rules: &Rules,
) -> CommandResult {
    let stdin = [BString::from("-")];
    let operands = if operands.is_empty() { &stdin[..] } else { operands };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        if !list(ctx, operand, algorithm, rules)? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// Checks one list; whether all is well.
fn list(
    ctx: &mut Context<'_>,
    operand: &BString,
    algorithm: Option<Algorithm>,
    rules: &Rules,
) -> Result<bool, CommandError> {
    let shown = match &operand[..] {
        b"-" => BString::from("standard input"),
        name => name.into(),
    };
    let shown = quoted_name(&shown);
    let mut counts = Counts::default();
    let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
        let mut parser = Parser { algorithm, one_space: None };
        let mut number = 0u64;
        loop {
            let line = match input.line(b'\n') {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => return Ok(Some(error)),
            };
            number += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            // Standard input is the list itself.
            let parsed = parser.line(line).filter(|line| !(operand == "-" && line.name == "-"));
            match parsed {
                Some(line) => {
                    counts.proper += 1;
                    verify(ctx, &line, rules, &mut counts)?;
                }
                None => {
                    counts.improper += 1;
                    if rules.loudness == Loudness::Warn {
                        ctx.stdout.flush()?;
                        let name = parser.algorithm.unwrap_or(Algorithm::Crc).name();
                        ctx.complain(format!(
                            "{shown}: {number}: improperly formatted {name} checksum line"
                        ))?;
                    }
                }
            }
        }
    })?;
    ctx.stdout.flush()?;
    match done {
        Ok(None) => {}
        Ok(Some(_)) => {
            ctx.complain(format!("{shown}: read error"))?;
            return Ok(false);
        }
        Err(error) => {
            ctx.complain(format!("{shown}: {error}"))?;
            return Ok(false);
        }
    }
    summarize(ctx, &shown, &counts, rules)?;
    Ok(counts.proper > 0
        && (counts.matched || !rules.ignore_missing)
        && counts.mismatched == 0
        && counts.unreadable == 0
        && !(rules.strict && counts.improper > 0))
}

fn verify(
    ctx: &mut Context<'_>,
    line: &Line,
    rules: &Rules,
    counts: &mut Counts,
) -> Result<(), CommandError> {
    let escaped = escape(&line.name);
    let mut shown = if escaped.is_some() { b"\\".to_vec() } else { Vec::new() };
    shown.extend_from_slice(escaped.as_deref().unwrap_or(&line.name));
    let verdict = match digest(ctx, line.name.as_bstr(), line.algorithm)? {
        Ok(digest) if digest.eq_ignore_ascii_case(&line.digest) => {
            counts.matched = true;
            if matches!(rules.loudness, Loudness::Quiet | Loudness::Status) {
                return Ok(());
            }
            ": OK\n"
        }
        Ok(_) => {
            counts.mismatched += 1;
            ": FAILED\n"
        }
        Err(error) if rules.ignore_missing && error.errno() == Errno::NoEnt => return Ok(()),
        Err(error) => {
            counts.unreadable += 1;
            ctx.stdout.flush()?;
            ctx.complain(format!("{}: {error}", quoted_name(&line.name)))?;
            ": FAILED open or read\n"
        }
    };
    if rules.loudness != Loudness::Status {
        shown.extend_from_slice(verdict.as_bytes());
        ctx.stdout.put(&shown)?;
    }
    Ok(())
}

fn summarize(
    ctx: &mut Context<'_>,
    shown: &impl std::fmt::Display,
    counts: &Counts,
    rules: &Rules,
) -> Result<(), CommandError> {
    if counts.proper == 0 {
        return ctx.complain(format!("{shown}: no properly formatted checksum lines found"));
    }
    if rules.loudness == Loudness::Status {
        return Ok(());
    }
    let mut warn = |count: u64, one: &str, many: &str| match count {
        0 => Ok(()),
        1 => ctx.complain(format!("WARNING: 1 {one}")),
        count => ctx.complain(format!("WARNING: {count} {many}")),
    };
    warn(counts.improper, "line is improperly formatted", "lines are improperly formatted")?;
    warn(counts.unreadable, "listed file could not be read", "listed files could not be read")?;
    warn(counts.mismatched, "computed checksum did NOT match", "computed checksums did NOT match")?;
    if rules.ignore_missing && !counts.matched {
        ctx.complain(format!("{shown}: no file was verified"))?;
    }
    Ok(())
}

/// Reads lines, and remembers how the first untagged ones were written.
struct Parser {
    /// `None`: the line's own tag decides.
    algorithm: Option<Algorithm>,
    /// Names come after one space (old BSD), not after a space and a mark.
    one_space: Option<bool>,
}

impl Parser {
    fn line(&mut self, line: &[u8]) -> Option<Line> {
        let line = line.trim_start_with(|letter| matches!(letter, ' ' | '\t'));
        let (escaped, line) = match line.strip_prefix(b"\\") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        if let Some(found) = self.tagged(line, escaped) {
            return found;
        }
        self.untagged(line, self.algorithm?, escaped)
    }

    /// `MD5 (name) = digest`. The outer `None`: there is no such tag.
    fn tagged(&mut self, line: &[u8], escaped: bool) -> Option<Option<Line>> {
        let known = Algorithm::TAGGED
            .into_iter()
            .filter(|known| self.algorithm.is_none_or(|given| given.name() == known.name()));
        // `SHA224` begins as `SHA2` would: the longest name counts.
        let (algorithm, rest) = known
            .filter_map(|known| Some((known, line.strip_prefix(known.name().as_bytes())?)))
            .max_by_key(|(known, _)| known.name().len())?;
        Some(Self::after_tag(algorithm, rest, escaped))
    }

    fn after_tag(algorithm: Algorithm, rest: &[u8], escaped: bool) -> Option<Line> {
        let (algorithm, rest) = match (algorithm, rest.strip_prefix(b"-")) {
            (Algorithm::Blake2b(_), Some(rest)) => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (digits, rest) = rest.split_at(digits);
                let bits: usize = digits.to_str().ok()?.parse().ok()?;
                if bits == 0 || bits > 512 || !bits.is_multiple_of(8) {
                    return None;
                }
                (Algorithm::Blake2b(bits / 8), rest)
            }
            _ => (algorithm, rest),
        };
        let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"(")?;
        let close = rest.rfind_byte(b')')?;
        let (name, rest) = (rest.get(..close)?, rest.get(close + 1..)?);
        let blank = |letter| matches!(letter, ' ' | '\t');
        let rest = rest.trim_start_with(blank).strip_prefix(b"=")?.trim_start_with(blank);
        let digest = hexadecimal(rest, algorithm.bytes())?;
        Some(Line { algorithm, digest, name: name_of(name, escaped)? })
    }

    /// `digest  name`, `digest *name`, or `digest name` if the first such line was so.
    fn untagged(&mut self, line: &[u8], algorithm: Algorithm, escaped: bool) -> Option<Line> {
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let algorithm = match algorithm {
            // The length of the digest tells that of the algorithm.
            Algorithm::Blake2b(_) if digits > 0 && digits % 2 == 0 && digits <= 128 => {
                Algorithm::Blake2b(digits / 2)
            }
            other => other,
        };
        let digest = hexadecimal(line.get(..digits)?, algorithm.bytes())?;
        let rest = line.get(digits..)?;
        if !matches!(rest.first(), Some(b' ' | b'\t')) {
            return None;
        }
        let rest = rest.get(1..)?;
        let name = match rest.first() {
            Some(b' ' | b'*') if rest.len() > 1 && self.one_space != Some(true) => {
                self.one_space = Some(false);
                rest.get(1..)?
            }
            _ if self.one_space == Some(false) => return None,
            Some(b' ' | b'*') if self.one_space.is_none() => {
                self.one_space = Some(true);
                rest
            }
            _ => {
                self.one_space = Some(true);
                rest
            }
        };
        Some(Line { algorithm, digest, name: name_of(name, escaped)? })
    }
}

fn hexadecimal(text: &[u8], bytes: usize) -> Option<String> {
    let fine = text.len() == 2 * bytes && text.iter().all(u8::is_ascii_hexdigit);
    fine.then(|| String::from_utf8_lossy(text).into_owned())
}

fn name_of(name: &[u8], escaped: bool) -> Option<BString> {
    if !escaped {
        return Some(name.into());
    }
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            },
            0 => return None,
            byte => byte,
        });
    }
    Some(out.into())
}
