//! `declare`, `typeset`, `local`, `export`, `readonly`.

use std::sync::Arc;

use super::{Call, Special, describe, is_reference, options, subscript_len};
use crate::eval::expand::ExpandError;
use crate::eval::{Eval, Step, Unwind, expand, parser_options};
use crate::state::names::is_identifier;
use crate::state::{Attrs, Opt, Str, Value, VarError, Variable};
use crate::syntax::ast::{AssignValue, Assignment};
use crate::syntax::options::ParseEnv;
use crate::syntax::symbol::Symbol;
use crate::syntax::word::parse_array;

pub const DECLARE: Special = Special {
    name: "declare",
    synopsis: "[-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
    summary: "Set variable values and attributes.",
    run: declare,
    declares: true,
    ..Special::BASE
};
pub const TYPESET: Special = Special {
    name: "typeset",
    synopsis: "[-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]",
    ..DECLARE
};
pub const LOCAL: Special = Special {
    name: "local",
    synopsis: "[option] name[=value] ...",
    summary: "Define local variables.",
    run: local,
    ..DECLARE
};
pub const EXPORT: Special = Special {
    name: "export",
    synopsis: "[-fn] [name[=value] ...] or export -p",
    summary: "Set export attribute for shell variables.",
    run: export,
    ..DECLARE
};
pub const READONLY: Special = Special {
    name: "readonly",
    synopsis: "[-aAf] [name[=value] ...] or readonly -p",
    summary: "Mark shell variables as unchangeable.",
    run: readonly,
    ..DECLARE
};

/// What a call wants of each name.
#[derive(Debug, Clone, Copy, Default)]
struct Wish {
    on: Attrs,
    off: Attrs,
    global: bool,
    inherit: bool,
    /// In the function that runs.
    local: bool,
    print: bool,
    /// `-f`, and with only the names `-F`
    functions: bool,
    names: bool,
    /// The builtin says its name before what went wrong with an assignment.
    named: bool,
}

fn attribute(letter: u8) -> Attrs {
    match letter {
        b'a' => Attrs::INDEXED,
        b'A' => Attrs::ASSOC,
        b'i' => Attrs::INTEGER,
        b'l' => Attrs::LOWER,
        b'u' => Attrs::UPPER,
        b'c' => Attrs::CAPITAL,
        b'n' => Attrs::NAMEREF,
        b'r' => Attrs::READONLY,
        b't' => Attrs::TRACE,
        b'x' => Attrs::EXPORT,
        _ => Attrs::NONE,
    }
}

fn local(eval: &mut Eval, call: &Call<'_>) -> Step {
    if !eval.shell.frames.in_function() {
        return eval.fail(call, &[b"can only be used in a function"]);
    }
    if call.args.iter().any(|arg| **arg == *b"-") {
        let options = eval.shell.options;
        if let Some(frame) = eval.shell.frames.last_mut() {
            frame.options.get_or_insert(options);
        }
        let dash = |arg: &Str| **arg == *b"-";
        let args: Vec<Str> = call.args.iter().filter(|arg| !dash(arg)).cloned().collect();
        if args.is_empty() {
            return Ok(0);
        }
        let before = |at: usize| call.args.iter().take(at).filter(|arg| dash(arg)).count();
        let arrays: Vec<_> =
            call.arrays.iter().map(|(at, array)| (at - before(*at), *array)).collect();
        return declare(eval, &Call { args: &args, arrays: &arrays, ..*call });
    }
    declare(eval, call)
}

fn declare(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read_signed(eval, call, "aAfFgiIlcnprtux") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut wish = Wish { named: true, ..Wish::default() };
    for letter in &given.letters {
        let attr = attribute(letter.letter);
        match letter.letter {
            b'f' => wish.functions = !letter.plus,
            b'F' => {
                wish.functions = true;
                wish.names = true;
            }
            b'g' => wish.global = !letter.plus,
            b'I' => wish.inherit = true,
            b'p' => wish.print = true,
            _ if letter.plus => wish.off |= attr,
            _ => wish.on |= attr,
        }
    }
    if wish.on.has(Attrs::LOWER) && wish.on.has(Attrs::UPPER) {
        wish.on = wish.on.without(Attrs::LOWER | Attrs::UPPER);
    }
    wish.local = eval.shell.frames.in_function() && !wish.global;
    if given.rest.is_empty() {
        return list(eval, call, &wish);
    }
    if wish.functions {
        return functions(eval, call, given.rest, &wish);
    }
    if wish.print {
        return print(eval, call, given.rest);
    }
    each(eval, call, given.rest, &wish)
}

fn export(eval: &mut Eval, call: &Call<'_>) -> Step {
    attribute_builtin(eval, call, "aAfnp", Attrs::EXPORT)
}

fn readonly(eval: &mut Eval, call: &Call<'_>) -> Step {
    attribute_builtin(eval, call, "aAfnp", Attrs::READONLY)
}

fn attribute_builtin(eval: &mut Eval, call: &Call<'_>, letters: &str, attr: Attrs) -> Step {
    let given = match options::read(eval, call, letters) {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut wish = Wish { on: attr, ..Wish::default() };
    for letter in &given.letters {
        match letter.letter {
            b'f' => wish.functions = true,
            b'p' => wish.print = true,
            // Of what can't be taken away, nothing is.
            b'n' => {
                wish.on = Attrs::NONE;
                wish.off = if attr == Attrs::EXPORT { attr } else { Attrs::NONE };
            }
            other => wish.on |= attribute(other),
        }
    }
    if given.rest.is_empty() {
        if wish.functions {
            return list(eval, call, &Wish { print: true, ..wish });
        }
        let out = describe::declarations(&eval.shell, attr | wish.on);
        return eval.print(call, out);
    }
    if wish.functions {
        return functions(eval, call, given.rest, &wish);
    }
    each(eval, call, given.rest, &wish)
}

/// Without names: everything that fits.
fn list(eval: &mut Eval, call: &Call<'_>, wish: &Wish) -> Step {
    let shell = &eval.shell;
    let mut out = Vec::new();
    if wish.functions {
        for entry in shell.functions.sorted() {
            let has = (!wish.on.has(Attrs::READONLY) || entry.readonly)
                && (!wish.on.has(Attrs::EXPORT) || entry.exported)
                && (!wish.on.has(Attrs::TRACE) || entry.traced);
            if !has {
                continue;
            }
            if !wish.names {
                out.extend_from_slice(&describe::function(entry));
            }
            if wish.names || wish.on != Attrs::NONE {
                out.extend_from_slice(&describe::function_line(entry));
            }
        }
    } else if call.name == "local" {
        let mut locals: Vec<_> = shell
            .vars
            .locals()
            .into_iter()
            .map(|(symbol, variable)| (Str::new(&shell.name(symbol)), symbol, variable))
            .collect();
        locals.sort_by(|one, two| one.0.cmp(&two.0));
        for (name, symbol, variable) in locals {
            out.extend_from_slice(&describe::declaration(shell, &name, symbol, variable));
        }
    } else if wish.on != Attrs::NONE || wish.print {
        out = describe::declarations(shell, wish.on);
    } else {
        out = describe::settings(shell);
        out.extend_from_slice(&describe::functions(shell));
    }
    eval.print(call, out)
}

fn functions(eval: &mut Eval, call: &Call<'_>, names: &[Str], wish: &Wish) -> Step {
    let mut status = 0;
    let changes = wish.on != Attrs::NONE || wish.off != Attrs::NONE;
    for name in names {
        if name.contains(&b'=') && !wish.print {
            eval.say(call, &[b"cannot use `-f' to make functions"]);
            return Ok(1);
        }
        let symbol = eval.shell.interner.get(name);
        let entry = symbol.and_then(|symbol| eval.shell.functions.get_mut(symbol));
        let Some(entry) = entry else {
            status = 1;
            if !wish.named {
                eval.say(call, &[name, b": not a function"]);
            }
            continue;
        };
        if !changes {
            let text = if wish.names && eval.shell.options.has(Opt::ExtDebug) {
                let entry = entry.clone();
                format!("{} {} {}\n", entry.function.name, entry.function.line, entry.source)
                    .into_bytes()
            } else if wish.names && wish.print {
                describe::function_line(entry)
            } else if wish.names {
                [name.as_bytes(), b"\n"].concat()
            } else {
                let mut text = describe::function(entry);
                if wish.print && (entry.readonly || entry.traced || entry.exported) {
                    text.extend_from_slice(&describe::function_line(entry));
                }
                text
            };
            status = eval.print(call, text)?.max(status);
            continue;
        }
        if wish.off.has(Attrs::READONLY) && entry.readonly {
            eval.say(call, &[name, b": readonly function"]);
            status = 1;
            continue;
        }
        let set = |flag: &mut bool, attr: Attrs| {
            *flag = (*flag || wish.on.has(attr)) && !wish.off.has(attr);
        };
        set(&mut entry.readonly, Attrs::READONLY);
        set(&mut entry.exported, Attrs::EXPORT);
        set(&mut entry.traced, Attrs::TRACE);
    }
    Ok(status)
}

fn print(eval: &mut Eval, call: &Call<'_>, names: &[Str]) -> Step {
    let mut status = 0;
    for name in names {
        let shell = &eval.shell;
        let found = shell.interner.get(name);
        match found.and_then(|symbol| Some((symbol, shell.vars.get(symbol)?))) {
            Some((symbol, variable)) => {
                let text = describe::declaration(shell, name, symbol, variable);
                eval.print(call, text)?;
            }
            None => {
                eval.say(call, &[name, b": not found"]);
                status = 1;
            }
        }
    }
    Ok(status)
}

/// An argument taken apart: `name`, `[subscript]`, `+`, `=value`.
struct Parts<'a> {
    name: &'a [u8],
    /// With the name: what a value is put into.
    place: &'a [u8],
    append: bool,
    value: Option<&'a [u8]>,
}

fn take_apart(arg: &[u8]) -> Option<Parts<'_>> {
    let name_end = arg.iter().position(|&b| !(b.is_ascii_alphanumeric() || b == b'_'));
    let name = arg.get(..name_end.unwrap_or(arg.len()))?;
    if !is_identifier(name) {
        return None;
    }
    let mut rest = arg.get(name.len()..)?;
    if rest.starts_with(b"[") {
        rest = rest.get(subscript_len(rest)?..)?;
    }
    let place = arg.get(..arg.len() - rest.len())?;
    let (append, value) = match rest {
        [] => (false, None),
        [b'=', value @ ..] => (false, Some(value)),
        [b'+', b'=', value @ ..] => (true, Some(value)),
        _ => return None,
    };
    is_reference(place).then_some(Parts { name, place, append, value })
}

fn each(eval: &mut Eval, call: &Call<'_>, names: &[Str], wish: &Wish) -> Step {
    let skipped = call.args.len() - names.len();
    let mut status = 0;
    for (at, arg) in names.iter().enumerate() {
        let array = call.arrays.iter().find(|(index, _)| *index == at + skipped);
        // `-g`: what a function binds is out of the way meanwhile.
        let hidden = if wish.global { bound_within(eval, arg) } else { None };
        if let Some(symbol) = hidden {
            eval.shell.vars.swap_with_global(symbol);
        }
        let done = match array {
            Some((_, assignment)) => one_array(eval, call, assignment, wish),
            None => one(eval, call, arg, wish),
        };
        if let Some(symbol) = hidden {
            eval.shell.vars.swap_with_global(symbol);
        }
        match done {
            Ok(one) => status = one.max(status),
            Err(Fault::Said) => status = 1,
            Err(Fault::Ends(error)) => return Err(eval.expand_failed(error)),
            Err(Fault::Expand(error)) => {
                let prefix = wish.named;
                eval.declaration_failed(call, error, prefix)?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// The symbol of an argument's name, if a scope binds it.
fn bound_within(eval: &Eval, arg: &[u8]) -> Option<Symbol> {
    let name = take_apart(arg)?.name;
    let symbol = eval.shell.interner.get(name)?;
    eval.shell.vars.get(symbol).is_some_and(|variable| variable.scope > 0).then_some(symbol)
}

enum Fault {
    Said,
    Expand(ExpandError),
    /// It gives up the whole command.
    Ends(ExpandError),
}

impl From<ExpandError> for Fault {
    fn from(error: ExpandError) -> Self {
        Self::Expand(error)
    }
}

impl From<VarError> for Fault {
    fn from(error: VarError) -> Self {
        Self::Expand(error.into())
    }
}

impl Eval {
    /// Says what went wrong with a declaration.
    fn declaration_failed(
        &mut self,
        call: &Call<'_>,
        error: ExpandError,
        prefix: bool,
    ) -> Result<(), Unwind> {
        if self.rt.pending_unwind.is_some() || self.shell.cancel.is_cancelled() || error.is_fatal()
        {
            return Err(self.expand_failed(error));
        }
        let message = error.message();
        if prefix {
            self.say(call, &[&message]);
        } else {
            self.complain(&[message.as_slice()]);
        }
        Ok(())
    }
}

/// Finds or makes the binding that a declaration is about, and gives it its attributes but for
/// `-r`, which comes after the value.
fn bind(eval: &mut Eval, call: &Call<'_>, name: &[u8], wish: &Wish) -> Result<Symbol, Fault> {
    let mut symbol = eval.shell.symbol(name)?;
    if wish.local {
        let scope = eval.shell.vars.function_scope().unwrap_or(0);
        let fresh = eval.shell.vars.bound_in(symbol, scope).is_none();
        if fresh {
            let outer = eval.shell.vars.get(symbol).cloned();
            if let Some(outer) = &outer
                && outer.attrs.has(Attrs::READONLY)
                && (outer.scope == 0 || wish.on == Attrs::NONE)
            {
                return Err(VarError::ReadOnly(Str::new(name)).into());
            }
            eval.shell.vars.account(scope, &eval.shell.budget).map_err(VarError::from)?;
            let inherit = wish.inherit || eval.shell.options.has(Opt::LocalVarInherit);
            let binding = eval.shell.vars.bind(symbol, scope);
            if inherit && let Some(outer) = outer {
                binding.value = outer.value;
                binding.attrs = outer.attrs.without(Attrs::NAMEREF);
            } else if let Some(outer) = outer.filter(|outer| outer.attrs.has(Attrs::TEMPORARY)) {
                binding.value = outer.value;
                binding.attrs |= Attrs::EXPORT;
            }
        }
    } else if !wish.on.has(Attrs::NAMEREF) && !wish.off.has(Attrs::NAMEREF) {
        // The attributes go to what a nameref leads to.
        symbol = eval.target_symbol(name)?;
    }
    set_attributes(eval, call, name, symbol, wish)?;
    Ok(symbol)
}

fn set_attributes(
    eval: &mut Eval,
    call: &Call<'_>,
    name: &[u8],
    symbol: Symbol,
    wish: &Wish,
) -> Result<(), Fault> {
    let now = eval.shell.vars.get(symbol).cloned().unwrap_or_default();
    if now.attrs.has(Attrs::READONLY) && wish.off.has(Attrs::READONLY) {
        return Err(VarError::ReadOnly(Str::new(name)).into());
    }
    if now.is_array() && wish.off.has(Attrs::ARRAY) {
        eval.say(call, &[name, b": cannot destroy array variables in this way"]);
        return Err(Fault::Said);
    }
    if wish.on.has(Attrs::ASSOC) && now.is_array() && !now.is_assoc() {
        return Err(VarError::IndexedToAssoc(Str::new(name)).into());
    }
    if wish.on.has(Attrs::INDEXED) && now.is_assoc() {
        return Err(VarError::AssocToIndexed(Str::new(name)).into());
    }
    let mut attrs = now.attrs.without(wish.off);
    if wish.local {
        attrs = attrs.without(Attrs::TEMPORARY);
    }
    if wish.on.has(Attrs::CASE) {
        attrs = attrs.without(Attrs::CASE);
    }
    attrs |= wish.on.without(Attrs::READONLY);
    if eval.shell.options.has(Opt::AllExport) {
        attrs |= Attrs::EXPORT;
    }
    let variable = eval.shell.vars.entry(symbol);
    variable.attrs = attrs;
    if wish.on.has(Attrs::ARRAY) && matches!(variable.value, Value::Scalar(_)) {
        to_array(variable, wish.on.has(Attrs::ASSOC));
    }
    Ok(())
}

/// A scalar that becomes an array is its element 0.
fn to_array(variable: &mut Variable, assoc: bool) {
    let Value::Scalar(text) = std::mem::take(&mut variable.value) else { return };
    variable.value = if assoc {
        let mut array =
            crate::state::AssocArray::with_chains(crate::state::assoc::CONVERTED_CHAINS);
        array.insert(Str::from("0"), text);
        Value::Assoc(Arc::new(array))
    } else {
        Value::Indexed(Arc::new(std::iter::once(text).collect()))
    };
}

fn seal(eval: &mut Eval, symbol: Symbol, wish: &Wish) {
    if wish.on.has(Attrs::READONLY) {
        eval.shell.vars.entry(symbol).attrs |= Attrs::READONLY;
    }
}

fn check_writable(eval: &Eval, symbol: Symbol) -> Result<(), Fault> {
    Ok(eval.shell.check_writable(symbol)?)
}

fn one_array(
    eval: &mut Eval,
    call: &Call<'_>,
    assignment: &Assignment,
    wish: &Wish,
) -> Result<u8, Fault> {
    let name = Str::new(&eval.shell.name(assignment.name));
    if wish.on.has(Attrs::NAMEREF) {
        eval.say(call, &[&name, b": reference variable cannot be an array"]);
        return Err(Fault::Said);
    }
    let with_kind = if wish.on.has(Attrs::ASSOC) || is_assoc(eval, assignment.name, wish) {
        *wish
    } else {
        Wish { on: wish.on | Attrs::INDEXED, ..*wish }
    };
    let symbol = match bind(eval, call, &name, &with_kind) {
        Err(Fault::Expand(ExpandError::Variable(error @ VarError::ReadOnly(_)))) => {
            return Err(Fault::Ends(error.into()));
        }
        bound => bound?,
    };
    if let Err(error) = eval.shell.check_writable(symbol) {
        return Err(Fault::Ends(error.into()));
    }
    expand::assign_declared(&mut eval.shell, &mut eval.rt, assignment)?;
    seal(eval, symbol, wish);
    Ok(0)
}

/// Whether the variable that a declaration would be about is an associative array already.
fn is_assoc(eval: &Eval, symbol: Symbol, wish: &Wish) -> bool {
    let scope = if wish.local { eval.shell.vars.function_scope() } else { None };
    let variable = match scope {
        Some(scope) if !wish.inherit => eval.shell.vars.bound_in(symbol, scope),
        _ => eval.shell.vars.get(symbol),
    };
    variable.is_some_and(Variable::is_assoc)
}

fn one(eval: &mut Eval, call: &Call<'_>, arg: &Str, wish: &Wish) -> Result<u8, Fault> {
    let Some(parts) = take_apart(arg) else {
        eval.say(call, &[b"`", arg, b"': not a valid identifier"]);
        return Err(Fault::Said);
    };
    let element = parts.place.len() > parts.name.len();
    if element && !wish.named {
        eval.say(call, &[b"`", parts.place, b"': not a valid identifier"]);
        return Err(Fault::Said);
    }
    if wish.on.has(Attrs::NAMEREF) {
        return reference(eval, call, &parts, element, wish);
    }
    let existing = eval.shell.interner.get(parts.name);
    let array = existing.is_some_and(|symbol| is_assoc(eval, symbol, wish));
    let with_kind = if element && !array && !wish.on.has(Attrs::ASSOC) {
        Wish { on: wish.on | Attrs::INDEXED, ..*wish }
    } else {
        *wish
    };
    let symbol = bind(eval, call, parts.name, &with_kind)?;
    if let Some(value) = parts.value {
        check_writable(eval, symbol)?;
        if let Some(assignment) = compound(eval, symbol, &parts, value, wish) {
            expand::assign(&mut eval.shell, &mut eval.rt, &assignment)?;
        } else {
            let text = Str::copied(value, &eval.shell.budget).map_err(ExpandError::from)?;
            let (place, append) = (parts.place, parts.append);
            expand::assign_name(&mut eval.shell, &mut eval.rt, place, text, append)?;
        }
        if eval.wants_tracing() && matches!(call.name, "export" | "readonly") {
            let shown = mesash_builtins::core::shell_quote::as_needed(value);
            let sign: &[u8] = if parts.append { b"+=" } else { b"=" };
            eval.trace(&[parts.place, sign, &shown].concat());
        }
    }
    seal(eval, symbol, wish);
    Ok(0)
}

/// `declare -a "x=(1 2)"`: a value in parentheses is a list if the variable is an array.
fn compound(
    eval: &Eval,
    symbol: Symbol,
    parts: &Parts<'_>,
    value: &[u8],
    wish: &Wish,
) -> Option<Assignment> {
    let array = wish.on.has(Attrs::ARRAY);
    let listed = value.starts_with(b"(") && value.ends_with(b")");
    if !array || !listed || parts.place.len() > parts.name.len() {
        return None;
    }
    let elements = {
        let env = ParseEnv { options: parser_options(&eval.shell), ..Default::default() };
        parse_array(value, eval.shell.line, env, &eval.shell.interner).ok()?
    };
    Some(Assignment {
        name: symbol,
        subscript: None,
        append: parts.append,
        value: AssignValue::Array(elements),
        text: value.into(),
    })
}

/// `declare -n name=target`
fn reference(
    eval: &mut Eval,
    call: &Call<'_>,
    parts: &Parts<'_>,
    element: bool,
    wish: &Wish,
) -> Result<u8, Fault> {
    if element || wish.on.has(Attrs::ARRAY) {
        eval.say(call, &[parts.place, b": reference variable cannot be an array"]);
        return Err(Fault::Said);
    }
    if let Some(target) = parts.value {
        let own = target
            .strip_prefix(parts.name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"["));
        if own && !wish.local {
            let text = b": nameref variable self references not allowed";
            eval.say(call, &[parts.name, text]);
            return Err(Fault::Said);
        }
        if target.is_empty() {
            eval.say(call, &[b"`': not a valid identifier"]);
            return Err(Fault::Said);
        }
        if !is_reference(target) {
            let text = b"': invalid variable name for name reference";
            eval.say(call, &[b"`", target, text]);
            return Err(Fault::Said);
        }
        if target == parts.name {
            eval.say(call, &[b"warning: ", parts.name, b": circular name reference"]);
            eval.complain(&[b"warning: ", parts.name, b": circular name reference"]);
        }
    }
    let existing = eval.shell.interner.get(parts.name).filter(|_| !wish.local);
    let existing = existing.and_then(|symbol| eval.shell.vars.get(symbol));
    if parts.value.is_none()
        && let Some(Value::Scalar(text)) = existing.map(|variable| &variable.value)
        && !text.is_empty()
        && !is_reference(text)
    {
        let text = text.clone();
        eval.say(call, &[b"`", &text, b"': invalid variable name for name reference"]);
        return Err(Fault::Said);
    }
    let symbol = bind(eval, call, parts.name, wish)?;
    check_writable(eval, symbol)?;
    let variable = eval.shell.vars.entry(symbol);
    variable.attrs |= Attrs::NAMEREF;
    if let Some(target) = parts.value {
        let mut text = match (&variable.value, parts.append) {
            (Value::Scalar(old), true) => old.to_vec(),
            _ => Vec::new(),
        };
        text.extend_from_slice(target);
        variable.value = Value::Scalar(Str::from(text));
    }
    seal(eval, symbol, wish);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;

    #[test]
    fn arguments_are_taken_apart() {
        let parts = |text: &'static str| {
            take_apart(text.as_bytes()).map(|parts| {
                let text = |bytes: &[u8]| bytes.as_bstr().to_string();
                (text(parts.name), text(parts.place), parts.append, parts.value.map(text))
            })
        };
        let made = |name: &str, place: &str, append, value: Option<&str>| {
            Some((name.into(), place.into(), append, value.map(Into::into)))
        };
        assert_eq!(parts("a"), made("a", "a", false, None));
        assert_eq!(parts("a=b=c"), made("a", "a", false, Some("b=c")));
        assert_eq!(parts("a[x[1]]+=c"), made("a", "a[x[1]]", true, Some("c")));
        assert_eq!(parts("1a=2"), None);
        assert_eq!(parts("a-b=2"), None);
        assert_eq!(parts("a[="), None);
    }
}
