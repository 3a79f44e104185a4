//! The prompt: reads lines from a person, and runs them in one session.
//!
//! A command that is not complete asks for another line (`PS2`). Ctrl-C drops the line that is being
//! typed, or ends the one that runs; Ctrl-D at an empty prompt ends the session. As in bash, SIGTERM
//! does nothing at a prompt, and SIGHUP ends the session: the store is closed before.

mod complete;
mod editor;
mod hangup;
mod prompt;
mod reader;

use std::io::Write;
use std::sync::Arc;

use mesafs::FileSystem as _;
use mesash_builtins::cancel::Cancel;
use rustyline::error::ReadlineError;

use crate::cli::{Failure, Options, Prepared, Target, Watch, environment, plain, prepare};
use crate::eval::{EndedBy, Interpreter, Session, Signals, Source};
use crate::state::Value;
use editor::{LineEditor, Scene};
use hangup::Hangup;

/// What `$?` is after Ctrl-C (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// Runs a session, and gives its exit code.
///
/// # Errors
/// [`Failure`]: the mount failed, or the terminal can't be used.
pub fn run(options: &Options) -> Result<u8, Failure> {
    let failed = |reason: String| Failure::new(1, reason);
    let watch = Watch::start().map_err(|error| failed(plain(&error)))?;
    let prepared = prepare(options, &watch)?;
    prepared.fs.mount()?;
    prepared.fs.serve_prompt();
    watch.at_prompt(Hangup::of(&prepared.fs));
    let mut invocation = prepared.invocation(Source::Stdin, options);
    invocation.interactive = true;
    invocation.env = environment(prepared.first.as_bstr().to_owned());
    let session = prepared.interpreter.session(&invocation);
    let session = session.map_err(|_| failed("the session could not be started".into()))?;
    let history = prepared.settings.history.as_deref();
    let editor = LineEditor::new(history).map_err(|error| failed(error.to_string()))?;
    let mut repl = Repl { session, editor, watch, prepared: &prepared };
    let status = repl.serve();
    drop(repl);
    prepared.fs.close()?;
    Ok(status)
}

struct Repl<'a> {
    session: Session,
    editor: LineEditor,
    watch: Watch,
    prepared: &'a Prepared,
}

/// What was typed.
enum Typed {
    Command(String),
    /// Ctrl-C
    Dropped,
    /// Ctrl-D
    End,
}

impl Repl<'_> {
    fn serve(&mut self) -> u8 {
        let mut status = 0;
        loop {
            if let Some(Next::Exit(status)) = self.before_prompt(status) {
                return status;
            }
            match self.read(status) {
                Ok(Typed::Command(text)) => {
                    let Some(next) = self.execute(text.as_bytes()) else { continue };
                    match next {
                        Next::Line(next) => status = next,
                        Next::Exit(status) => return status,
                    }
                }
                Ok(Typed::Dropped) => {
                    status = INTERRUPTED;
                    self.session.with_shell(|shell| shell.status = INTERRUPTED);
                }
                Ok(Typed::End) => {
                    let _ = writeln!(std::io::stderr(), "exit");
                    return self.session.run_exit_trap();
                }
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "mesash: {error}");
                    self.session.run_exit_trap();
                    return 1;
                }
            }
        }
    }

    /// Runs `PROMPT_COMMAND`, each element of it if it is an array; `$?` stays what it was (bash manual,
    /// 6.9).
    fn before_prompt(&mut self, status: u8) -> Option<Next> {
        let texts = self.session.with_shell(|shell| {
            let symbol = shell.interner.get(b"PROMPT_COMMAND")?;
            Some(match shell.value(symbol) {
                Value::Indexed(array) => array.values().cloned().collect(),
                _ => shell.scalar(symbol).into_iter().collect::<Vec<_>>(),
            })
        });
        for text in texts.flatten()? {
            if let Some(Next::Exit(status)) = self.execute(&text) {
                return Some(Next::Exit(status));
            }
            self.session.with_shell(|shell| shell.status = status);
        }
        None
    }

    /// Reads lines until they are a command, or can't become one.
    fn read(&mut self, status: u8) -> Result<Typed, ReadlineError> {
        let scene = self.scene();
        self.editor.set_scene(scene);
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() {
                prompt::first(&mut self.session, &self.prepared.fs, status)
            } else {
                prompt::next(&mut self.session)
            };
            match self.editor.read(&prompt) {
                Ok(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Err(ReadlineError::Interrupted) => return Ok(Typed::Dropped),
                Err(ReadlineError::Eof) if text.is_empty() => return Ok(Typed::End),
                // The end of the input ends an unfinished command: the parser says what is missing.
                Err(ReadlineError::Eof) => break,
                Err(error) => return Err(error),
            }
            if !self
                .session
                .with_shell(|shell| reader::is_incomplete(shell, &text))
                .unwrap_or(false)
            {
                break;
            }
        }
        self.editor.remember(text.trim_end_matches('\n'));
        Ok(Typed::Command(text))
    }

    fn scene(&mut self) -> Scene {
        let interpreter: &Interpreter = &self.prepared.interpreter;
        let names = interpreter.command_names();
        let fs = Arc::clone(&self.prepared.fs) as Arc<dyn mesafs::FileSystem>;
        self.session.with_shell(|shell| Scene::of(shell, fs, names)).unwrap_or_default()
    }

    fn execute(&mut self, text: &[u8]) -> Option<Next> {
        if text.trim_ascii().is_empty() {
            return None;
        }
        self.prepared.fs.forget_revisions();
        let cancel = Cancel::new();
        let target = Target { script: Signals::default(), cancel: cancel.clone() };
        self.watch.aim(Some(target));
        let end = self.session.execute(text, &cancel);
        self.watch.aim(None);
        if end.by != EndedBy::Exit {
            // The terminal has echoed `^C` without a newline.
            let _ = writeln!(std::io::stderr());
        }
        Some(if end.exited { Next::Exit(end.status) } else { Next::Line(end.status) })
    }
}

/// What comes after a command.
enum Next {
    Line(u8),
    Exit(u8),
}
