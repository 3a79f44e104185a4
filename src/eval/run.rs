//! The way in: a run of a script, and a session of one line after another.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;

use bstr::BString;
use bytes::Bytes;
use mesafs::line::Line;
use mesash_builtins::budget::Budget;
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::command::Command;
use mesash_builtins::registry::Registry;
use parking_lot::Mutex;

use super::invocation::{Ended, EndedBy, Invocation, LineEnd};
use super::realm::{Realm, Tasks};
use super::script::TextKind;
use super::start::Setup;
use super::{Eval, Unwind, lookup};
use crate::job::{Processes, Threads, Timer, stack};
use crate::state::{Fd, FdTable, Shell, Str};

struct Inner {
    registry: Arc<Registry>,
    threads: Arc<Threads>,
    timer: Timer,
}

/// Runs scripts: the commands, and the threads that they run on. Cloning shares it.
#[derive(Clone)]
pub struct Interpreter(Arc<Inner>);

impl fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interpreter").field("threads", &self.0.threads).finish_non_exhaustive()
    }
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new()
    }
}

/// The status of a run that the host had no thread for.
const NO_THREAD: Ended = Ended { status: 254, by: EndedBy::Exit };

impl Interpreter {
    /// With every command of the library.
    #[must_use]
    pub fn new() -> Self {
        Self::with_registry(Registry::standard())
    }

    /// With these commands.
    #[must_use]
    pub fn with_registry(registry: Registry) -> Self {
        let registry = Arc::new(registry);
        Self(Arc::new(Inner {
            registry,
            threads: Arc::new(Threads::new()),
            timer: Timer::default(),
        }))
    }

    /// The commands that there are, by name.
    pub fn commands(&self) -> impl Iterator<Item = &'static Command> {
        self.0.registry.iter()
    }

    /// What `/bin` holds: the commands, and the shell by its names; sorted.
    #[must_use]
    pub fn command_names(&self) -> Vec<String> {
        let commands = self.0.registry.iter().map(|command| command.name.to_owned());
        let shells = lookup::SHELLS.iter().map(|&name| name.to_owned());
        let mut names: Vec<String> = commands.chain(shells).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Runs a script to its end. Blocks the calling thread; the script runs on one of its own.
    #[must_use]
    pub fn run(&self, invocation: Invocation) -> Ended {
        let (send, receive) = mpsc::sync_channel(1);
        let started = self.start(invocation, move |ended| {
            let _ = send.send(ended);
        });
        match started {
            Ok(()) => receive.recv().unwrap_or(Ended { status: 134, by: EndedBy::Exit }),
            Err(_) => NO_THREAD,
        }
    }

    /// Runs a script on a thread of its own and tells how it ended.
    ///
    /// # Errors
    /// [`crate::job::threads::NoThread`]
    pub fn start(
        &self,
        invocation: Invocation,
        done: impl FnOnce(Ended) + Send + 'static,
    ) -> Result<(), crate::job::threads::NoThread> {
        let interpreter = self.clone();
        self.0.threads.spawn(move || done(interpreter.run_here(&invocation)))
    }

    /// Runs something on one of the interpreter's threads.
    ///
    /// # Errors
    /// [`crate::job::threads::NoThread`]
    pub fn spawn(
        &self,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), crate::job::threads::NoThread> {
        self.0.threads.spawn(task)
    }

    fn run_here(&self, invocation: &Invocation) -> Ended {
        let mut eval = match self.prepare(invocation) {
            Ok(eval) => eval,
            Err(ended) => return ended,
        };
        let realm = Arc::clone(&eval.rt.realm);
        let main = eval.rt.process.cancel.clone();
        let timeout = invocation.timeout;
        let timer = timeout.and_then(|delay| self.0.timer.start(delay, realm.cancel.clone()));
        let step = eval.run_source(&invocation.source);
        let end = eval.conclude(step);
        eval.close();
        drop(timer);
        let reason = realm.cancel.reason().or_else(|| main.reason());
        let ended = ended(&realm, end.status, reason);
        if let EndedBy::Limit(_) = ended.by {
            say_limit(invocation, &realm);
        }
        realm.close();
        ended
    }

    fn prepare(&self, invocation: &Invocation) -> Result<Eval, Ended> {
        let cancel = invocation.cancel.child();
        let realm = Arc::new(Realm {
            registry: Arc::clone(&self.0.registry),
            processes: Processes::default(),
            threads: Arc::clone(&self.0.threads),
            cancel: cancel.clone(),
            tasks: Tasks::default(),
            started_s: invocation.clock.now_s(),
            limit: Mutex::new(None),
        });
        let mut fds = FdTable::default();
        fds.set(0, Some(Fd::both(Arc::clone(&invocation.stdin))));
        fds.set(1, Some(Fd::both(Arc::clone(&invocation.stdout))));
        fds.set(2, Some(Fd::both(Arc::clone(&invocation.stderr))));
        let setup = Setup {
            realm,
            fs: Arc::clone(&invocation.fs),
            clock: Arc::clone(&invocation.clock),
            identity: invocation.identity.clone(),
            budget: Budget::new(invocation.limits),
            cancel: cancel.child(),
            parent_pid: 1,
            ignored: 0,
            cwd: invocation.cwd.clone(),
            zero: Str::from(invocation.name.as_slice()),
            args: invocation.args.iter().map(|arg| Str::from(arg.as_slice())).collect(),
            env: &invocation.env,
            fds,
            umask: 0o022,
            options: &invocation.options,
            interactive: invocation.interactive,
            depth: 0,
        };
        match setup.start() {
            Ok(eval) => {
                invocation.signals.attach(&eval.rt.process);
                Ok(eval)
            }
            Err(error) => {
                let text = format!("{}: {}\n", invocation.name, error.told(&invocation.name));
                drop(invocation.stderr.write(Bytes::from(text), &Cancel::new()));
                Err(Ended { status: 2, by: EndedBy::Exit })
            }
        }
    }

    /// A shell that keeps its state from one input to the next. The source of `invocation` counts
    /// for nothing.
    ///
    /// # Errors
    /// What `invocation` can't be started for; the reason has been said on its stderr.
    pub fn session(&self, invocation: &Invocation) -> Result<Session, Ended> {
        let mut eval = self.prepare(invocation)?;
        eval.rt.keeps_jobs = true;
        let root = eval.rt.realm.cancel.clone();
        Ok(Session { interpreter: self.clone(), eval: Some(eval), root, line: 1 })
    }
}

fn ended(realm: &Realm, status: u8, reason: Option<Reason>) -> Ended {
    match reason {
        None => Ended { status, by: EndedBy::Exit },
        Some(reason) => {
            let mut ended = Ended::cancelled(reason);
            if let (EndedBy::Limit(_), Some(limit)) = (ended.by, *realm.limit.lock()) {
                ended.by = EndedBy::Limit(limit.resource);
            }
            // What the EXIT trap said after a signal counts.
            if let EndedBy::Signal(_) = ended.by {
                ended.status = status;
            }
            ended
        }
    }
}

fn say_limit(invocation: &Invocation, realm: &Realm) {
    if let Some(limit) = *realm.limit.lock() {
        let text = format!("{}: {limit}\n", invocation.name);
        drop(invocation.stderr.write(Bytes::from(text), &Cancel::new()));
    }
}

/// A shell that takes one input after another. Its jobs end when it is dropped.
pub struct Session {
    interpreter: Interpreter,
    /// Away while an input runs.
    eval: Option<Eval>,
    root: Cancel,
    line: u32,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Session {
    /// Runs an input; `cancel` ends it (Ctrl-C), but not the session. Blocks the calling thread.
    pub fn execute(&mut self, text: &[u8], cancel: &Cancel) -> LineEnd {
        let text = text.to_vec();
        let line = self.line;
        self.line += u32::try_from(text.iter().filter(|&&byte| byte == b'\n').count()).unwrap_or(0);
        let cancel = cancel.clone();
        self.on_thread(move |eval| {
            eval.shell.cancel = cancel.clone();
            eval.rt.loops = 0;
            eval.rt.pending_unwind = None;
            let kind = TextKind::Prompt;
            let entered = BString::from(text.trim_ascii());
            eval.shell.fs().line_begins(Line::new(move || entered.clone()));
            let step = eval.run_text(&text, line, kind);
            let step = eval.end_line(step);
            line_end(eval, step, &cancel)
        })
    }

    /// Runs an input with the streams, the time-out and the cancel of `invocation`, on this thread.
    pub fn run(&mut self, text: &[u8], invocation: &Invocation) -> LineEnd {
        let lost = LineEnd { status: 134, exited: true, by: EndedBy::Exit };
        let Some(eval) = self.eval.as_mut() else { return lost };
        let cancel = invocation.cancel.clone();
        let timer = &self.interpreter.0.timer;
        let _timeout = invocation.timeout.and_then(|delay| timer.start(delay, cancel.clone()));
        let streams = [&invocation.stdin, &invocation.stdout, &invocation.stderr];
        for (fd, stream) in (0..).zip(streams) {
            eval.shell.fds.set(fd, Some(Fd::both(Arc::clone(stream))));
        }
        eval.rt.stack_floor = stack::floor();
        eval.shell.cancel = cancel.clone();
        eval.rt.loops = 0;
        eval.rt.pending_unwind = None;
        let step = eval.run_text(text, 1, TextKind::CommandString);
        let end = line_end(eval, step, &cancel);
        // What it started must not go on writing to streams that are somebody else's then.
        for (fd, _) in (0..3).zip(streams) {
            eval.shell.fds.set(fd, None);
        }
        end
    }

    /// Reads or changes the state between two inputs.
    pub fn with_shell<T>(&mut self, run: impl FnOnce(&mut Shell) -> T) -> Option<T> {
        self.eval.as_mut().map(|eval| run(&mut eval.shell))
    }

    /// Reads or changes the whole evaluator between two inputs.
    pub fn with_eval<T: Send + 'static>(
        &mut self,
        run: impl FnOnce(&mut Eval) -> T + Send + 'static,
    ) -> Option<T> {
        let (send, receive) = mpsc::sync_channel(1);
        let mut eval = self.eval.take()?;
        let spawned = self.interpreter.0.threads.spawn(move || {
            eval.rt.stack_floor = stack::floor();
            let answer = run(&mut eval);
            drop(send.send((eval, answer)));
        });
        spawned.ok()?;
        let (eval, answer) = receive.recv().ok()?;
        self.eval = Some(eval);
        Some(answer)
    }

    /// Tells of background jobs that have ended; for right before a prompt.
    pub fn notify_jobs(&mut self) {
        if let Some(eval) = self.eval.as_mut() {
            eval.notify_jobs();
        }
    }

    /// Runs the EXIT trap, for an end that is no `exit`; the status of the session.
    pub fn run_exit_trap(&mut self) -> u8 {
        let root = self.root.child();
        self.with_eval(move |eval| {
            eval.shell.cancel = root;
            eval.exit_trap(eval.shell.status)
        })
        .unwrap_or(1)
    }

    fn on_thread(&mut self, run: impl FnOnce(&mut Eval) -> LineEnd + Send + 'static) -> LineEnd {
        let lost = LineEnd { status: 134, exited: true, by: EndedBy::Exit };
        self.with_eval(run).unwrap_or(lost)
    }
}

fn line_end(eval: &mut Eval, step: Result<u8, Unwind>, cancel: &Cancel) -> LineEnd {
    match step {
        Err(Unwind::Exit(_)) => {
            let end = eval.conclude(step);
            LineEnd { status: end.status, exited: true, by: EndedBy::Exit }
        }
        Err(Unwind::Abort) => {
            let reason = cancel.reason().unwrap_or(Reason::Interrupt);
            let limit = eval.rt.realm.limit.lock().map(|limit| limit.resource);
            let mut ended = Ended::cancelled(reason);
            if let (EndedBy::Limit(_), Some(resource)) = (ended.by, limit) {
                ended.by = EndedBy::Limit(resource);
            }
            eval.shell.status = ended.status;
            LineEnd { status: ended.status, exited: false, by: ended.by }
        }
        _ => LineEnd { status: eval.shell.status, exited: false, by: EndedBy::Exit },
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(eval) = self.eval.take() {
            let realm = Arc::clone(&eval.rt.realm);
            drop(eval);
            realm.close();
        }
    }
}
