//! A shell made ready, and its script run: for the program, `exec`, and `bash` inside of scripts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bstr::BString;
use mesafs::clock::Clock;
use mesafs::{Errno, FileSystem, VPath};
use mesash_builtins::budget::Budget;
use mesash_builtins::cancel::Cancel;
use mesash_builtins::context::Identity;

use super::script::TextKind;
use super::{Eval, InvocationOption, Realm, Runtime, Source, Step, expand, lookup};

use crate::special::BuiltinTable;
use crate::state::{
    Event, FdTable, Frame, FrameKind, Group, Opt, Positional, Shell, Str, VarError, World, names,
};

/// What a new shell is made of.
pub struct Setup<'a> {
    pub realm: Arc<Realm>,
    pub fs: Arc<dyn FileSystem>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
    pub budget: Budget,
    /// Ends it when set.
    pub cancel: Cancel,
    pub parent_pid: i64,
    /// Signals that it ignores from the start.
    pub ignored: u64,
    pub cwd: VPath,
    pub zero: Str,
    pub args: Vec<Str>,
    pub env: &'a [(BString, BString)],
    pub fds: FdTable,
    pub umask: u32,
    pub options: &'a [InvocationOption],
    pub interactive: bool,
    pub depth: u32,
}

/// How long the ends of `>(…)` are waited for when a script has ended.
const LAST_WORDS_MS: u64 = 500;

impl Setup<'_> {
    /// The shell before its first command.
    ///
    /// # Errors
    /// [`VarError`] if the environment is too large; the name of an option that there isn't.
    pub fn start(self) -> Result<Eval, StartError> {
        let process = self.realm.processes.start(self.cancel.clone(), self.ignored);
        let world = World {
            fs: self.fs,
            clock: self.clock,
            identity: self.identity,
            pid: process.pid,
            parent_pid: self.parent_pid,
        };
        let str_env: Vec<(Str, Str)> = self
            .env
            .iter()
            .map(|(name, value)| (Str::from(name.as_slice()), Str::from(value.as_slice())))
            .collect();
        let world = Arc::new(world);
        let mut shell =
            Shell::start(world, self.budget, self.cancel, self.cwd, self.zero, &str_env)?;
        shell.fds = self.fds;
        shell.umask = self.umask;
        shell.positional = Positional::charged(self.args, &shell.budget).map_err(VarError::from)?;
        let builtins = Arc::new(BuiltinTable::new(&shell.interner)?);
        let mut rt = Runtime::new(self.realm, process, builtins);
        rt.depth = self.depth;
        rt.first_stdin = shell.fds.get(0).map(|fd| Arc::clone(&fd.stream));
        for number in (1..=64).filter(|number| rt.process.ignores(*number)) {
            shell.traps.fix(Event::Signal(number));
        }
        if self.interactive {
            for opt in [Opt::Interactive, Opt::ExpandAliases, Opt::History] {
                shell.options.set(opt, true);
            }
        }
        for option in self.options {
            let (group, name, on) = match option {
                InvocationOption::Set(name, on) => (Group::Set, name, *on),
                InvocationOption::Shopt(name, on) => (Group::Shopt, name, *on),
            };
            match Opt::named(group, name) {
                Some(opt) => {
                    shell.options.set(opt, on);
                    if opt == Opt::Verbose {
                        rt.verbose.store(on, std::sync::atomic::Ordering::Relaxed);
                    }
                }
                None if group == Group::Set => return Err(StartError::NoOption(name.clone())),
                None => return Err(StartError::NoShellOption(name.clone())),
            }
        }
        let mut eval = Eval { shell, rt };
        let env = self.env.iter();
        eval.import_functions(env.map(|(name, value)| (name.as_slice(), value.as_slice())));
        eval.shell.status = 0;
        Ok(eval)
    }
}

/// Why a shell could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Variables(#[from] VarError),
    #[error("{0}: invalid option name")]
    NoOption(BString),
    #[error("{0}: invalid shell option name")]
    NoShellOption(BString),
}

impl StartError {
    /// The message after the shell's name, which bash says again for some.
    pub fn told(&self, name: &BString) -> String {
        match self {
            Self::NoOption(_) => format!("line 0: {name}: {self}"),
            Self::NoShellOption(_) => format!("line 0: {self}"),
            Self::Variables(_) => self.to_string(),
        }
    }
}

impl Eval {
    /// Runs a script to its end; what it came to is for [`Eval::conclude`].
    pub fn run_source(&mut self, source: &Source) -> Step {
        match source {
            Source::Text(text) => {
                self.rt.reads_text = true;
                self.shell.options.set(Opt::CommandString, true);
                let copy = Str::from(text.as_slice());
                drop(self.shell.set(names::BASH_EXECUTION_STRING, copy));
                self.run_text(text, 1, TextKind::CommandString)
            }
            Source::Script(text) => self.run_script(text, self.shell.zero.clone()),
            Source::Stdin => {
                self.shell.options.set(Opt::StandardInput, true);
                self.run_stdin()
            }
            Source::File(name) => {
                let content = match self.script_file(name) {
                    Ok(content) => content,
                    Err(status) => return Ok(status),
                };
                self.run_script(&content, Str::from(name.as_slice()))
            }
        }
    }

    fn run_script(&mut self, content: &[u8], source: Str) -> Step {
        self.shell.frames.push(Frame {
            kind: FrameKind::Script,
            name: Str::from("main"),
            source,
            called_from: 0,
            arguments: None,
            options: None,
        });
        self.run_text(content, 1, TextKind::File)
    }

    /// The content of a script file, or the status after a message.
    fn script_file(&mut self, name: &BString) -> Result<bytes::Bytes, u8> {
        let read = |path: &[u8]| {
            let full = self.shell.dirs.cwd.join(path)?;
            let stat = self.shell.fs().metadata(&full)?;
            if stat.is_directory() {
                return Err(mesafs::FsError::new(Errno::IsDir, mesafs::Operation::Open, path));
            }
            self.shell.fs().read(&full)
        };
        let mut content = read(name);
        if content.as_ref().is_err_and(|error| error.errno() == Errno::NoEnt)
            && !name.contains(&b'/')
        {
            let path = lookup::path_variable(&self.shell);
            if let Some(found) = lookup::search(&self.shell, &path, name, false).first() {
                content = read(found);
            }
        }
        let say = |text: &[u8]| {
            self.put_error(&[self.shell.zero.as_bytes(), b": ", name, b": ", text, b"\n"].concat());
        };
        match content {
            Ok(content) if lookup::is_binary(&content) => {
                say(b"cannot execute binary file");
                Err(126)
            }
            Ok(content) => Ok(content),
            Err(error) if error.errno() == Errno::Canceled => Err(1),
            Err(error) => {
                let reason = error.to_string();
                if error.errno() == Errno::IsDir {
                    say(reason.as_bytes());
                } else {
                    // The script is not running yet: this is said in the name of the shell.
                    let own = self.rt.own_name.as_bytes();
                    let text = [own, b": ", name, b": ", reason.as_bytes(), b"\n"].concat();
                    self.put_error(&text);
                }
                Err(if error.errno() == Errno::NoEnt { 127 } else { 126 })
            }
        }
    }

    /// A prompt (`PS1`, `PS2`) expanded as `${x@P}` does it; `None` if it is unset.
    pub fn prompt_text(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let raw = self.shell.text_of(name)?.to_vec();
        Some(self.prompt_of(&raw))
    }

    /// The text of a prompt, expanded; as it is where it can't be.
    pub fn prompt_of(&mut self, raw: &[u8]) -> Vec<u8> {
        let raw = Str::from(raw);
        let before = (self.shell.status, self.shell.substitutions);
        let text = expand::prompt(&mut self.shell, &mut self.rt, &raw).unwrap_or(raw);
        (self.shell.status, self.shell.substitutions) = before;
        text.to_vec()
    }

    /// Lets go of everything that this shell holds open, and gives the ends of its `>(…)` a moment
    /// to say their last words.
    pub fn close(self) {
        let Self { shell, rt } = self;
        drop(shell);
        let end = Instant::now().checked_add(Duration::from_millis(LAST_WORDS_MS));
        loop {
            let seen = rt.process.bell.count();
            if rt.realm.cancel.is_cancelled() || !rt.jobs.hidden_running() {
                break;
            }
            if !rt.process.bell.wait(seen, end) {
                break;
            }
        }
        rt.realm.processes.end(rt.process.pid);
    }
}
