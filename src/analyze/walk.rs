//! The walk over the tree of a script.

use std::sync::Arc;

use bstr::{BString, ByteSlice};

use super::operands::{self, Path};
use super::script::each_command;
use super::{Analysis, Command as Found, CommandKind as Kind, Opaque, OpaqueKind, note};
use crate::special;
use crate::syntax::ast::{
    ArithExpr, AssignValue, Assignment, BadPart, Brace, Command, CommandKind, Cond, CondOp, List,
    Param, ParamOp, Redirect, RedirectOp, RedirectTarget, Simple, Subscript, Word, WordFlags,
    WordPart,
};
use crate::syntax::print;
use crate::syntax::symbol::Interner;

/// How deep texts that are run may stand in one another.
const TEXTS_MAX: u32 = 32;

/// The shells that run a text after `-c`.
const SHELLS: &[&str] = &["bash", "mesash", "rbash", "sh", "dash"];

/// The unary tests of `[[` and `test` that look at a file.
const FILE_TESTS: &[u8] = b"abcdefghkprsuwxGLNOS";

/// An argument: its value, if that is constant, and what it looks like in the script.
#[derive(Debug, Clone)]
pub struct Argument {
    value: Option<BString>,
    shown: BString,
}

impl Argument {
    fn new(word: &Word) -> Self {
        // A glob is named as it stands.
        let glob = word.is_text() && word.flags.has(WordFlags::GLOB);
        let shown = BString::from(print::text_of(&word.text).to_vec());
        let mut value = word.constant();
        if glob && value.is_none() {
            let mut text = BString::default();
            for part in &word.parts {
                if let WordPart::Literal(piece) | WordPart::Quoted(piece) = part {
                    text.extend_from_slice(piece);
                }
            }
            value = Some(text);
        }
        let shown = match (&value, shown.is_empty()) {
            (Some(value), true) => value.clone(),
            _ => shown,
        };
        Self { value, shown }
    }

    /// The value, if the script says it.
    pub fn text(&self) -> Option<&[u8]> {
        self.value.as_ref().map(|value| value.as_bytes())
    }
}

struct Walk {
    interner: Arc<Interner>,
    found: Analysis,
    /// How deep the texts are nested.
    depth: u32,
    line: u32,
}

pub fn analyze(script: &[u8]) -> Analysis {
    let interner = Arc::new(Interner::default());
    let mut walk = Walk { interner, found: Analysis::default(), depth: 0, line: 1 };
    walk.found.error = walk.text(script, 1);
    let Analysis { commands, functions, opaque, .. } = &mut walk.found;
    for (name, command) in commands {
        if functions.contains_key(name) {
            command.kind = Kind::Function;
        }
    }
    opaque.sort();
    opaque.dedup();
    walk.found
}

impl Walk {
    /// Walks a text; its first syntax error.
    fn text(&mut self, text: &[u8], line: u32) -> Option<String> {
        let interner = Arc::clone(&self.interner);
        each_command(text, line, &interner, |command| self.list(&command.list))
    }

    fn opaque(&mut self, kind: OpaqueKind, text: impl Into<BString>) {
        self.found.opaque.push(Opaque { line: self.line, kind, text: text.into() });
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            let rest = item.and_or.rest.iter().map(|(_, pipeline)| pipeline);
            for pipeline in std::iter::once(&item.and_or.first).chain(rest) {
                for command in &*pipeline.commands {
                    self.command(command);
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        self.line = command.line;
        for redirect in &command.redirects {
            self.redirect(redirect);
        }
        match &command.kind {
            CommandKind::Simple(node) => self.simple(node),
            CommandKind::Group(list) | CommandKind::Subshell(list) => self.list(list),
            CommandKind::If(node) => {
                for (condition, body) in &node.branches {
                    self.list(condition);
                    self.list(body);
                }
                node.otherwise.iter().for_each(|list| self.list(list));
            }
            CommandKind::While(node) => {
                self.list(&node.condition);
                self.list(&node.body);
            }
            CommandKind::For(node) | CommandKind::Select(node) => {
                node.words.iter().flatten().for_each(|word| self.word(word));
                self.list(&node.body);
            }
            CommandKind::ArithFor(node) => {
                let parts = [&node.init, &node.condition, &node.update];
                parts.into_iter().flatten().for_each(|expr| self.arith(expr));
                self.list(&node.body);
            }
            CommandKind::Case(node) => {
                self.word(&node.word);
                for clause in &node.clauses {
                    clause.patterns.iter().for_each(|pattern| self.word(&pattern.word));
                    self.list(&clause.body);
                }
            }
            CommandKind::Cond(node) => self.cond(node),
            CommandKind::Arith(node) => self.arith(node),
            CommandKind::Function(function) => {
                note(&mut self.found.functions, &function.name, function.line);
                self.command(&function.body);
            }
            CommandKind::Coproc(node) => self.command(&node.body),
        }
    }

    fn simple(&mut self, node: &Simple) {
        node.assignments.iter().for_each(|assignment| self.assignment(assignment));
        node.words.iter().for_each(|word| self.word(word));
        let arguments: Vec<Argument> = node.words.iter().map(Argument::new).collect();
        self.invocation(&arguments);
    }

    /// A command name and its arguments.
    fn invocation(&mut self, words: &[Argument]) {
        let Some((first, arguments)) = words.split_first() else { return };
        let Some(name) = first.text() else {
            return self.opaque(OpaqueKind::Command, first.shown.clone());
        };
        if name.is_empty() {
            return;
        }
        let builtin = special::by_name(name).is_some();
        let kind = if builtin { Kind::Builtin } else { Kind::External };
        let fresh = || Found { kind, lines: Default::default() };
        let entry = self.found.commands.entry(name.as_bstr().to_owned()).or_insert_with(fresh);
        entry.lines.insert(self.line);
        let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or(name);
        let Ok(base) = std::str::from_utf8(base) else { return };
        self.meaning(base, arguments);
    }

    /// What the arguments of a command that is known mean.
    fn meaning(&mut self, name: &str, arguments: &[Argument]) {
        match name {
            "eval" => self.run_joined(arguments),
            "trap" => {
                let operands = after_options(arguments);
                if let [action, _, ..] = operands
                    && action.text() != Some(b"-")
                {
                    self.run_joined(std::slice::from_ref(action));
                }
            }
            "source" | "." => {
                if let Some(file) = after_options(arguments).first() {
                    self.path(Path { argument: file, writes: false });
                    self.opaque(OpaqueKind::Source, file.shown.clone());
                }
            }
            "alias" => {
                for argument in arguments {
                    let text = argument.text();
                    let value = text.and_then(|text| text.get(text.find_byte(b'=')? + 1..));
                    match value {
                        Some(value) => self.run(value),
                        None if argument.text().is_none() => {
                            self.opaque(OpaqueKind::Text, argument.shown.clone());
                        }
                        None => {}
                    }
                }
            }
            "test" | "[" => self.tested(arguments),
            "cd" | "pushd" => {
                for argument in after_options(arguments).iter().filter(|a| a.text() != Some(b"-")) {
                    self.path(Path { argument, writes: false });
                }
            }
            name if SHELLS.contains(&name) => self.shell(arguments),
            _ => {}
        }
        if let Some(skipped) = operands::runs_after(name, arguments) {
            self.invocation(arguments.get(skipped..).unwrap_or_default());
            if name == "xargs" {
                self.opaque(OpaqueKind::Path, "arguments that xargs reads");
            }
        }
        if name == "find" {
            self.executed(arguments);
        }
        for path in operands::paths(name, arguments).unwrap_or_default() {
            self.path(path);
        }
    }

    /// `find … -exec command … ;`
    fn executed(&mut self, arguments: &[Argument]) {
        let mut rest = arguments;
        while let Some(at) = rest.iter().position(|argument| {
            matches!(argument.text(), Some(b"-exec" | b"-execdir" | b"-ok" | b"-okdir"))
        }) {
            let after = rest.get(at + 1..).unwrap_or_default();
            let end = after.iter().position(|a| matches!(a.text(), Some(b";" | b"+")));
            let end = end.unwrap_or(after.len());
            self.invocation(after.get(..end).unwrap_or_default());
            self.opaque(OpaqueKind::Path, "files that find finds");
            rest = after.get(end..).unwrap_or_default();
        }
    }

    /// `bash -c text` or `bash file`
    fn shell(&mut self, arguments: &[Argument]) {
        let command = arguments.iter().position(|argument| {
            argument.text().is_some_and(|text| {
                text.starts_with(b"-") && !text.starts_with(b"--") && text.contains(&b'c')
            })
        });
        match command {
            Some(at) => {
                let text = arguments.get(at + 1);
                self.run_joined(text.map(std::slice::from_ref).unwrap_or_default());
            }
            None => match after_options(arguments).first() {
                Some(file) => {
                    self.path(Path { argument: file, writes: false });
                    self.opaque(OpaqueKind::Source, file.shown.clone());
                }
                None => self.opaque(OpaqueKind::Source, "standard input"),
            },
        }
    }

    /// `[ -f path ]` and `[ a -nt b ]`
    fn tested(&mut self, arguments: &[Argument]) {
        for pair in arguments.windows(2) {
            if let [op, path] = pair
                && let Some([b'-', letter]) = op.text()
                && FILE_TESTS.contains(letter)
                && !matches!(letter, b'a')
                && path.text() != Some(b"]")
            {
                self.path(Path { argument: path, writes: false });
            }
        }
        for triple in arguments.windows(3) {
            if let [one, op, two] = triple
                && matches!(op.text(), Some(b"-nt" | b"-ot" | b"-ef"))
            {
                self.path(Path { argument: one, writes: false });
                self.path(Path { argument: two, writes: false });
            }
        }
    }

    /// Arguments that make up a text to run.
    fn run_joined(&mut self, arguments: &[Argument]) {
        let texts: Option<Vec<&[u8]>> = arguments.iter().map(Argument::text).collect();
        match texts {
            Some(texts) => self.run(&bstr::join(" ", texts)),
            None => {
                let shown: Vec<&BString> = arguments.iter().map(|a| &a.shown).collect();
                self.opaque(OpaqueKind::Text, bstr::join(" ", shown));
            }
        }
    }

    /// A text that the script runs.
    fn run(&mut self, text: &[u8]) {
        if self.depth >= TEXTS_MAX {
            return self.opaque(OpaqueKind::Syntax, text);
        }
        self.depth += 1;
        let line = self.line;
        let error = self.text(text, line);
        self.line = line;
        if error.is_some() {
            self.opaque(OpaqueKind::Syntax, text);
        }
        self.depth -= 1;
    }

    fn path(&mut self, path: Path<'_>) {
        match path.argument.text() {
            Some(b"-") => {}
            Some(text) => {
                let list = if path.writes { &mut self.found.writes } else { &mut self.found.reads };
                note(list, text, self.line);
            }
            None => self.opaque(OpaqueKind::Path, path.argument.shown.clone()),
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        self.line = redirect.line;
        let word = match &redirect.target {
            RedirectTarget::HereDoc(document) => return self.word(document.body()),
            RedirectTarget::Word(word) => word,
        };
        self.word(word);
        let argument = Argument::new(word);
        let (reads, writes) = match redirect.op {
            RedirectOp::Read => (true, false),
            RedirectOp::ReadWrite => (true, true),
            RedirectOp::HereString | RedirectOp::HereDoc => (false, false),
            RedirectOp::DupIn | RedirectOp::DupOut => {
                let descriptor = |text: &[u8]| {
                    let digits = text.strip_suffix(b"-").unwrap_or(text);
                    digits.iter().all(u8::is_ascii_digit)
                };
                // `>&file` is `&>file`.
                let file = redirect.op == RedirectOp::DupOut
                    && argument.text().is_none_or(|text| !descriptor(text));
                (false, file)
            }
            _ => (false, true),
        };
        if reads {
            self.path(Path { argument: &argument, writes: false });
        }
        if writes {
            self.path(Path { argument: &argument, writes: true });
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
        assignment.subscript.iter().for_each(|subscript| self.subscript(subscript));
        match &assignment.value {
            AssignValue::Scalar(word) => self.word(word),
            AssignValue::Array(elements) => {
                for element in elements {
                    element.key.iter().for_each(|key| self.subscript(key));
                    self.word(&element.value);
                }
            }
        }
    }

    fn subscript(&mut self, subscript: &Subscript) {
        self.word(&subscript.word);
    }

    fn cond(&mut self, node: &Cond) {
        match node {
            Cond::Word(word) => self.word(word),
            Cond::Unary(letter, word) => {
                self.word(word);
                if FILE_TESTS.contains(letter) {
                    self.path(Path { argument: &Argument::new(word), writes: false });
                }
            }
            Cond::Binary(op, sides) => {
                for word in [&sides.0, &sides.1] {
                    self.word(word);
                    if matches!(op, CondOp::Newer | CondOp::Older | CondOp::SameFile) {
                        self.path(Path { argument: &Argument::new(word), writes: false });
                    }
                }
            }
            Cond::Match(_, sides) | Cond::Regex(sides) => {
                self.word(&sides.0);
                self.word(&sides.1.word);
            }
            Cond::Not(inner) | Cond::Group(inner) => self.cond(inner),
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|node| self.cond(node)),
        }
    }

    fn arith(&mut self, expr: &ArithExpr) {
        self.word(&expr.word);
    }

    fn word(&mut self, word: &Word) {
        if !word.is_text() {
            self.parts(&word.parts);
        }
    }

    fn parts(&mut self, parts: &[WordPart]) {
        for part in parts {
            match part {
                WordPart::Literal(_)
                | WordPart::Quoted(_)
                | WordPart::Var(_)
                | WordPart::Tilde(_) => {}
                WordPart::DoubleQuoted(parts) => self.parts(parts),
                WordPart::Param(param) => self.param(param),
                WordPart::Command(subst) => self.inner(&subst.body),
                WordPart::Process(subst) => self.inner(&subst.body),
                WordPart::Arith(expr) => self.arith(expr),
                WordPart::Brace(brace) => {
                    if let Brace::List(all) = &**brace {
                        all.iter().for_each(|parts| self.parts(parts));
                    }
                }
                WordPart::Array(assignment) => self.assignment(assignment),
                WordPart::Bad(bad) => match &**bad {
                    BadPart::Substitution { text, .. }
                    | BadPart::Syntax { text, .. }
                    | BadPart::Commands { text, .. } => {
                        self.opaque(OpaqueKind::Syntax, text.to_vec());
                    }
                },
            }
        }
    }

    /// The commands of a substitution.
    fn inner(&mut self, list: &List) {
        let line = self.line;
        self.list(list);
        self.line = line;
    }

    fn param(&mut self, param: &Param) {
        param.subscript.iter().for_each(|subscript| self.subscript(subscript));
        match &param.op {
            ParamOp::Value
            | ParamOp::Length
            | ParamOp::Names { .. }
            | ParamOp::Keys { .. }
            | ParamOp::Case { pattern: None, .. } => {}
            // The value is expanded like a prompt: it may hold a substitution.
            ParamOp::Transform(b'P') => self.opaque(OpaqueKind::Text, param.text.to_vec()),
            ParamOp::Transform(_) => {}
            ParamOp::Default { word, .. }
            | ParamOp::Assign { word, .. }
            | ParamOp::Error { word, .. }
            | ParamOp::Alternative { word, .. } => self.word(word),
            ParamOp::RemovePrefix { pattern, .. }
            | ParamOp::RemoveSuffix { pattern, .. }
            | ParamOp::Case { pattern: Some(pattern), .. } => self.word(&pattern.word),
            ParamOp::Replace { pattern, replacement, .. } => {
                self.word(&pattern.word);
                replacement.iter().for_each(|word| self.word(word));
            }
            ParamOp::Substring { offset, length } => {
                self.arith(offset);
                length.iter().for_each(|expr| self.arith(expr));
            }
        }
    }
}

/// What follows the options of a builtin.
fn after_options(arguments: &[Argument]) -> &[Argument] {
    let options = arguments.iter().take_while(|argument| {
        argument
            .text()
            .is_some_and(|text| text.len() > 1 && text.starts_with(b"-") && text != b"--")
    });
    let mut from = options.count();
    if arguments.get(from).and_then(Argument::text) == Some(b"--") {
        from += 1;
    }
    arguments.get(from..).unwrap_or_default()
}
