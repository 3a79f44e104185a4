//! `mapfile` and `readarray`.

use std::sync::Arc;

use bytes::Bytes;
use mesafs::Errno;
use mesash_builtins::core::shell_quote;
use mesash_builtins::core::test::integer;
use mesash_builtins::stream::{Input, ReadError};

use super::{Call, Special, options, read_failed, read_line};
use crate::eval::expand::ExpandError;
use crate::eval::{Eval, Step, TextKind};
use crate::state::names::is_identifier;
use crate::state::{IndexedArray, Str};

pub const MAPFILE: Special = Special {
    name: "mapfile",
    synopsis: "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] \
        [-c quantum] [array]",
    summary: "Read lines from the standard input into an indexed array variable.",
    run: mapfile,
    ..Special::BASE
};
pub const READARRAY: Special = Special { name: "readarray", ..MAPFILE };

struct Wish {
    delimiter: u8,
    count: usize,
    origin: Option<i64>,
    skip: usize,
    trim: bool,
    fd: u32,
    callback: Option<Str>,
    quantum: usize,
}

fn mapfile(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "d:n:O:s:tu:C:c:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut wish = Wish {
        delimiter: b'\n',
        count: 0,
        origin: None,
        skip: 0,
        trim: false,
        fd: 0,
        callback: None,
        quantum: 5000,
    };
    for letter in &given.letters {
        let value = letter.value.clone().unwrap_or_default();
        let number = integer(&value).filter(|&number| number >= 0);
        let count = number.and_then(|number| usize::try_from(number).ok());
        let (what, valid): (&[u8], bool) = match letter.letter {
            b'd' => {
                wish.delimiter = value.first().copied().unwrap_or(0);
                (b"", true)
            }
            b't' => {
                wish.trim = true;
                (b"", true)
            }
            b'C' => {
                wish.callback = Some(value.clone());
                (b"", true)
            }
            b'n' => {
                wish.count = count.unwrap_or(0);
                (b": invalid line count", count.is_some())
            }
            b'O' => {
                wish.origin = number;
                (b": invalid array origin", number.is_some())
            }
            b's' => {
                wish.skip = count.unwrap_or(0);
                (b": invalid line count", count.is_some())
            }
            b'c' => {
                wish.quantum = count.unwrap_or(0);
                (b": invalid callback quantum", count.is_some_and(|count| count > 0))
            }
            _ => {
                let fd = number.and_then(|number| u32::try_from(number).ok());
                wish.fd = fd.unwrap_or(0);
                (b": invalid file descriptor specification", fd.is_some())
            }
        };
        if !valid {
            return eval.fail(call, &[&value, what]);
        }
        if letter.letter == b'u' && eval.shell.fds.get(wish.fd).is_none() {
            let text = b": invalid file descriptor: Bad file descriptor";
            return eval.fail(call, &[&value, text]);
        }
    }
    let name = given.rest.first().cloned().unwrap_or_else(|| Str::from("MAPFILE"));
    if name.is_empty() {
        return eval.fail(call, &[b"empty array variable name"]);
    }
    if !is_identifier(&name) {
        return eval.fail(call, &[b"`", &name, b"': not a valid identifier"]);
    }
    fill(eval, call, &wish, &name)
}

fn fill(eval: &mut Eval, call: &Call<'_>, wish: &Wish, name: &Str) -> Step {
    let Some(fd) = eval.shell.fds.get(wish.fd).filter(|fd| fd.readable) else {
        return eval.fail(call, &[b"read error: 0: Bad file descriptor"]);
    };
    let stream = Arc::clone(&fd.stream);
    let mut input = Input::new(Arc::clone(&stream), eval.shell.cancel.clone());
    let symbol = match eval.target_symbol(name) {
        Ok(symbol) => symbol,
        Err(error) => return eval.assignment_failed(call, error.into()),
    };
    let variable = eval.shell.vars.get(symbol);
    if variable.is_some_and(|variable| variable.is_assoc()) {
        return eval.fail(call, &[name, b": not an indexed array"]);
    }
    if wish.origin.is_none()
        && let Err(error) = eval.shell.set_array(symbol, IndexedArray::default())
    {
        return eval.assignment_failed(call, error.into());
    }
    let (cancel, budget) = (eval.shell.cancel.clone(), eval.shell.budget.clone());
    let mut index = wish.origin.unwrap_or(0);
    let mut taken = 0usize;
    let mut skipped = 0;
    while wish.count == 0 || taken < wish.count {
        // With a count, what follows is left for whoever reads next.
        let line = if wish.count > 0 {
            let line = read_line(&*stream, &cancel, wish.delimiter, &budget);
            line.map(|line| (!line.bytes.is_empty()).then(|| line.bytes.into()))
        } else {
            input.line_within(wish.delimiter, &budget)
        };
        let line: Bytes = match line {
            Ok(Some(line)) => line,
            Ok(None) => break,
            // What cannot be read is as good as empty to bash.
            Err(ReadError::Stream(error)) if error.errno() != Errno::Canceled => break,
            Err(error) => return read_failed(eval, call, error, wish.fd),
        };
        if skipped < wish.skip {
            skipped += 1;
            continue;
        }
        let ends = line.last() == Some(&wish.delimiter);
        let text = if ends && (wish.trim || wish.delimiter == 0) {
            line.get(..line.len() - 1).unwrap_or_default()
        } else {
            &line
        };
        taken += 1;
        if let Some(callback) = &wish.callback
            && taken.is_multiple_of(wish.quantum)
        {
            let quoted = shell_quote::backslash(text);
            let command = [callback.as_bytes(), format!(" {index} ").as_bytes(), &quoted].concat();
            eval.run_text(&command, eval.shell.line.max(1), TextKind::Eval)?;
        }
        let set = Str::copied(text, &eval.shell.budget)
            .map_err(ExpandError::from)
            .and_then(|text| Ok(eval.shell.set_index(symbol, index, text)?));
        if let Err(error) = set {
            return eval.assignment_failed(call, error);
        }
        index += 1;
    }
    Ok(0)
}
