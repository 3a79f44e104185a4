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
    fatal: bool,
}

impl printf::Host for World<'_> {
    fn fault(&mut self, fault: &Fault<'_>) {
        let (message, fatal) = said(fault);
        self.fatal |= fatal;
        self.complaints.push(message);
    }

    fn time(&mut self, format: &[u8], seconds: i64) -> Vec<u8> {
        let seconds = if seconds < 0 { self.now_s } else { seconds };
        strftime::strftime(format, seconds, &strftime::zone(self.zone))
    }
}

/// A fault in GNU's words, and whether it ends everything.
fn said(fault: &Fault<'_>) -> (Vec<u8>, bool) {
    let text = |text: String| text.into_bytes();
    match fault {
        Fault::NotNumber(word, _) => {
            let digits = word.trim_ascii_start().iter().take_while(|b| b.is_ascii_digit()).count();
            let partly = digits > 0;
            let reason =
                if partly { "value not completely converted" } else { "expected a numeric value" };
            (text(format!("{}: {reason}", marked(word))), false)
        }
        Fault::OutOfRange(word) => {
            (text(format!("{}: Numerical result out of range", marked(word))), false)
        }
        Fault::NoHexDigit => (text("missing hexadecimal number in escape".into()), true),
        Fault::NoUnicodeDigit(_) => (text("missing hexadecimal number in escape".into()), true),
        Fault::NotTime(letter) => {
            let letter = letter.map(|byte| char::from(byte).to_string()).unwrap_or_default();
            (text(format!("%({letter}: invalid conversion specification")), true)
        }
        Fault::BadConversion(letter) => {
            (text(format!("%{}: invalid conversion specification", char::from(*letter))), true)
        }
        Fault::NoConversion(directive) => {
            let shown = String::from_utf8_lossy(directive);
            (text(format!("{shown}: invalid conversion specification")), true)
        }
        Fault::TooLarge => (text("output too large".into()), true),
    }
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
    let mut world = World {
        now_s: ctx.clock.now_s(),
        zone: zone.as_deref(),
        complaints: Vec::new(),
        fatal: false,
    };
    let mut out = Vec::new();
    let printed = printf::printf(format, rest, &mut out, BYTES_MAX, &mut world);
    let World { complaints, .. } = world;
    ctx.stdout.put(&out)?;
    if !complaints.is_empty() {
        ctx.stdout.flush()?;
    }
    for complaint in complaints {
        ctx.complain_bytes(&complaint)?;
    }
    if !rest.is_empty() && !takes_arguments(format) && printed.status == 0 {
        let shown = marked(&rest[0]);
        ctx.complain(format_args!("warning: ignoring excess arguments, starting with {shown}"))?;
    }
    Ok(ExitStatus(printed.status))
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
