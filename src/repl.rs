//! The prompt: reads lines from a person, and runs them in one session.
//!
//! A command that is not complete asks for another line. Ctrl-C drops the line that is being typed,
//! or ends the one that runs; Ctrl-D at an empty prompt ends the session. As in bash, SIGTERM does
//! nothing at a prompt, and SIGHUP ends the session: the store is closed before.

mod bell;
mod complete;
mod compose;
mod editor;
mod hangup;
mod highlight;
mod history;
mod live;
mod look;
mod menu;
mod probe;
mod programs;
mod prompt;
mod scene;
mod suggest;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bstr::ByteSlice as _;
use mesafs::{FileSystem as _, VPath};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::command::Command;
use rustyline::EditMode;
use rustyline::error::ReadlineError;

use crate::cli::{Failure, Options, Prepared, Target, Watch, environment, plain, prepare};
use crate::eval::{Composer, EndedBy, Signals, Source};
use crate::state::{Opt, Value};
use bell::Bell;
use compose::Editors;
use editor::{LineEditor, Read};
use hangup::Hangup;
use history::{Control, Expanded, Recorder};
use live::{Live, Watching};
pub(crate) use look::{Look, size};
use programs::Programs;
use prompt::{Asker, Facts, Numbers, Place};
use scene::Scene;

/// What `$?` is after Ctrl-C (128 + SIGINT).
const INTERRUPTED: u8 = 130;
/// The status of a command that there is not.
const NOT_FOUND: u8 = 127;
/// What the first prompt of a store says.
const FIRST_RUN: &str = "\
Each edit is kept in a change: 'changes' shows it, 'undo' takes a line back.
Tab completes, Ctrl-R searches the history, 'help' and 'man NAME' tell more.
'mesash repo import DIR NAME' brings a git repository in: docs/tutorial.md
";

/// How many lines of other sessions the `history` command begins with.
const HISTORY_SHOWN: usize = 500;

/// Runs a session, and gives its exit code.
///
/// # Errors
/// [`Failure`]: the mount failed, or the terminal can't be used.
pub fn run(options: &Options) -> Result<u8, Failure> {
    let failed = |reason: String| Failure::new(1, reason);
    let watch = Watch::start(true).map_err(|error| failed(plain(&error)))?;
    let prepared = prepare(options, &watch)?;
    let first_run = !prepared.fs.mount()?.made.is_empty();
    prepared.fs.serve_prompt();
    watch.at_prompt(Hangup::of(&prepared.fs));
    let mut invocation = prepared.invocation(Source::Stdin, options);
    invocation.interactive = true;
    invocation.env = environment(prepared.first.as_bstr().to_owned());
    let session = prepared.interpreter.session(&invocation);
    let session = session.map_err(|_| failed("the session could not be started".into()))?;
    let wanted = &prepared.settings.prompt;
    let named = editor::read_keys(&wanted.keys).map_err(Failure::usage)?;
    let recorder = Recorder::open(prepared.settings.history.as_deref(), wanted.history_lines);
    let (look, bell) = (Look::of_host(), Bell::default());
    let editor = LineEditor::new(recorder.past().clone(), look, bell.clone(), &named);
    let editor = editor.map_err(|error| failed(error.to_string()))?;
    let mut repl = Repl {
        programs: Programs::new(session),
        editor,
        recorder,
        editors: Arc::new(Editors::new(watch.clone(), wanted.editor)),
        watch,
        prepared: &prepared,
        look,
        live: Live::new(bell),
        mount: None,
        asker: Asker::default(),
        facts: Facts::default(),
        commands: 0,
    };
    if first_run {
        let _ = std::io::stderr().write_all(FIRST_RUN.as_bytes());
    }
    let status = match repl.begin(!options.no_rc) {
        Some(Next::Exit(status)) => status,
        _ => repl.serve(),
    };
    drop(repl);
    prepared.fs.close()?;
    Ok(status)
}

struct Repl<'a> {
    programs: Programs,
    editor: LineEditor,
    recorder: Recorder,
    watch: Watch,
    editors: Arc<Editors>,
    prepared: &'a Prepared,
    look: Look,
    live: Arc<Live>,
    /// The mount whose events are counted, and since when it is there.
    mount: Option<Mounted>,
    asker: Asker,
    facts: Facts,
    /// How many commands have run.
    commands: usize,
}

/// The mount that the prompt tells of.
struct Mounted {
    token: usize,
    since: Instant,
    _watching: Option<Watching>,
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
    /// What a session has before its first line: its options, the history, and what `mesashrc` does if
    /// it is wanted.
    fn begin(&mut self, rc: bool) -> Option<Next> {
        let past = self.recorder.past().last(HISTORY_SHOWN);
        let composer = Arc::clone(&self.editors) as Arc<dyn Composer>;
        self.programs.session().with_eval(move |eval| {
            eval.rt.composer = Some(composer);
            eval.shell.options.set(Opt::HistExpand, true);
            eval.shell.options.set(Opt::Emacs, true);
            for line in past {
                eval.note_history(line.as_bytes());
            }
        });
        if !self.prepared.settings.prompt.pager {
            self.execute(b"export PAGER=cat");
        }
        let path = self.prepared.settings.prompt.rc.as_ref().filter(|_| rc)?;
        match std::fs::read(path) {
            Ok(text) => self.execute(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let (path, reason) = (path.display(), plain(&error));
                let _ = writeln!(std::io::stderr(), "mesash: {path}: {reason}");
                None
            }
        }
    }

    fn serve(&mut self) -> u8 {
        let mut status = 0;
        loop {
            if let Some(Next::Exit(status)) = self.before_prompt(status) {
                return status;
            }
            match self.read(status) {
                Ok(Typed::Command(text)) => {
                    let Some(next) = self.enter(&text) else { continue };
                    match next {
                        Next::Line(next) => status = next,
                        Next::Exit(status) => return status,
                    }
                }
                Ok(Typed::Dropped) => {
                    status = INTERRUPTED;
                    self.facts.took = Duration::ZERO;
                    self.programs.session().with_shell(|shell| shell.status = INTERRUPTED);
                }
                Ok(Typed::End) => {
                    let _ = writeln!(std::io::stderr(), "exit");
                    return self.programs.session().run_exit_trap();
                }
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "mesash: {error}");
                    self.programs.session().run_exit_trap();
                    return 1;
                }
            }
        }
    }

    /// Runs `PROMPT_COMMAND`, each element of it if it is an array; `$?` stays what it was (bash manual,
    /// 6.9).
    fn before_prompt(&mut self, status: u8) -> Option<Next> {
        let texts = self.programs.session().with_shell(|shell| {
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
            self.programs.session().with_shell(|shell| shell.status = status);
        }
        None
    }

    /// Reads lines until they are a command, or can't become one.
    fn read(&mut self, status: u8) -> Result<Typed, ReadlineError> {
        self.programs.session().notify_jobs();
        let numbers = self.look_around(status);
        let scene = self.scene();
        self.editor.set_scene(Arc::clone(&scene));
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() { prompt::first } else { prompt::next };
            let prompt =
                prompt(&mut self.programs.session(), &self.facts, numbers, &self.live, self.look);
            match self.editor.read(&prompt, "") {
                Ok(Read::Line(line)) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Ok(Read::Compose(line)) => {
                    text.push_str(&line);
                    return Ok(self.compose(&text));
                }
                Err(ReadlineError::Interrupted) => return Ok(Typed::Dropped),
                Err(ReadlineError::Eof) if text.is_empty() => return Ok(Typed::End),
                // The end of the input ends an unfinished command: the parser says what is missing.
                Err(ReadlineError::Eof) => break,
                Err(error) => return Err(error),
            }
            if !editor::wants_more(&text, &scene) {
                break;
            }
        }
        self.live.begin();
        Ok(Typed::Command(text))
    }

    /// Has what is typed edited in an editor, to be run then; it is shown as if it had been typed.
    fn compose(&mut self, text: &str) -> Typed {
        let edited = self.editors.compose("command.sh".into(), format!("{text}\n").as_bytes());
        let mut stderr = std::io::stderr().lock();
        match edited {
            Ok(edited) => {
                let edited = String::from_utf8_lossy(&edited).into_owned();
                let _ = writeln!(stderr, "{}", look::clean_lines(edited.trim_end()));
                Typed::Command(edited)
            }
            Err(error) => {
                let _ = writeln!(stderr, "mesash: {}", look::clean(&error.to_string()));
                Typed::Dropped
            }
        }
    }

    /// Gathers what the prompt tells, and what the line editor looks at.
    fn look_around(&mut self, status: u8) -> Numbers {
        self.follow_mount();
        let cwd = self.programs.session().with_shell(|shell| shell.dirs.cwd.clone());
        let cwd = cwd.unwrap_or_else(VPath::root);
        let versions = self.prepared.fs.versions();
        self.facts.place = match versions {
            Some(versions) => self.asker.place(versions, &cwd),
            None => Place::None,
        };
        self.facts.cwd = cwd.to_string();
        self.facts.status = status;
        let ttl = Duration::from_secs(self.prepared.settings.ttl_s);
        self.facts.minutes_left = self
            .mount
            .as_ref()
            .map(|mount| ttl.saturating_sub(mount.since.elapsed()).as_secs() / 60);
        let notices = self.programs.session().with_shell(|shell| {
            let vi = shell.options.has(Opt::Vi);
            (shell.options.has(Opt::Notify), if vi { EditMode::Vi } else { EditMode::Emacs })
        });
        if let Some((notices, mode)) = notices {
            self.live.show_notices(notices);
            self.editor.set_mode(mode);
        }
        let change = match &self.facts.place {
            Place::Change { change, .. } => change.clone(),
            Place::None | Place::Expired => String::new(),
        };
        let repo = self.repo(&cwd).unwrap_or_default();
        self.recorder.refresh(history::Place { cwd: cwd.to_string(), repo, change });
        let command = self.commands + 1;
        let (history, jobs) = self
            .programs
            .session()
            .with_eval(|eval| (eval.rt.history.len() + 1, eval.rt.jobs.jobs().len()))
            .unwrap_or_default();
        Numbers { history, command, jobs }
    }

    /// Counts the events of the mount that is there now: `remount` makes another.
    fn follow_mount(&mut self) {
        let Ok(mounted) = self.prepared.fs.mount() else { return };
        let token = std::ptr::from_ref(mounted) as usize;
        if self.mount.as_ref().is_none_or(|mount| mount.token != token) {
            // A store that tells of nothing leaves the count at 0.
            let watching = self.live.watch(&mounted.fs, self.look).ok();
            self.mount = Some(Mounted { token, since: Instant::now(), _watching: watching });
        }
    }

    /// `ORG/REPO` of the checkout that holds `cwd`.
    fn repo(&self, cwd: &VPath) -> Option<String> {
        let checkout = self.prepared.fs.versions()?.checkout_at(cwd).ok()??;
        Some(checkout.repo().to_string())
    }

    fn scene(&mut self) -> Arc<Scene> {
        let tables: BTreeMap<_, _> =
            self.prepared.interpreter.commands().map(|command| (command.name, command)).collect();
        let described = |(name, table): (&&str, &&Command)| {
            let about = table.summary.lines().next().unwrap_or_default();
            ((*name).to_owned(), about.to_owned())
        };
        let mut commands: BTreeMap<String, String> = tables.iter().map(described).collect();
        for (name, summary) in crate::special::summaries() {
            commands.insert(name.to_owned(), summary.to_owned());
        }
        let fs = Arc::clone(&self.prepared.fs) as Arc<dyn mesafs::FileSystem>;
        let scene = self.programs.session().with_shell(|shell| Scene::of(shell, fs, commands));
        let mut scene = scene.unwrap_or_default();
        scene.repo = scene.cwd.as_ref().and_then(|cwd| self.repo(cwd));
        scene.joins_lines &= !self.look.dumb;
        scene.tables = tables;
        scene.programs = Some(self.programs.clone());
        let jobs = self.programs.session().with_eval(|eval| {
            let jobs = eval.rt.jobs.jobs().iter();
            jobs.map(|job| (format!("%{}", job.number), job.text.to_str_lossy().into_owned()))
                .collect()
        });
        scene.jobs = jobs.unwrap_or_default();
        Arc::new(scene)
    }

    /// Runs what was typed: history expansion first, and the history keeps it.
    fn enter(&mut self, text: &str) -> Option<Next> {
        let line = text.trim_end_matches('\n');
        let line = match self.expand(line) {
            Some(line) => line,
            None => return Some(Next::Line(self.facts.status)),
        };
        if line.trim().is_empty() {
            return None;
        }
        let control = self.programs.session().with_shell(|shell| {
            let value = shell.text_of(b"HISTCONTROL").map(|value| value.to_vec());
            Control::of(value.as_deref().map(String::from_utf8_lossy).as_deref())
        });
        let running = self.recorder.note(&line, control.unwrap_or_else(|| Control::of(None)));
        if running.is_some() {
            let noted = line.clone();
            self.programs.session().with_eval(move |eval| eval.note_history(noted.as_bytes()));
        }
        let begun = Instant::now();
        let next = self.execute(format!("{line}\n").as_bytes());
        self.facts.took = begun.elapsed();
        self.commands += 1;
        if let (Some(running), Some(next)) = (running, &next) {
            let (Next::Line(status) | Next::Exit(status)) = next;
            self.recorder.ended(running, *status, self.facts.took);
        }
        if let Some(Next::Line(NOT_FOUND)) = next {
            self.suggest(&line);
        }
        next
    }

    /// Says what may have been meant by commands that there are not.
    fn suggest(&mut self, line: &str) {
        let scene = self.scene();
        let mut stderr = std::io::stderr().lock();
        for (name, near) in suggest::commands(line, &scene) {
            let name = look::clean(&name);
            let _ = writeln!(stderr, "mesash: {name}: did you mean '{}'?", look::clean(&near));
        }
    }

    /// The line with its history expansions; `None` if it is not to run.
    fn expand(&mut self, line: &str) -> Option<String> {
        let past = self.programs.session().with_eval(|eval| {
            let on = eval.shell.options.has(Opt::HistExpand);
            on.then(|| eval.rt.history.iter().map(|line| line.to_vec()).collect::<Vec<_>>())
        });
        let Some(past) = past.flatten() else { return Some(line.to_owned()) };
        let past: Vec<String> =
            past.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
        let mut stderr = std::io::stderr().lock();
        match history::expand(line, &past, past.len()) {
            Expanded::Same => Some(line.to_owned()),
            Expanded::To(text) => {
                let _ = writeln!(stderr, "{}", look::clean_lines(&text));
                Some(text)
            }
            Expanded::Print(text) => {
                let _ = writeln!(stderr, "{}", look::clean_lines(&text));
                self.recorder.note(&text, Control::of(None));
                self.programs.session().with_eval(move |eval| eval.note_history(text.as_bytes()));
                None
            }
            Expanded::Failed(message) => {
                let _ = writeln!(stderr, "mesash: {}", look::clean(&message));
                None
            }
        }
    }

    fn execute(&mut self, text: &[u8]) -> Option<Next> {
        if text.trim_ascii().is_empty() {
            return None;
        }
        self.prepared.fs.forget_revisions();
        let cancel = Cancel::new();
        let target = Target { script: Signals::default(), cancel: cancel.clone() };
        self.watch.aim(Some(target));
        let end = self.programs.session().execute(text, &cancel);
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
