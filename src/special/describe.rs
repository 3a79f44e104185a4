//! Variables and functions as text that can be read back: `declare -p`, `set`, `export -p`.

use mesash_builtins::core::shell_quote;

use crate::state::{Attrs, FunctionEntry, IndexedArray, Opt, Shell, Value, Variable};
use crate::syntax::print;
use crate::syntax::symbol::Symbol;

/// A value in double quotes, or `$'…'` where that is needed.
fn quoted(value: &[u8]) -> Vec<u8> {
    if shell_quote::needs_ansi_c(value) {
        shell_quote::ansi_c(value)
    } else {
        shell_quote::double(value)
    }
}

/// A key of an associative array: quoted only where it must be.
fn key(text: &[u8]) -> Vec<u8> {
    if shell_quote::needs_ansi_c(text) {
        shell_quote::ansi_c(text)
    } else if text.is_empty()
        || shell_quote::has_metacharacters(text)
        || text == b"@"
        || text == b"*"
    {
        shell_quote::double(text)
    } else {
        text.to_vec()
    }
}

fn indexed(array: &IndexedArray) -> Vec<u8> {
    let mut out = b"(".to_vec();
    for (at, (index, value)) in array.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(format!("[{index}]=").as_bytes());
        out.extend_from_slice(&quoted(value));
    }
    out.push(b')');
    out
}

/// The value as `declare -p` shows it after `name=`; `None` if there is none.
fn value_text(shell: &Shell, symbol: Symbol, variable: &Variable) -> Option<Vec<u8>> {
    let value = match &variable.value {
        Value::Dynamic(kind) => shell.computed(*kind),
        value => value.clone(),
    };
    let _ = symbol;
    match value {
        Value::Unset | Value::Dynamic(_) => None,
        Value::Scalar(text) => Some(quoted(&text)),
        Value::Indexed(array) => Some(indexed(&array)),
        Value::Assoc(array) => {
            let mut out = b"(".to_vec();
            for (name, value) in array.iter() {
                out.push(b'[');
                out.extend_from_slice(&key(name));
                out.extend_from_slice(b"]=");
                out.extend_from_slice(&quoted(value));
                out.push(b' ');
            }
            out.push(b')');
            Some(out)
        }
    }
}

/// `declare -ix name="value"`
pub fn declaration(shell: &Shell, name: &[u8], symbol: Symbol, variable: &Variable) -> Vec<u8> {
    let letters = attributes(variable).letters();
    let letters = if letters.is_empty() { "-".to_owned() } else { letters };
    let mut line = format!("declare -{letters} ").into_bytes();
    line.extend_from_slice(name);
    if let Some(value) = value_text(shell, symbol, variable) {
        line.push(b'=');
        line.extend_from_slice(&value);
    }
    line.push(b'\n');
    line
}

fn attributes(variable: &Variable) -> Attrs {
    match variable.value {
        Value::Indexed(_) => variable.attrs | Attrs::INDEXED,
        Value::Assoc(_) => variable.attrs | Attrs::ASSOC,
        _ => variable.attrs,
    }
}

/// `name=value` as `set` lists it; nothing for a variable without value.
pub fn setting(shell: &Shell, name: &[u8], symbol: Symbol, variable: &Variable) -> Vec<u8> {
    let value = match &variable.value {
        Value::Dynamic(kind) => shell.computed(*kind),
        value => value.clone(),
    };
    let text = match value {
        Value::Unset | Value::Dynamic(_) => return Vec::new(),
        Value::Scalar(text) if !shell.options.has(Opt::Posix) => shell_quote::as_needed(&text),
        Value::Scalar(text) if shell_quote::has_metacharacters(&text) => shell_quote::single(&text),
        Value::Scalar(text) => text.to_vec(),
        Value::Indexed(_) | Value::Assoc(_) => {
            value_text(shell, symbol, variable).unwrap_or_default()
        }
    };
    [name, b"=", &text, b"\n"].concat()
}

/// What is another at each look, and not listed by bash either before it is first looked at.
const COMPUTED: &[&[u8]] = &[
    b"BASHPID",
    b"BASH_ARGV0",
    b"BASH_COMMAND",
    b"BASH_SUBSHELL",
    b"EPOCHREALTIME",
    b"EPOCHSECONDS",
    b"HISTCMD",
    b"LINENO",
    b"RANDOM",
    b"SECONDS",
    b"SRANDOM",
];

/// Every variable as `set` lists them.
pub fn settings(shell: &Shell) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, symbol) in shell.variable_names() {
        if let Some(variable) = shell.vars.get(symbol)
            && !COMPUTED.contains(&name.as_bytes())
        {
            out.extend_from_slice(&setting(shell, &name, symbol, variable));
        }
    }
    out
}

/// The definition of a function.
pub fn function(entry: &FunctionEntry) -> Vec<u8> {
    let mut text: Vec<u8> = print::function(&entry.function).into();
    text.push(b'\n');
    text
}

/// `declare -fx name`
pub fn function_line(entry: &FunctionEntry) -> Vec<u8> {
    let mut line = b"declare -f".to_vec();
    for (on, letter) in [(entry.readonly, b'r'), (entry.traced, b't'), (entry.exported, b'x')] {
        if on {
            line.push(letter);
        }
    }
    line.push(b' ');
    line.extend_from_slice(&entry.function.name);
    line.push(b'\n');
    line
}

/// Every function as `declare -f` lists them.
pub fn functions(shell: &Shell) -> Vec<u8> {
    shell.functions.sorted().into_iter().flat_map(|entry| function(entry)).collect()
}

/// The variables that have `wanted` attributes, as declarations.
pub fn declarations(shell: &Shell, wanted: Attrs) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, symbol) in shell.variable_names() {
        let Some(variable) = shell.vars.get(symbol) else { continue };
        // Of arrays, those that have one of the other attributes.
        let (kinds, others) = (Attrs(wanted.0 & Attrs::ARRAY.0), wanted.without(Attrs::ARRAY));
        let has = |wanted: Attrs| wanted == Attrs::NONE || attributes(variable).has(wanted);
        if has(kinds) && has(others) {
            out.extend_from_slice(&declaration(shell, &name, symbol, variable));
        }
    }
    out
}
