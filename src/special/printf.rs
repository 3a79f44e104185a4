//! `printf`: to standard output, or with `-v` into a variable.

use mesash_builtins::core::escape::Style;
use mesash_builtins::core::printf::{Fault, Host, printf};
use mesash_builtins::core::strftime;

use super::{Call, Special, options};
use crate::eval::{Eval, Step, expand};
use crate::state::Str;

pub const PRINTF: Special = Special {
    name: "printf",
    synopsis: "[-v var] format [arguments]",
    summary: "Formats and prints ARGUMENTS under control of the FORMAT.",
    run: printf_,
    ..Special::BASE
};

struct Surroundings<'a> {
    eval: &'a Eval,
    call: &'a Call<'a>,
    too_large: bool,
    /// What `%n` found: a name, and how many bytes had been printed.
    counts: Vec<(Str, usize)>,
}

impl Host for Surroundings<'_> {
    fn fault(&mut self, fault: &Fault<'_>) {
        let say = |parts: &[&[u8]]| self.eval.say(self.call, parts);
        match fault {
            Fault::NotNumber(text, 8) => say(&[text, b": invalid octal number"]),
            Fault::NotNumber(text, 16) => say(&[text, b": invalid hex number"]),
            Fault::NotNumber(text, _) => say(&[text, b": invalid number"]),
            Fault::OutOfRange(text) => {
                say(&[b"warning: ", text, b": Numerical result out of range"]);
            }
            Fault::NoHexDigit => say(&[b"missing hex digit for \\x"]),
            Fault::NoUnicodeDigit(letter) => {
                say(&[b"missing unicode digit for \\", &[*letter]]);
            }
            Fault::NotTime(Some(letter)) => {
                say(&[b"warning: `", &[*letter], b"': invalid time format specification"]);
            }
            Fault::NotTime(None) => say(&[b"warning: `\0': invalid time format specification"]),
            Fault::BadConversion(letter) => {
                say(&[b"`", &[*letter], b"': invalid format character"]);
            }
            Fault::NoConversion(text) => say(&[b"`", text, b"': missing format character"]),
            Fault::TooLarge => {
                self.too_large = true;
                say(&[b"output limit reached"]);
            }
        }
    }

    fn argument_style(&self) -> Style {
        Style::ShellArgument
    }

    fn counts(&self) -> bool {
        true
    }

    fn count(&mut self, name: &[u8], bytes: usize) {
        self.counts.push((Str::new(name), bytes));
    }

    fn time(&mut self, format: &[u8], seconds: i64) -> Vec<u8> {
        let shell = &self.eval.shell;
        let seconds = match seconds {
            -1 => shell.world.clock.now_s(),
            -2 => self.eval.rt.realm.started_s,
            seconds => seconds,
        };
        let zone = strftime::zone(shell.text_of(b"TZ").as_deref());
        strftime::strftime(format, seconds, &zone)
    }
}

fn printf_(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "v:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let Some((format, args)) = given.rest.split_first() else { return eval.usage(call) };
    let most = usize::try_from(eval.shell.budget.limits().memory_bytes).unwrap_or(usize::MAX) / 4;
    let mut out = Vec::with_capacity(64);
    let mut host = Surroundings { eval, call, too_large: false, counts: Vec::new() };
    let printed = printf(format, args, &mut out, most, &mut host);
    for (name, bytes) in std::mem::take(&mut host.counts) {
        if !name.is_empty() {
            let value = Str::number(bytes as i64);
            let set = expand::assign_name(&mut eval.shell, &mut eval.rt, &name, value, false);
            if let Err(error) = set {
                return eval.assignment_failed(call, error);
            }
        }
    }
    let Some(name) = given.value(b'v') else {
        let status = eval.print(call, out)?;
        return Ok(printed.status.max(status));
    };
    if !super::is_reference(name) {
        eval.say(call, &[b"`", name, b"': not a valid identifier"]);
        return Ok(2);
    }
    // A variable ends at its first NUL.
    if let Some(end) = out.iter().position(|&byte| byte == 0) {
        out.truncate(end);
    }
    match Str::charged(out, &eval.shell.budget) {
        Ok(value) => {
            let set = expand::assign_name(&mut eval.shell, &mut eval.rt, name, value, false);
            if let Err(error) = set {
                return eval.assignment_failed(call, error);
            }
            Ok(printed.status)
        }
        Err(limit) => eval.fail(call, &[limit.to_string().as_bytes()]),
    }
}
