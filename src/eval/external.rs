//! External commands: those of the registry, scripts, and this shell anew.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use mesafs::{Errno, FsError, FsResult, Operation, VPath};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::command::{Command, ExitStatus};
use mesash_builtins::context::{ComposeError, Context, Host, Running, Spawn, SpawnError};
use mesash_builtins::registry;
use mesash_builtins::stream::{Input, Output, Policy, Stream};

use super::lookup::{self, Program};
use super::streams::Closed;
use super::{Eval, Runtime, Step, Unwind, child_shell, failure};
use crate::state::{FdTable, Shell, Str};
use crate::syntax::print;

/// How many `#!` lines may lead to one another.
const INTERPRETERS_MAX: u32 = 4;

/// Runs what a command name was found to be.
pub fn run(eval: &mut Eval, program: &Program, path: &Str, fields: &[Str]) -> Step {
    let env = environment(&eval.shell, path);
    run_with(eval, program, path, fields, env)
}

/// As [`run`], with an environment of its own.
pub fn run_with(
    eval: &mut Eval,
    program: &Program,
    path: &Str,
    fields: &[Str],
    env: Vec<(BString, BString)>,
) -> Step {
    let argv: Vec<BString> = fields.iter().map(BString::from).collect();
    let launch = Launch {
        shell: &eval.shell,
        rt: &eval.rt,
        fds: eval.shell.fds.clone(),
        env,
        cwd: eval.shell.dirs.cwd.clone(),
        cancel: eval.shell.cancel.clone(),
    };
    let status = launch.run(program, path, &argv, 0);
    if eval.shell.cancel.is_cancelled() {
        return Err(Unwind::Abort);
    }
    Ok(status)
}

/// What a command gets as its environment, exported functions included.
pub fn environment(shell: &Shell, path: &[u8]) -> Vec<(BString, BString)> {
    let exported = shell.environment().into_iter();
    let mut env: Vec<(BString, BString)> =
        exported.map(|(name, value)| (name.into(), value.into())).collect();
    for entry in shell.functions.sorted().into_iter().filter(|entry| entry.exported) {
        let name = [b"BASH_FUNC_", entry.function.name.as_bytes(), b"%%"].concat();
        // Without the name, which the variable's has.
        let text = print::exported(&entry.function);
        let body = text.find_byte(b'(').and_then(|at| text.get(at..)).unwrap_or_default();
        env.push((name.into(), body.into()));
    }
    env.retain(|(name, _)| name != "_");
    env.push(("_".into(), path.into()));
    env
}

/// A command about to run, and what it can ask of the shell.
pub struct Launch<'a> {
    pub shell: &'a Shell,
    pub rt: &'a Runtime,
    pub fds: FdTable,
    pub env: Vec<(BString, BString)>,
    pub cwd: VPath,
    pub cancel: Cancel,
}

impl Launch<'_> {
    /// Runs `program` to its end.
    pub fn run(&self, program: &Program, path: &[u8], argv: &[BString], nested: u32) -> u8 {
        match program {
            Program::Command(command) => self.command(command, argv),
            Program::Shell => child_shell::run(self, argv),
            Program::Script(content) => self.script(content, path, argv, nested),
        }
    }

    fn stream(&self, fd: u32, writes: bool) -> Arc<dyn Stream> {
        let usable = |fd: &&crate::state::Fd| if writes { fd.writable } else { fd.readable };
        match self.fds.get(fd).filter(usable) {
            Some(fd) => Arc::clone(&fd.stream),
            None => Arc::new(Closed),
        }
    }

    fn command(&self, command: &'static Command, argv: &[BString]) -> u8 {
        let stderr = self.stream(2, true);
        let mut ctx = Context {
            name: argv.first().cloned().unwrap_or_default(),
            fs: self.shell.fs(),
            cwd: self.cwd.clone(),
            env: &self.env,
            stdin: Input::new(self.stream(0, false), self.cancel.clone()),
            stdout: Output::standard(self.stream(1, true), self.cancel.clone()),
            stderr: Output::new(stderr, self.cancel.clone(), Policy::None),
            cancel: self.cancel.clone(),
            budget: self.shell.budget.clone(),
            clock: &self.shell.world.clock,
            umask: self.shell.umask,
            identity: &self.shell.world.identity,
            registry: &self.rt.realm.registry,
            host: self,
        };
        registry::run(command, &mut ctx, argv.get(1..).unwrap_or_default()).0
    }

    /// A file with `#!`, or without, which is a script of this shell.
    fn script(&self, content: &[u8], path: &[u8], argv: &[BString], nested: u32) -> u8 {
        let args = argv.iter().skip(1).cloned();
        let Some((interpreter, option)) = lookup::interpreter(content) else {
            let argv: Vec<BString> =
                std::iter::once("bash".into()).chain([path.into()]).chain(args).collect();
            return child_shell::run(self, &argv);
        };
        let registry = &self.rt.realm.registry;
        let found = lookup::program(self.shell.fs(), registry, &self.cwd, interpreter);
        let program = match found {
            Ok(program) if nested < INTERPRETERS_MAX => program,
            Ok(_) => {
                self.refuse(path, interpreter, Errno::Loop.text());
                return 126;
            }
            Err(refused) if refused.status == 127 => {
                let text = b": cannot execute: required file not found";
                failure::complain(self.shell, &[path, text]);
                return 127;
            }
            Err(refused) => {
                let directory = refused.reason == Errno::IsDir.text();
                let reason = if directory { Errno::Acces.text() } else { &refused.reason };
                self.refuse(path, interpreter, reason);
                return refused.status;
            }
        };
        let mut nested_argv: Vec<BString> = vec![interpreter.into()];
        nested_argv.extend(option.map(BString::from));
        nested_argv.push(path.into());
        nested_argv.extend(args);
        self.run(&program, interpreter, &nested_argv, nested + 1)
    }

    fn refuse(&self, path: &[u8], interpreter: &[u8], reason: &str) {
        let parts = [path, b": ", interpreter, b": bad interpreter: ", reason.as_bytes()];
        failure::complain(self.shell, &parts);
    }

    fn find(&self, name: &BStr, all: bool) -> Vec<Str> {
        let path = self.env.iter().rev().find(|(key, _)| key == "PATH");
        let path = path.map_or_else(
            || lookup::path_variable(self.shell),
            |(_, value)| Str::from(value.as_slice()),
        );
        lookup::search(self.shell, &path, name, all)
    }
}

impl Host for Launch<'_> {
    fn run(&self, spawn: Spawn) -> Result<ExitStatus, SpawnError> {
        let Some(name) = spawn.argv.first() else { return Err(SpawnError::NotFound) };
        if !crate::job::stack::is_above(crate::job::stack::floor()) {
            return Ok(ExitStatus(126));
        }
        let mut fds = self.fds.clone();
        for (fd, stream) in [(0, spawn.stdin), (1, spawn.stdout), (2, spawn.stderr)] {
            if let Some(stream) = stream {
                fds.set(fd, Some(crate::state::Fd::both(stream)));
            }
        }
        let elsewhere = spawn.fs.map(|fs| self.shell.on(fs));
        let launch = Launch {
            shell: elsewhere.as_ref().unwrap_or(self.shell),
            rt: self.rt,
            fds,
            env: spawn.env.unwrap_or_else(|| self.env.clone()),
            cwd: spawn.cwd.unwrap_or_else(|| self.cwd.clone()),
            cancel: spawn.cancel.unwrap_or_else(|| self.cancel.clone()),
        };
        let path = if name.contains(&b'/') {
            Str::from(name.as_slice())
        } else {
            launch.find(name.as_bstr(), false).into_iter().next().ok_or(SpawnError::NotFound)?
        };
        let registry = &self.rt.realm.registry;
        let program = lookup::program(launch.shell.fs(), registry, &launch.cwd, &path);
        let program = program.map_err(|refused| match refused.status {
            127 => SpawnError::NotFound,
            _ => {
                let errno = Errno::ALL.iter().find(|errno| errno.text() == refused.reason);
                let errno = errno.copied().unwrap_or(Errno::Acces);
                SpawnError::NotExecutable(FsError::new(errno, Operation::Open, path.to_vec()))
            }
        })?;
        Ok(ExitStatus(launch.run(&program, &path, &spawn.argv, 0)))
    }

    fn descriptor(&self, fd: u32) -> Option<Arc<dyn Stream>> {
        self.fds.get(fd).map(|fd| Arc::clone(&fd.stream))
    }

    fn compose(&self, name: &BStr, text: &[u8]) -> Result<Vec<u8>, ComposeError> {
        let terminal = |fd| self.fds.get(fd).is_some_and(|fd| fd.stream.is_terminal());
        match &self.rt.composer {
            Some(composer) if terminal(0) && terminal(1) => composer.compose(name, text),
            _ => Err(ComposeError::NoTerminal),
        }
    }

    fn which(&self, name: &BStr, all: bool) -> Vec<BString> {
        if name.contains(&b'/') {
            let registry = &self.rt.realm.registry;
            let found = lookup::program(self.shell.fs(), registry, &self.cwd, name);
            return found.map(|_| vec![name.into()]).unwrap_or_default();
        }
        self.find(name, all).into_iter().map(BString::from).collect()
    }

    fn processes(&self) -> Vec<Running> {
        let shell = self.shell.world.pid;
        let parent = self.shell.world.parent_pid;
        let mut processes = vec![Running { pid: shell, parent, text: "mesash".into() }];
        for job in self.rt.jobs.jobs() {
            let running = job.children.iter().filter(|child| child.status().is_none());
            processes.extend(running.map(|child| Running {
                pid: child.process.pid,
                parent: shell,
                text: job.text.clone().into(),
            }));
        }
        processes
    }

    fn kill(&self, pid: i64, number: u8) -> FsResult<()> {
        match self.rt.realm.processes.get(pid) {
            Some(process) => {
                process.signal(number);
                Ok(())
            }
            None => Err(FsError::new(Errno::NoEnt, Operation::Lookup, "")),
        }
    }
}
