//! `history` and `fc`: the list belongs to the line editor of an interactive shell, so a script's
//! is empty.

use mesash_builtins::budget::LimitReached;

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::{Opt, Str};

pub const HISTORY: Special = Special {
    name: "history",
    synopsis: "[-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
    summary: "Display or manipulate the history list.",
    run: history,
    ..Special::BASE
};
pub const FC: Special = Special {
    name: "fc",
    synopsis: "[-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]",
    summary: "Display or execute commands from the history list.",
    run: fc,
    ..Special::BASE
};

/// How many lines are kept.
const LINES_MAX: usize = 1000;

impl Eval {
    /// Notes an input for `history`. Only an interactive shell keeps any.
    pub fn note_history(&mut self, line: &[u8]) {
        if !self.shell.options.has(Opt::History) || line.trim_ascii().is_empty() {
            return;
        }
        // A line that is too long to be kept is not.
        let _too_long = self.add_history(line.trim_ascii_end());
    }

    fn add_history(&mut self, line: &[u8]) -> Result<(), LimitReached> {
        let line = Str::copied(line, &self.shell.budget)?;
        if self.rt.history.len() >= LINES_MAX {
            self.rt.history.remove(0);
        }
        self.rt.history.push(line);
        Ok(())
    }
}

fn listed(lines: &[Str], from: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate().skip(from) {
        out.extend_from_slice(format!("{:5}  ", at + 1).as_bytes());
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

fn history(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "acd:npsrw") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if given.has(b'c') {
        eval.rt.history.clear();
        return Ok(0);
    }
    if let Some(offset) = given.value(b'd') {
        let at = std::str::from_utf8(offset).ok().and_then(|text| text.parse::<usize>().ok());
        let at = at.and_then(|at| at.checked_sub(1)).filter(|&at| at < eval.rt.history.len());
        let Some(at) = at else {
            return eval.fail(call, &[offset, b": history position out of range"]);
        };
        eval.rt.history.remove(at);
        return Ok(0);
    }
    if given.has(b's') {
        let line = bstr::join(" ", given.rest);
        return match eval.add_history(&line) {
            Ok(()) => Ok(0),
            Err(limit) => eval.assignment_failed(call, limit.into()),
        };
    }
    if given.has(b'p') {
        let last = eval.rt.history.last().cloned();
        let mut out = Vec::new();
        for arg in given.rest {
            match (&last, arg.as_bytes()) {
                (Some(last), b"!!") => out.extend_from_slice(last),
                (_, text) => out.extend_from_slice(text),
            }
            out.push(b'\n');
        }
        return eval.print(call, out);
    }
    if !given.letters.is_empty() {
        return Ok(0);
    }
    let count = match given.rest.first() {
        None => usize::MAX,
        Some(text) => {
            match std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok()) {
                Some(count) => count,
                None => return eval.fail(call, &[text, b": numeric argument required"]),
            }
        }
    };
    let from = eval.rt.history.len().saturating_sub(count);
    let out = listed(&eval.rt.history, from);
    eval.print(call, out)
}

fn fc(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "e:lnrs") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if eval.rt.history.is_empty() {
        return match given.has(b's') {
            true => eval.fail(call, &[b"no command found"]),
            false => Ok(0),
        };
    }
    if given.has(b's') {
        let Some(last) = eval.rt.history.last().cloned() else { return Ok(0) };
        eval.put_error(&[last.as_bytes(), b"\n"].concat());
        return eval.run_text(&last, 1, crate::eval::TextKind::Eval);
    }
    let from = eval.rt.history.len().saturating_sub(16);
    let mut out = Vec::new();
    for (at, line) in eval.rt.history.iter().enumerate().skip(from) {
        let number = if given.has(b'n') { String::new() } else { (at + 1).to_string() };
        out.extend_from_slice(format!("{number}\t ").as_bytes());
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    eval.print(call, out)
}
