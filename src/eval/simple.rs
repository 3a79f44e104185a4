//! Simple commands: expansion, assignments, redirections, and what the name leads to.

use std::sync::Arc;

use super::expand::{Element, ExpandError};
use super::lookup::Found;
use super::{Eval, Step, Unwind, call, expand, external, redirect};
use crate::special::{self, Call, Special};
use crate::state::{
    Attrs, FunctionEntry, Opt, PipeStatus, ScopeKind, Str, Value, VarError, Variable,
};
use crate::syntax::ast::{AssignValue, Assignment, Command, Simple, Word, WordFlags, WordPart};
use crate::syntax::symbol::Symbol;
use bstr::ByteSlice;

pub fn run(eval: &mut Eval, command: &Command, node: &Simple) -> Step {
    eval.shell.line = command.line;
    if !eval.shell.traps.is_empty() {
        let announced = std::mem::take(&mut eval.rt.announced);
        if !announced && !eval.debug_trap(command)? {
            return Ok(eval.shell.status);
        }
    } else if eval.shell.interner.tells_commands() {
        eval.set_command_text(command);
    }
    if eval.shell.options.has(Opt::NoExec) && !eval.shell.options.has(Opt::Interactive) {
        return Ok(0);
    }
    let mark = eval.rt.substituted.len();
    let step = expanded(eval, command, node);
    if eval.rt.substituted.len() > mark {
        eval.close_substituted(mark);
    }
    let status = step?;
    eval.shell.pipe_status = PipeStatus::One(status);
    if eval.rt.process.has_pending() {
        eval.shell.status = status;
        eval.run_signal_traps()?;
    }
    eval.finish(status)
}

fn expanded(eval: &mut Eval, command: &Command, node: &Simple) -> Step {
    let before = eval.shell.substitutions;
    if node.words.is_empty() {
        return bare(eval, command, &node.assignments, before);
    }
    if eval.shell.options.has(Opt::Keyword)
        && node.words.iter().skip(1).any(|word| word.flags.has(WordFlags::ASSIGNMENT))
    {
        let node = with_keywords(eval, node)?;
        return expanded(eval, command, &node);
    }
    let mut fields = Vec::with_capacity(node.words.len());
    let mut arrays = Vec::new();
    let mut elements = Vec::new();
    let done = match declaration(eval, node) {
        None => expand::words(&mut eval.shell, &mut eval.rt, &node.words, &mut fields),
        Some(Names::Declared) => declared(eval, &node.words, &mut fields, &mut arrays),
        Some(Names::Unset) => unset(eval, &node.words, &mut fields, &mut elements),
    };
    if let Err(error) = done {
        return Err(eval.expand_failed(error));
    }
    let Some(name) = fields.first() else {
        return bare(eval, command, &node.assignments, before);
    };
    let symbol = match node.name {
        Some(symbol) => Some(symbol),
        None => eval.shell.interner.get(name),
    };
    let name = name.clone();
    let last = fields.last().cloned();
    let step = if let Some(function) = symbol.and_then(|symbol| eval.shell.functions.get(symbol)) {
        let function = Arc::clone(function);
        function_call(eval, command, node, &function, fields)
    } else if let Some(builtin) = symbol.and_then(|symbol| eval.rt.builtins.enabled(symbol)) {
        let given = (fields.as_slice(), arrays.as_slice(), elements.as_slice());
        builtin_call(eval, command, node, builtin, given)
    } else {
        external_call(eval, command, node, &name, &fields)
    };
    if let Some(last) = last {
        eval.shell.last_argument = last;
    }
    step
}

/// `set -k`: assignments count wherever they stand among the words.
fn with_keywords(eval: &mut Eval, node: &Simple) -> Result<Simple, Unwind> {
    let mut changed = node.clone();
    let (keywords, words): (Vec<&Word>, Vec<&Word>) =
        node.words.iter().partition(|word| word.flags.has(WordFlags::ASSIGNMENT));
    changed.words = words.into_iter().cloned().collect();
    let mut assignments = Vec::with_capacity(node.assignments.len() + keywords.len());
    for keyword in keywords {
        let text = expand::declaration_word(&mut eval.shell, &mut eval.rt, keyword);
        let text = text.map_err(|error| eval.expand_failed(error))?;
        let Some((name, value)) = text.split_once_str("=") else { continue };
        let (name, append) = match name.strip_suffix(b"+") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Ok(name) = eval.shell.symbol(name) else { continue };
        let parts = [WordPart::Quoted(value.to_vec().into_boxed_slice().into())];
        let flags = WordFlags::CONST | WordFlags::QUOTED;
        let value = AssignValue::Scalar(Word { parts: parts.into(), flags, ..Word::default() });
        let text = keyword.text.clone();
        assignments.push(Assignment { name, subscript: None, append, value, text });
    }
    assignments.extend(node.assignments.iter().cloned());
    changed.assignments = assignments.into();
    Ok(changed)
}

/// What the arguments of a builtin are that names variables.
enum Names {
    /// They may be assignments.
    Declared,
    Unset,
}

fn declaration(eval: &Eval, node: &Simple) -> Option<Names> {
    let builtin = eval.rt.builtins.get(node.name?)?;
    if builtin.declares {
        return Some(Names::Declared);
    }
    if builtin.name == "unset" {
        return Some(Names::Unset);
    }
    // POSIX has `command declare …` read alike.
    if builtin.name != "command" || !eval.shell.options.has(Opt::Posix) {
        return None;
    }
    let names = node.words.iter().map_while(Word::literal);
    let name = names.into_iter().find(|name| *name != "command");
    let declares = special::by_name(name?).is_some_and(|builtin| builtin.declares);
    declares.then_some(Names::Declared)
}

/// The fields of `unset`, and which of them are elements.
fn unset(
    eval: &mut Eval,
    words: &[Word],
    fields: &mut Vec<Str>,
    elements: &mut Vec<(usize, Element)>,
) -> Result<(), ExpandError> {
    for word in words {
        match expand::element_named(&mut eval.shell, &mut eval.rt, word)? {
            Some(element) if element.whole => {
                let name = eval.shell.name(element.symbol);
                let field = [name.as_bytes(), b"[", &element.key, b"]"].concat();
                elements.push((fields.len().saturating_sub(1), element));
                fields.push(Str::from(field));
            }
            _ => {
                expand::words(&mut eval.shell, &mut eval.rt, std::slice::from_ref(word), fields)?;
            }
        }
    }
    Ok(())
}

/// The fields of a command whose arguments may be assignments.
fn declared<'a>(
    eval: &mut Eval,
    words: &'a [Word],
    fields: &mut Vec<Str>,
    arrays: &mut Vec<(usize, &'a Assignment)>,
) -> Result<(), ExpandError> {
    for word in words {
        if let [WordPart::Array(assignment)] = &*word.parts {
            arrays.push((fields.len().saturating_sub(1), assignment));
            fields.push(Str::new(&eval.shell.name(assignment.name)));
        } else if word.flags.has(WordFlags::ASSIGNMENT) && !word.flags.has(WordFlags::BRACE) {
            let value = expand::declaration_word(&mut eval.shell, &mut eval.rt, word)?;
            fields.push(value);
        } else {
            expand::words(&mut eval.shell, &mut eval.rt, std::slice::from_ref(word), fields)?;
        }
    }
    Ok(())
}

/// Assignments and redirections without a command.
fn bare(eval: &mut Eval, command: &Command, assignments: &[Assignment], before: u64) -> Step {
    for assignment in assignments {
        let assigned = if eval.wants_tracing() {
            eval.assign_traced(assignment)
        } else {
            expand::assign(&mut eval.shell, &mut eval.rt, assignment)
        };
        if let Err(error) = assigned {
            return Err(eval.expand_failed(error));
        }
    }
    let substituted = |eval: &Eval| eval.shell.substitutions != before;
    let status = if substituted(eval) { eval.shell.status } else { 0 };
    if !command.redirects.is_empty() {
        let mut undo = Vec::new();
        let applied = redirect::apply(eval, &command.redirects, &mut undo);
        redirect::restore(eval, undo);
        if !applied? {
            return Ok(1);
        }
        if substituted(eval) && assignments.is_empty() {
            return Ok(eval.shell.status);
        }
    }
    eval.shell.last_argument = Str::EMPTY;
    Ok(status)
}

/// Binds the assignments before a command for as long as it runs. False: it must not run.
fn temporary(eval: &mut Eval, assignments: &[Assignment], kind: ScopeKind) -> Result<bool, Unwind> {
    eval.shell.vars.push(kind);
    for assignment in assignments {
        match expand::assign_temporary(&mut eval.shell, &mut eval.rt, assignment) {
            Ok(()) => {
                if eval.wants_tracing() {
                    let value = eval.shell.scalar(assignment.name).unwrap_or_default();
                    eval.trace_assignment(assignment, &value);
                }
            }
            // The command runs all the same.
            Err(ExpandError::Variable(VarError::ReadOnly(name))) => {
                eval.complain(&[&name, b": readonly variable"]);
                if eval.shell.options.has(Opt::Posix) {
                    eval.shell.vars.pop();
                    return Err(Unwind::Exit(1));
                }
            }
            Err(error) => {
                eval.shell.vars.pop();
                return Err(eval.expand_failed(error));
            }
        }
    }
    Ok(true)
}

fn function_call(
    eval: &mut Eval,
    command: &Command,
    node: &Simple,
    function: &Arc<FunctionEntry>,
    mut fields: Vec<Str>,
) -> Step {
    temporary(eval, &node.assignments, ScopeKind::Function)?;
    traced(eval, &fields);
    fields.remove(0);
    let mut undo = Vec::new();
    let step = match redirect::apply(eval, &command.redirects, &mut undo) {
        Ok(true) => call::function(eval, function, fields),
        Ok(false) => Ok(1),
        Err(unwind) => Err(unwind),
    };
    redirect::restore(eval, undo);
    eval.shell.vars.pop();
    step
}

fn traced(eval: &mut Eval, fields: &[Str]) {
    if eval.wants_tracing() {
        eval.trace_words(fields);
    }
}

/// Fields, and what is known of some of them: see [`Call`].
type Given<'a> = (&'a [Str], &'a [(usize, &'a Assignment)], &'a [(usize, Element)]);

fn builtin_call(
    eval: &mut Eval,
    command: &Command,
    node: &Simple,
    builtin: &'static Special,
    (fields, arrays, elements): Given<'_>,
) -> Step {
    let scoped = !node.assignments.is_empty();
    if builtin.name == "exec" {
        if scoped {
            temporary(eval, &node.assignments, ScopeKind::Temporary)?;
        }
        traced(eval, fields);
        let step = special::exec::with_redirects(eval, command, node, fields);
        if scoped {
            let ended = eval.shell.vars.pop();
            if eval.shell.options.has(Opt::Posix) {
                keep_all(eval, ended);
            }
        }
        return step;
    }
    if scoped {
        temporary(eval, &node.assignments, ScopeKind::Temporary)?;
    }
    if eval.wants_tracing() {
        for (_, assignment) in arrays {
            eval.trace_assignment(assignment, b"");
        }
        eval.trace_words(fields);
    }
    let mut undo = Vec::new();
    let step = match redirect::apply(eval, &command.redirects, &mut undo) {
        Ok(true) => {
            let args = fields.get(1..).unwrap_or_default();
            special::run(eval, builtin, &Call { name: builtin.name, args, arrays, elements })
        }
        Ok(false) if builtin.posix && eval.shell.options.has(Opt::Posix) => Err(Unwind::Exit(1)),
        Ok(false) => Ok(1),
        Err(unwind) => Err(unwind),
    };
    redirect::restore(eval, undo);
    if scoped {
        let ended = eval.shell.vars.pop();
        if builtin.posix && eval.shell.options.has(Opt::Posix) {
            keep_all(eval, ended);
        } else if matches!(builtin.name, "export" | "readonly")
            || matches!(builtin.name, "declare" | "typeset") && exports(fields)
        {
            keep_named(eval, fields, ended);
        }
    }
    step
}

/// In posix mode the assignments before a special builtin stay.
fn keep_all(eval: &mut Eval, ended: Vec<(Symbol, Variable)>) {
    for (symbol, variable) in ended {
        if let Value::Scalar(value) = variable.value {
            // A read-only one was complained of before.
            drop(eval.shell.set(symbol, value));
        }
    }
}

/// Whether `declare` is told to export.
fn exports(fields: &[Str]) -> bool {
    let mut options = fields.iter().skip(1).take_while(|field| field.starts_with(b"-"));
    options.any(|field| field.contains(&b'x'))
}

/// `x=1 export x` keeps the variable that was only there for the command.
fn keep_named(eval: &mut Eval, fields: &[Str], ended: Vec<(Symbol, Variable)>) {
    for (symbol, variable) in ended {
        let name = eval.shell.name(symbol);
        let named = |field: &Str| {
            let rest = field.strip_prefix(name.as_bytes());
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'=' | b'+')))
        };
        if fields.iter().skip(1).any(named) && eval.shell.check_writable(symbol).is_ok() {
            let kept = eval.shell.vars.entry(symbol);
            kept.value = variable.value;
            kept.attrs |= variable.attrs.without(Attrs::TEMPORARY);
        }
    }
}

fn external_call(
    eval: &mut Eval,
    command: &Command,
    node: &Simple,
    name: &Str,
    fields: &[Str],
) -> Step {
    let scoped = !node.assignments.is_empty();
    if scoped {
        temporary(eval, &node.assignments, ScopeKind::Temporary)?;
    }
    traced(eval, fields);
    let mut undo = Vec::new();
    // The process that runs it does them: what their words assign is lost with it, and an error in
    // them ends it alone.
    let kept = redirect::may_assign(&command.redirects).then(|| eval.shell.vars.clone());
    let step = match redirect::apply(eval, &command.redirects, &mut undo) {
        Ok(true) => find_and_run(eval, name, fields),
        Ok(false) => Ok(1),
        Err(Unwind::Exit(status) | Unwind::Discard(status)) => Ok(status),
        Err(unwind) => Err(unwind),
    };
    redirect::restore(eval, undo);
    if let Some(vars) = kept {
        eval.shell.vars = vars;
    }
    if scoped {
        eval.shell.vars.pop();
    }
    step
}

/// Runs a name as an external command.
pub fn find_and_run(eval: &mut Eval, name: &Str, fields: &[Str]) -> Step {
    match eval.find(name) {
        Found::Missing => not_found(eval, name, fields),
        Found::Path(path) => run_path(eval, &path, fields),
    }
}

/// Runs what is at a path.
pub fn run_path(eval: &mut Eval, path: &Str, fields: &[Str]) -> Step {
    match eval.resolve(path) {
        Ok(program) => {
            let step = external::run(eval, &program, path, fields);
            eval.child_ended();
            step
        }
        Err(status) => Ok(status),
    }
}

fn not_found(eval: &mut Eval, name: &Str, fields: &[Str]) -> Step {
    let handler = eval.shell.interner.get(b"command_not_found_handle");
    if let Some(function) = handler.and_then(|symbol| eval.shell.functions.get(symbol)) {
        let function = Arc::clone(function);
        let args = fields.to_vec();
        return super::subshell::isolated(eval, move |eval| call::invoke(eval, &function, args));
    }
    let shown = match mesash_builtins::core::shell_quote::needs_ansi_c(name) {
        true => mesash_builtins::core::shell_quote::ansi_c(name),
        false => name.to_vec(),
    };
    let reason: &[u8] = match super::lookup::path_variable(&eval.shell).is_empty() {
        true => b": No such file or directory",
        false => b": command not found",
    };
    // Wanted difference: D41.
    let hint: &[u8] = match name.as_bytes() {
        b"curl" | b"wget" => b" (the network is off here)",
        _ => b"",
    };
    eval.complain(&[&shown, reason, hint]);
    Ok(127)
}
