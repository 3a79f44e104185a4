//! `printf`: format and print data. What the shell has built in, with GNU's wording.
use crate::core::printf::{self, Fault};
use crate::core::strftime;
use crate::prelude::*;

pub const PRINTF: Command = Command {
    name: "printf",
    synopsis: "printf FORMAT [ARGUMENT]...\nprintf OPTION",
    summary: "Print ARGUMENT(s) according to FORMAT.",
    examples: &[Example {
        about: "A table of two columns.",
        script: "/usr/bin/printf '%-4s|%03d\\n' a 1 bc 22",
        prints: "a   |001\nbc  |022\n",
    }],
    order: Order::Raw,
    run: printf,
    ..Command::BASE
};

/// How much one call may print, in bytes.
const BYTES_MAX: usize = 64 << 20;

struct World<'a> {
    now_s: i64,
    zone: Option<&'a [u8]>,
    complaints: Vec<Vec<u8>>,
}

impl printf::Host for World<'_> {
    fn fault(&mut self, fault: &Fault<'_>) {
        self.complaints.push(said(fault));
    }

    fn bad_directive(&mut self, directive: &[u8]) {
        let shown = [directive, b": invalid conversion specification"].concat();
        self.complaints.push(shown);
    }

    fn takes_lone_quotes(&self) -> bool {
        false
    }

    fn time(&mut self, format: &[u8], seconds: i64) -> Vec<u8> {
        let seconds = if seconds < 0 { self.now_s } else { seconds };
        strftime::strftime(format, seconds, &strftime::zone(self.zone))
    }

    fn quote(&mut self, text: &[u8]) -> Vec<u8> {
        quoted_as_needed(text).to_string().into_bytes()
    }
}

/// A fault in GNU's words.
fn said(fault: &Fault<'_>) -> Vec<u8> {
    let message = match fault {
        Fault::NotNumber(word, _) => {
            let digits = word.trim_ascii_start().iter().take_while(|b| b.is_ascii_digit()).count();
            let reason = if digits > 0 {
                "value not completely converted"
            } else {
                "expected a numeric value"
            };
            format!("{}: {reason}", marked(word))
        }
        Fault::OutOfRange(word) => format!("{}: Numerical result out of range", marked(word)),
        Fault::NoHexDigit | Fault::NoUnicodeDigit(_) => {
            "missing hexadecimal number in escape".into()
        }
        Fault::NotTime(letter) => {
            let letter = letter.map(|byte| char::from(byte).to_string()).unwrap_or_default();
            format!("%({letter}: invalid conversion specification")
        }
        Fault::BadConversion(letter) => {
            format!("%{}: invalid conversion specification", char::from(*letter))
        }
        Fault::NoConversion(directive) => {
            let shown = String::from_utf8_lossy(directive);
            format!("{shown}: invalid conversion specification")
        }
        Fault::TooLarge => "output too large".into(),
    };
    message.into_bytes()
}

fn printf(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut operands = args.operands();
    if let [first, rest @ ..] = operands {
        let help = match first.as_bytes() {
            b"--help" if rest.is_empty() => Some(crate::args::help_text(&PRINTF)),
            b"--version" if rest.is_empty() => Some(crate::args::version_text(&PRINTF)),
            _ => None,
        };
        if let Some(text) = help {
            ctx.stdout.put(text.as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        if first == "--" {
            operands = rest;
        }
    }
    let Some((format, rest)) = operands.split_first() else {
        return Err(usage("missing operand"));
    };
    let zone = ctx.var("TZ").map(|zone| zone.to_vec());
    let mut world =
        World { now_s: ctx.clock.now_s(), zone: zone.as_deref(), complaints: Vec::new() };
    // `\c` ends everything, in the format too.
    let (format, rest) = match stop(format) {
        Some(at) => (&format[..at], if takes_arguments(&format[..at]) { rest } else { &[][..] }),
        None => (&format[..], rest),
    };
    let mut out = Vec::new();
    let printed = printf::printf(format, rest, &mut out, BYTES_MAX, &mut world);
    let World { complaints, .. } = world;
    ctx.stdout.put(&out)?;
    let faults = complaints.len();
    if faults > 0 {
        ctx.stdout.flush()?;
    }
    for complaint in complaints {
        ctx.complain_bytes(&complaint)?;
    }
    if !rest.is_empty() && !takes_arguments(format) && printed.status == 0 {
        let shown = marked(&rest[0]);
        ctx.complain(format_args!("warning: ignoring excess arguments, starting with {shown}"))?;
    }
    let failed = printed.status != 0 || faults > 0;
    Ok(if failed { ExitStatus::FAILURE } else { ExitStatus::SUCCESS })
}

/// Where the format has a `\c`.
fn stop(format: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &format[at..]) {
        if format.get(at + found + 1) == Some(&b'c') {
            return Some(at + found);
        }
        at = (at + found + 2).min(format.len());
    }
    None
}

/// Whether the format has a conversion.
fn takes_arguments(format: &[u8]) -> bool {
    let mut rest = format;
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest.get(at + 1) {
            Some(b'%') => rest = &rest[at + 2..],
            Some(_) => return true,
            None => return false,
        }
    }
    false
}
