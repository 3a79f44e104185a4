//! What a script names, found without running it.
//!
//! [`analyze`] walks every command of a script: substitutions, here-documents, function bodies, traps,
//! and the text of an `eval`, `trap` or `bash -c` where that is constant. What only a run could tell is
//! in [`Analysis::opaque`]; where that is empty and there is no error, the lists are all that the script
//! itself names. Not looked into: files that it sources, and arithmetic in the values of variables.

mod operands;
mod script;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice};
use serde_json::{Map, Value, json};

use crate::syntax::dump::text;

/// What a command name leads to, as far as the script tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandKind {
    /// One of bash's own.
    Builtin,
    /// The script defines it somewhere.
    Function,
    /// Found by `PATH`, or by its path.
    External,
}

/// What could not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpaqueKind {
    /// Which command runs.
    Command,
    /// Which path is read or written.
    Path,
    /// The text that `eval`, `trap`, `bash -c` and the like run.
    Text,
    /// A sourced file, or a script that a shell runs: its content.
    Source,
    /// It doesn't parse, or is nested too deeply.
    Syntax,
}

/// Something that could not be known, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opaque {
    pub line: u32,
    pub kind: OpaqueKind,
    /// As it stands in the script.
    pub text: BString,
}

/// The lines on which something is named.
pub type Lines = BTreeSet<u32>;

/// A command by one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub kind: CommandKind,
    pub lines: Lines,
}

/// What a script names. Names and paths are as typed, quotes removed; a path may be a glob.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    pub commands: BTreeMap<BString, Command>,
    pub reads: BTreeMap<BString, Lines>,
    pub writes: BTreeMap<BString, Lines>,
    /// Those that it defines.
    pub functions: BTreeMap<BString, Lines>,
    pub opaque: Vec<Opaque>,
    /// The first syntax error: what stands behind it has not been seen.
    pub error: Option<String>,
}

impl Analysis {
    /// Whether the lists are all that the script itself names.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.opaque.is_empty() && self.error.is_none()
    }

    /// As JSON: what `mesash --analyze` prints.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let named = |key: &str, all: &BTreeMap<BString, Lines>| -> Value {
            let entry = |(name, lines): (&BString, &Lines)| {
                let mut fields = Map::new();
                fields.insert(key.to_owned(), text(name));
                fields.insert("lines".to_owned(), lines.iter().copied().collect());
                Value::Object(fields)
            };
            all.iter().map(entry).collect()
        };
        let commands = self.commands.iter().map(|(name, command)| {
            let kind = match command.kind {
                CommandKind::Builtin => "builtin",
                CommandKind::Function => "function",
                CommandKind::External => "external",
            };
            let lines: Value = command.lines.iter().copied().collect();
            json!({ "name": text(name), "kind": kind, "lines": lines })
        });
        let opaque = self.opaque.iter().map(|opaque| {
            let kind = match opaque.kind {
                OpaqueKind::Command => "command",
                OpaqueKind::Path => "path",
                OpaqueKind::Text => "text",
                OpaqueKind::Source => "source",
                OpaqueKind::Syntax => "syntax",
            };
            json!({ "kind": kind, "text": text(&opaque.text), "line": opaque.line })
        });
        json!({
            "complete": self.is_complete(),
            "commands": commands.collect::<Value>(),
            "reads": named("path", &self.reads),
            "writes": named("path", &self.writes),
            "functions": named("name", &self.functions),
            "opaque": opaque.collect::<Value>(),
            "error": self.error,
        })
    }
}

/// What a script names.
///
/// Runs nothing and touches no file. Takes time and memory in proportion to the script, on a thread of
/// its own with a stack that fits the deepest nesting that the parser accepts.
#[must_use]
pub fn analyze(script: &[u8]) -> Analysis {
    script::on_large_stack(|| walk::analyze(script)).unwrap_or_else(|| Analysis {
        error: Some("no thread to read the script on".to_owned()),
        ..Analysis::default()
    })
}

/// The tree of a script as one line of JSON, and its first syntax error: what `mesash --dump-ast`
/// prints. On a thread as in [`analyze`].
#[must_use]
pub fn dump_ast(script: &[u8]) -> (String, Option<String>) {
    // Only text leaves the thread: a deep value needs its stack even to be dropped.
    let dumped = script::on_large_stack(|| {
        let (value, error) = script::dump(script);
        (value.to_string(), error)
    });
    dumped
        .unwrap_or_else(|| ("null".to_owned(), Some("no thread to read the script on".to_owned())))
}

/// Adds a line to those of `name`.
fn note(all: &mut BTreeMap<BString, Lines>, name: &[u8], line: u32) {
    all.entry(name.as_bstr().to_owned()).or_default().insert(line);
}

#[cfg(test)]
mod tests;
