//! Functions: definition and call.

use std::sync::Arc;

use mesash_builtins::budget::Resource;

use super::{Eval, Step, Unwind};
use crate::special;
use crate::state::{Event, Frame, FrameKind, FunctionEntry, Group, Opt, ScopeKind, Str, names};
use crate::syntax::ast::Function;

/// What a tree is taken to need for each byte of its text. An estimate: it was not measured.
const TREE_BYTES: usize = 16;

/// `name() { … }`
pub fn define(eval: &mut Eval, function: Arc<Function>) -> Step {
    if function.quoted {
        eval.shell.line = function.line;
        eval.complain(&[b"`", &function.name, b"': not a valid identifier"]);
        return match eval.shell.options.has(Opt::Posix) {
            true => Err(Unwind::Exit(2)),
            false => eval.finish(1),
        };
    }
    let symbol = function.symbol;
    let old = eval.shell.functions.get(symbol);
    if old.is_some_and(|old| old.readonly) {
        eval.complain(&[&function.name, b": readonly function"]);
        return eval.finish(1);
    }
    if eval.shell.options.has(Opt::Posix) && special::is_posix_special(&function.name) {
        eval.complain(&[b"`", &function.name, b"': is a special builtin"]);
        return Err(Unwind::Exit(2));
    }
    let source = match eval.shell.frames.last() {
        Some(frame) => frame.source.clone(),
        None if eval.shell.options.has(Opt::Interactive) => Str::from("main"),
        None => Str::from("environment"),
    };
    let exported = eval.shell.options.has(Opt::AllExport) || old.is_some_and(|old| old.exported);
    let bytes = function.bytes.saturating_mul(TREE_BYTES) as u64;
    let held = match eval.shell.budget.hold(Resource::Memory, bytes) {
        Ok(held) => Some(Arc::new(held)),
        Err(limit) => return Err(eval.expand_failed(limit.into())),
    };
    let entry = FunctionEntry { function, source, exported, readonly: false, traced: false, held };
    eval.shell.functions.set(symbol, Some(Arc::new(entry)));
    Ok(0)
}

/// Calls a function in a scope of its own.
pub fn invoke(eval: &mut Eval, entry: &Arc<FunctionEntry>, args: Vec<Str>) -> Step {
    eval.shell.vars.push(ScopeKind::Function);
    let step = function(eval, entry, args);
    eval.shell.vars.pop();
    step
}

/// Calls a function. The caller has pushed its scope, with the temporary environment in it.
pub fn function(eval: &mut Eval, entry: &Arc<FunctionEntry>, args: Vec<Str>) -> Step {
    check_nesting(eval, entry)?;
    let line = eval.shell.line;
    let extdebug = eval.shell.options.has(Opt::ExtDebug);
    let frame = Frame {
        kind: FrameKind::Function,
        name: Str::new(&entry.function.name),
        source: entry.source.clone(),
        called_from: line,
        arguments: extdebug.then(|| args.clone().into()),
        options: None,
    };
    let args = match eval.positional(args) {
        Ok(args) => args,
        Err(unwind) => {
            eval.rt.depth = eval.rt.depth.saturating_sub(1);
            return Err(unwind);
        }
    };
    let positional = std::mem::replace(&mut eval.shell.positional, args);
    let getopts = eval.shell.getopts;
    eval.shell.frames.push(frame);
    let hidden = eval.rt.hidden;
    let traced = entry.traced || eval.shell.options.has(Opt::FuncTrace);
    if !eval.shell.traps.is_empty() {
        eval.rt.hidden.debug |= !traced;
        eval.rt.hidden.return_ |= !traced;
        eval.rt.hidden.err |= !eval.shell.options.has(Opt::ErrTrace);
    }
    let loops = std::mem::take(&mut eval.rt.loops);
    let negated = std::mem::take(&mut eval.rt.negated);
    let step = body(eval, entry);
    eval.rt.negated = negated;
    // The RETURN trap sees the status from before `return` gave another.
    let step = match step {
        Ok(_) | Err(Unwind::Return(_)) if !eval.shell.traps.is_empty() => {
            eval.run_trap_of(Event::Return, eval.shell.status).and(step)
        }
        step => step,
    };
    let step = match step {
        Err(Unwind::Return(status)) => {
            eval.shell.status = status;
            Ok(status)
        }
        Err(Unwind::Break(_) | Unwind::Continue(_)) => Ok(eval.shell.status),
        other => other,
    };
    eval.rt.loops = loops;
    // A trap that the function set itself is seen from now on.
    eval.rt.hidden = eval.rt.hidden.returning_to(hidden);
    eval.rt.depth = eval.rt.depth.saturating_sub(1);
    let frame = eval.shell.frames.pop();
    if let Some(options) = frame.and_then(|frame| frame.options) {
        eval.shell.options = eval.shell.options.with_group_of(Group::Set, options);
    }
    eval.shell.positional = positional;
    eval.shell.line = line;
    if eval.shell.vars.bound_in(names::OPTIND, eval.shell.vars.depth()).is_some() {
        eval.shell.getopts = getopts;
    }
    step
}

/// The DEBUG trap sees the line of the function first.
fn body(eval: &mut Eval, entry: &FunctionEntry) -> Step {
    if !eval.shell.traps.is_empty() {
        eval.shell.line = entry.function.line;
        eval.debug_trap_now()?;
    }
    eval.command(&entry.function.body)
}

fn check_nesting(eval: &mut Eval, entry: &FunctionEntry) -> Result<(), Unwind> {
    let most = eval.shell.scalar(names::FUNCNEST);
    let most = most.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse::<usize>().ok());
    if let Some(most) = most.filter(|&most| most > 0) {
        let running = eval.shell.frames.iter().filter(|f| f.kind == FrameKind::Function).count();
        if running >= most {
            let level = most.to_string();
            let text = b": maximum function nesting level exceeded (";
            eval.complain(&[&entry.function.name, text, level.as_bytes(), b")"]);
            return Err(Unwind::Discard(1));
        }
    }
    let limit = eval.shell.budget.limits().depth;
    if u64::from(eval.rt.depth) >= limit {
        let level = limit.to_string();
        let text = b": maximum function nesting level exceeded (";
        eval.complain(&[&entry.function.name, text, level.as_bytes(), b")"]);
        return Err(Unwind::Discard(1));
    }
    eval.rt.depth += 1;
    Ok(())
}
