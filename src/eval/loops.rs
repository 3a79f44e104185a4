//! `while`, `until`, `for`, `for ((…))` and `select`.

use bstr::ByteSlice;

use super::{Eval, Step, Unwind, expand};
use crate::state::{Str, names};
use crate::syntax::ast::{ArithExpr, ArithFor, Command, For, List, While};

/// What a turn of a loop means for the loop.
enum Turn {
    Next(u8),
    Stop(u8),
}

/// Runs a body once, and takes the `break` and `continue` that are meant for this loop.
fn turn(eval: &mut Eval, body: &List) -> Result<Turn, Unwind> {
    // A trap that is due may leave the loop as well.
    match eval.tick().and_then(|()| eval.list(body)) {
        Ok(status) => Ok(Turn::Next(status)),
        Err(Unwind::Break(1)) => Ok(Turn::Stop(eval.shell.status)),
        Err(Unwind::Break(more)) => Err(Unwind::Break(more - 1)),
        Err(Unwind::Continue(1)) => Ok(Turn::Next(eval.shell.status)),
        Err(Unwind::Continue(more)) => Err(Unwind::Continue(more - 1)),
        Err(other) => Err(other),
    }
}

/// What a condition came to.
struct Tested {
    status: u8,
    /// By `break`, which is meant for the same loop.
    breaks: bool,
}

/// `break` and `continue` in a condition are meant for the same loop.
fn condition(eval: &mut Eval, list: &List) -> Result<Tested, Unwind> {
    let before = std::mem::replace(&mut eval.rt.errexit_ignored, true);
    let tested = eval.tick().and_then(|()| eval.list(list));
    eval.rt.errexit_ignored = before;
    match tested {
        Ok(status) => Ok(Tested { status, breaks: false }),
        Err(Unwind::Break(1)) => Ok(Tested { status: eval.shell.status, breaks: true }),
        Err(Unwind::Break(more)) => Err(Unwind::Break(more - 1)),
        Err(Unwind::Continue(1)) => Ok(Tested { status: eval.shell.status, breaks: false }),
        Err(Unwind::Continue(more)) => Err(Unwind::Continue(more - 1)),
        Err(other) => Err(other),
    }
}

fn looping(eval: &mut Eval, run: impl FnOnce(&mut Eval) -> Step) -> Step {
    eval.rt.loops += 1;
    let step = run(eval);
    eval.rt.loops -= 1;
    step
}

pub fn while_(eval: &mut Eval, node: &While) -> Step {
    looping(eval, |eval| {
        let mut status = 0;
        loop {
            let tested = condition(eval, &node.condition)?;
            if (tested.status == 0) == node.until {
                return Ok(status);
            }
            if tested.breaks {
                return Ok(tested.status);
            }
            match turn(eval, &node.body)? {
                Turn::Next(last) => status = last,
                Turn::Stop(last) => return Ok(last),
            }
        }
    })
}

/// The words of a `for` or `select`, expanded.
fn words(eval: &mut Eval, node: &For) -> Result<Vec<Str>, Unwind> {
    match &node.words {
        None => Ok(eval.shell.positional.as_slice().to_vec()),
        Some(words) => {
            let mut fields = Vec::new();
            let done = expand::words(&mut eval.shell, &mut eval.rt, words, &mut fields);
            done.map_err(|error| eval.expand_failed(error))?;
            Ok(fields)
        }
    }
}

fn check_name(eval: &mut Eval, node: &For) -> Result<bool, Unwind> {
    if names::is_identifier(&node.name) {
        return Ok(true);
    }
    eval.complain(&[b"`", &node.name, b"': not a valid identifier"]);
    Ok(false)
}

pub fn for_(eval: &mut Eval, node: &For, command: &Command) -> Step {
    if !check_name(eval, node)? {
        return Ok(1);
    }
    let fields = words(eval, node)?;
    let line = eval.shell.line;
    looping(eval, |eval| {
        let mut status = 0;
        for field in fields {
            eval.shell.line = line;
            eval.debug_trap(command)?;
            if eval.wants_tracing() {
                eval.trace_for(node, "for");
            }
            if !eval.set_loop_variable(node.symbol, field)? {
                return Ok(1);
            }
            match turn(eval, &node.body)? {
                Turn::Next(last) => status = last,
                Turn::Stop(last) => return Ok(last),
            }
        }
        Ok(status)
    })
}

fn arith(eval: &mut Eval, part: Option<&ArithExpr>, otherwise: i64) -> Result<Option<i64>, Unwind> {
    let Some(expr) = part else {
        // Bash puts a 1 there.
        if !eval.shell.traps.is_empty() {
            eval.shell.command = Str::new(b"((1))");
            eval.debug_trap_now()?;
        }
        if eval.wants_tracing() {
            eval.trace(b"(( 1 ))");
        }
        return Ok(Some(otherwise));
    };
    if !eval.shell.traps.is_empty() {
        let text: &[u8] = &expr.text;
        eval.shell.command = Str::from([b"((", text, b"))"].concat());
        eval.debug_trap_now()?;
    }
    match eval.arith(expr) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            eval.arith_failed(b"((", error)?;
            Ok(None)
        }
    }
}

pub fn arith_for(eval: &mut Eval, node: &ArithFor) -> Step {
    let line = eval.shell.line;
    looping(eval, |eval| {
        if arith(eval, node.init.as_ref(), 0)?.is_none() {
            return Ok(1);
        }
        let mut status = 0;
        loop {
            eval.shell.line = line;
            match arith(eval, node.condition.as_ref(), 1)? {
                None => return Ok(1),
                Some(0) => return Ok(status),
                Some(_) => {}
            }
            match turn(eval, &node.body)? {
                Turn::Next(last) => status = last,
                Turn::Stop(last) => return Ok(last),
            }
            eval.shell.line = line;
            if arith(eval, node.update.as_ref(), 0)?.is_none() {
                return Ok(1);
            }
        }
    })
}

pub fn select(eval: &mut Eval, node: &For, command: &Command) -> Step {
    if !check_name(eval, node)? {
        return Ok(1);
    }
    let fields = words(eval, node)?;
    if fields.is_empty() {
        return Ok(0);
    }
    let line = eval.shell.line;
    eval.debug_trap(command)?;
    if eval.wants_tracing() {
        eval.trace_for(node, "select");
    }
    looping(eval, |eval| {
        let mut shown = false;
        loop {
            eval.tick()?;
            eval.shell.line = line;
            let Some(answer) = ask(eval, &fields, &mut shown)? else {
                if let Some(stream) = eval.writable(1) {
                    drop(stream.write("\n".into(), &eval.shell.cancel));
                }
                return Ok(1);
            };
            let number = answer.trim().to_str().ok().and_then(|text| text.parse::<usize>().ok());
            let chosen = number.and_then(|number| fields.get(number.checked_sub(1)?));
            let value = chosen.cloned().unwrap_or(Str::EMPTY);
            if !eval.set_loop_variable(node.symbol, value)? {
                return Ok(1);
            }
            match turn(eval, &node.body)? {
                Turn::Next(_) => {}
                Turn::Stop(last) => return Ok(last),
            }
            // The menu comes again only after an empty answer, or if `REPLY` was emptied.
            shown = eval.shell.scalar(names::REPLY).is_some_and(|reply| !reply.is_empty());
        }
    })
}

/// Shows the menu if it is due and reads an answer that isn't empty; `None` at the end of the input.
fn ask(eval: &mut Eval, fields: &[Str], shown: &mut bool) -> Result<Option<Vec<u8>>, Unwind> {
    loop {
        if !*shown {
            let menu = menu(eval, fields);
            eval.put_error(&menu);
        }
        let prompt = eval.shell.scalar(names::PS3).unwrap_or_else(|| Str::new(b"#? "));
        eval.put_error(&prompt);
        let Some(line) = eval.read_input_line()? else { return Ok(None) };
        eval.set_simple(names::REPLY, Str::new(&line))?;
        if !line.is_empty() {
            return Ok(Some(line));
        }
        *shown = false;
    }
}

/// The list in columns, as wide as `COLUMNS` (80) allows.
fn menu(eval: &Eval, fields: &[Str]) -> Vec<u8> {
    let columns = eval.shell.scalar(names::COLUMNS);
    let width = columns.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
    let width = width.filter(|&width| width > 0).unwrap_or(80);
    let digits = fields.len().to_string().len();
    let longest = fields.iter().map(|field| field.chars().count()).max().unwrap_or(0);
    let cell = longest + digits + 2 + 2;
    let per_row = (width / cell).max(1);
    let mut rows = fields.len().div_ceil(per_row);
    // A single row would be a column turned on its side.
    if rows == 1 {
        rows = fields.len();
    }
    let mut out = Vec::new();
    for row in 0..rows {
        let mut at = row;
        let mut position = 0;
        while let Some(field) = fields.get(at) {
            let number = at + 1;
            // The first column is only as wide as its own numbers.
            let width = if at < rows { rows.to_string().len() } else { digits };
            let label = format!("{number:>width$}) ");
            out.extend_from_slice(label.as_bytes());
            out.extend_from_slice(field);
            let used = label.len() + field.chars().count();
            at += rows;
            if at >= fields.len() {
                break;
            }
            indent(&mut out, position + used, position + cell);
            position += cell;
        }
        out.push(b'\n');
    }
    out
}

/// Goes from one column to another with tabs where they fit, as bash does.
fn indent(out: &mut Vec<u8>, mut from: usize, to: usize) {
    while from < to {
        if to / 8 > from / 8 {
            out.push(b'\t');
            from += 8 - from % 8;
        } else {
            out.push(b' ');
            from += 1;
        }
    }
}
