//! Copies of the shell: `( … )` and the last stage on the same thread, other stages, jobs and
//! coprocesses on threads of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mesash_builtins::budget::{Held, LimitReached, Resource};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::stream::pipe;
use parking_lot::{Condvar, Mutex};

use super::streams::Text;
use super::{Eval, Runtime, Step, Unwind, expand, failure, redirect};
use crate::job::process::Disposition;
use crate::job::table::Child;
use crate::job::{signal, stack};
use crate::state::{Event, Fd, IndexedArray, Opt, Shell, Str, names};
use crate::syntax::ast::{AndOr, Command, CommandKind, Coproc, List};
use crate::syntax::print;

/// Copies of a shell up to this size are not charged.
const COPY_BYTES_FREE: usize = 128 << 10;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub status: u8,
    /// The status is 128 + the number of the signal that ended it.
    pub signalled: bool,
}

/// A copy of a shell as a process of its own, which ends with it.
pub fn copy(shell: &Shell, rt: &Runtime) -> Eval {
    copy_under(shell, rt, shell.cancel.child())
}

/// A copy that goes on when its parent ends, until the run does.
pub fn detached(shell: &Shell, rt: &Runtime) -> Eval {
    copy_under(shell, rt, rt.realm.cancel.child())
}

fn copy_under(shell: &Shell, parent: &Runtime, cancel: Cancel) -> Eval {
    let realm = Arc::clone(&parent.realm);
    let process = realm.processes.start(cancel.clone(), parent.process.ignored());
    let shell = shell.subshell(process.pid, cancel);
    let mut rt = Runtime::new(realm, process, Arc::clone(&parent.builtins));
    rt.jobs = parent.jobs.for_subshell();
    rt.errexit_ignored = parent.errexit_ignored;
    rt.depth = parent.depth + 1;
    rt.sources = parent.sources;
    rt.first_stdin = parent.first_stdin.clone();
    rt.reads_text = parent.reads_text;
    rt.trapping = parent.trapping;
    rt.stack_floor = parent.stack_floor;
    rt.is_subshell = true;
    rt.verbose = Arc::new(AtomicBool::new(parent.verbose.load(Ordering::Relaxed)));
    rt.hidden = parent.hidden;
    rt.trace_level = parent.trace_level;
    rt.status_before_trap = parent.status_before_trap;
    rt.user_limits = parent.user_limits.clone();
    rt.completions = parent.completions.clone();
    Eval { shell, rt }
}

impl Eval {
    /// A process that this one waited for has ended: that is a signal too, if somebody cares.
    #[inline]
    pub fn child_ended(&self) {
        if self.rt.process.catches(signal::CHLD) {
            self.rt.process.signal(signal::CHLD);
        }
    }

    /// Says that a signal ended a process, as bash does of all but SIGINT and SIGPIPE, and of SIGTERM
    /// only in the foreground.
    pub fn tell_killed(
        &self,
        number: u8,
        pid: i64,
        text: impl FnOnce() -> bstr::BString,
        foreground: bool,
    ) {
        let what = signal::text(number);
        match number {
            signal::INT | signal::PIPE => {}
            signal::TERM if foreground => self.put_error(format!("{what}\n").as_bytes()),
            signal::TERM => {}
            _ if self.shell.traps.active(Event::Signal(number)).is_some() => {}
            _ => {
                let line = format!("{pid:5} {what:<23} ");
                self.complain(&[line.as_bytes(), &text()]);
            }
        }
    }

    /// See `copy`.
    pub fn subshell(&self) -> Self {
        copy(&self.shell, &self.rt)
    }

    /// Ends this process: the EXIT trap that it set runs, and what it left early for becomes a status.
    pub fn end(mut self, step: Step) -> End {
        let end = self.conclude(step);
        self.rt.realm.processes.end(self.rt.process.pid);
        end
    }

    /// As [`Eval::end`], for a process that is kept.
    pub fn conclude(&mut self, step: Step) -> End {
        let mut signalled = false;
        let status = match step {
            Ok(status) => status,
            Err(Unwind::Break(_) | Unwind::Continue(_)) => self.shell.status,
            Err(Unwind::Return(status) | Unwind::Exit(status) | Unwind::Discard(status)) => status,
            Err(Unwind::Abort) => {
                let reason = self.shell.cancel.reason().unwrap_or(Reason::Interrupt);
                let Reason::Signal(number) = reason else {
                    return End { status: reason.status(), signalled: false };
                };
                if number == signal::KILL {
                    return End { status: reason.status(), signalled: true };
                }
                signalled = true;
                // What runs now must not see the signal that has been taken.
                self.shell.cancel = self.rt.realm.cancel.child();
                reason.status()
            }
        };
        self.shell.status = status;
        let status = self.exit_trap(status);
        End { status, signalled }
    }
}

/// `( … )`
pub fn run(eval: &mut Eval, command: &Command, list: &List) -> Result<u8, Unwind> {
    let line = eval.shell.line;
    let mut pid = 0;
    let end = process(eval, |eval| {
        pid = eval.rt.process.pid;
        eval.list(list)
    })?;
    if end.signalled {
        eval.shell.line = line;
        eval.tell_killed(end.status & 0x7f, pid, || print::command(command), true);
    }
    Ok(end.status)
}

/// Runs something in a copy of the shell on this thread; its status.
pub fn isolated(eval: &mut Eval, run: impl FnOnce(&mut Eval) -> Step) -> Result<u8, Unwind> {
    process(eval, run).map(|end| end.status)
}

fn process(eval: &mut Eval, run: impl FnOnce(&mut Eval) -> Step) -> Result<End, Unwind> {
    eval.tick()?;
    let Ok(held) = hold_copy(&eval.shell) else { return Err(fork_failed(&eval.shell)) };
    let mut copy = eval.subshell();
    let step = run(&mut copy);
    let end = copy.end(step);
    drop(held);
    eval.child_ended();
    if eval.shell.cancel.is_cancelled() {
        return Err(Unwind::Abort);
    }
    Ok(end)
}

#[derive(Debug, Default)]
struct Slot {
    end: Mutex<Option<End>>,
    ended: Condvar,
}

/// A process on another thread, to be waited for.
#[derive(Debug)]
pub struct Joined(Arc<Slot>);

impl Joined {
    fn wait(&self) -> End {
        let mut end = self.0.end.lock();
        loop {
            if let Some(end) = *end {
                return end;
            }
            self.0.ended.wait(&mut end);
        }
    }
}

/// The statuses of the processes, once all have ended. They are not left behind: a process that is
/// cancelled ends by itself.
pub fn join_all(running: &[Joined]) -> Vec<u8> {
    running.iter().map(|joined| joined.wait().status).collect()
}

/// Runs `copy` on a thread of its own.
pub fn start(
    eval: &mut Eval,
    copy: Eval,
    run: impl FnOnce(&mut Eval) -> Step + Send + 'static,
) -> Result<Joined, Unwind> {
    let slot = Arc::new(Slot::default());
    let other = Arc::clone(&slot);
    launch(&eval.shell, &eval.rt, copy, run, move |end| {
        *other.end.lock() = Some(end);
        other.ended.notify_all();
    })?;
    Ok(Joined(slot))
}

/// Starts a thread for a process, as `fork` would; it fails as `fork` does.
fn launch(
    shell: &Shell,
    rt: &Runtime,
    mut copy: Eval,
    run: impl FnOnce(&mut Eval) -> Step + Send + 'static,
    done: impl FnOnce(End) + Send + 'static,
) -> Result<(), Unwind> {
    let held = match shell.budget.hold(Resource::Processes, 1) {
        Ok(held) => held,
        Err(_) => return Err(fork_failed(shell)),
    };
    let Ok(copied) = hold_copy(shell) else { return Err(fork_failed(shell)) };
    let realm = Arc::clone(&rt.realm);
    realm.tasks.begin();
    let shared = Arc::clone(&realm);
    let task = move || {
        copy.rt.stack_floor = stack::floor();
        let outcome = catch_unwind(AssertUnwindSafe(move || {
            let step = run(&mut copy);
            copy.end(step)
        }));
        // 134: as if it had been aborted.
        let end = outcome.unwrap_or(End { status: 134, signalled: true });
        drop((held, copied));
        done(end);
        shared.tasks.end();
    };
    if realm.threads.spawn(task).is_err() {
        realm.tasks.end();
        return Err(fork_failed(shell));
    }
    Ok(())
}

/// What a copy of the shell takes once it is written to, unless that is little.
pub fn hold_copy(shell: &Shell) -> Result<Option<Held>, LimitReached> {
    match shell.vars.bytes() + shell.functions.bytes() {
        ..COPY_BYTES_FREE => Ok(None),
        bytes => shell.budget.hold(Resource::Memory, bytes as u64).map(Some),
    }
}

fn fork_failed(shell: &Shell) -> Unwind {
    failure::complain(shell, &[b"fork: Resource temporarily unavailable"]);
    Unwind::Discard(254)
}

/// A simple command that runs in a process of its own doesn't count for `BASH_SUBSHELL`, and sees
/// the `loops` around it: to leave them ends the process.
pub fn not_deeper(copy: &mut Eval, command: &Command, loops: u32) {
    if matches!(command.kind, CommandKind::Simple(_)) {
        copy.shell.counters.subshell -= 1;
        copy.rt.loops = loops;
    }
}

/// Runs a command that is all that this process does: `( … )` needs no other one.
pub fn own(copy: &mut Eval, command: &Command) -> Step {
    let CommandKind::Subshell(list) = &command.kind else { return copy.command(command) };
    copy.shell.line = command.line;
    let mut undo = Vec::new();
    match redirect::apply(copy, &command.redirects, &mut undo) {
        Ok(true) => copy.list(list),
        Ok(false) => Ok(1),
        Err(unwind) => Err(unwind),
    }
}

/// `list &`
pub fn background(eval: &mut Eval, node: &Arc<AndOr>) -> Step {
    eval.tick()?;
    let mut copy = detached(&eval.shell, &eval.rt);
    // Without job control the input of a background command is empty, unless it was redirected.
    let first = eval.rt.first_stdin.as_ref();
    let given =
        eval.shell.fds.get(0).zip(first).is_some_and(|(fd, first)| {
            std::ptr::addr_eq(Arc::as_ptr(&fd.stream), Arc::as_ptr(first))
        });
    if given && !eval.shell.options.has(Opt::Monitor) {
        copy.shell.fds.set(0, Some(Fd::reading(Text::empty())));
    }
    if !eval.shell.options.has(Opt::Monitor) {
        // Nor is it for the terminal's keys to end.
        for number in [signal::INT, signal::QUIT] {
            copy.rt.process.set_disposition(number, Disposition::Ignored);
        }
    }
    copy.rt.errexit_ignored = false;
    if node.rest.is_empty()
        && let [command] = &*node.first.commands
    {
        super::pipeline::announced(eval, Some(command))?;
        copy.rt.announced = true;
        not_deeper(&mut copy, command, eval.rt.loops);
    }
    let text = Str::charged(print::and_or(node), &eval.shell.budget);
    let text = text.map_err(|limit| eval.expand_failed(limit.into()))?;
    let body = Arc::clone(node);
    let child = start_child(&eval.shell, &eval.rt, copy, move |copy| {
        let first = &body.first;
        match &*first.commands {
            // The `!` of a simple command is its parent's, which doesn't wait.
            [command]
                if body.rest.is_empty()
                    && first.time.is_none()
                    && (!first.negated || matches!(command.kind, CommandKind::Simple(_))) =>
            {
                own(copy, command)
            }
            _ => copy.and_or(&body),
        }
    })?;
    let pid = child.process.pid;
    let number = eval.rt.jobs.add(vec![child], text);
    eval.shell.last_background = Some(pid);
    if eval.shell.options.has(Opt::Interactive) {
        let line = format!("[{number}] {pid}\n");
        eval.put_error(line.as_bytes());
    }
    eval.shell.status = 0;
    Ok(0)
}

/// Starts a process whose end is noted for `wait`.
pub fn start_child(
    shell: &Shell,
    rt: &Runtime,
    copy: Eval,
    run: impl FnOnce(&mut Eval) -> Step + Send + 'static,
) -> Result<Arc<Child>, Unwind> {
    let process = Arc::clone(&copy.rt.process);
    let child = Arc::new(Child::new(process, Arc::clone(&rt.process.bell)));
    let other = Arc::clone(&child);
    let parent = Arc::downgrade(&rt.process);
    launch(shell, rt, copy, run, move |end| {
        // The trap is due before the end is seen.
        if let Some(parent) = parent.upgrade() {
            parent.signal(signal::CHLD);
        }
        other.finish(end.status, end.signalled);
    })?;
    Ok(child)
}

/// `coproc name { … }`
pub fn coproc(eval: &mut Eval, node: &Coproc) -> Step {
    let name = expand::assigned(&mut eval.shell, &mut eval.rt, &node.name);
    let name = name.map_err(|error| eval.expand_failed(error))?;
    if !names::is_identifier(&name) {
        eval.complain(&[b"`", &name, b"': not a valid identifier"]);
        return Ok(1);
    }
    let (from_child, to_shell) = pipe();
    let (from_shell, to_child) = pipe();
    let mut copy = detached(&eval.shell, &eval.rt);
    copy.shell.fds.set(0, Some(Fd::reading(from_shell)));
    copy.shell.fds.set(1, Some(Fd::writing(to_shell)));
    let text = [b"coproc ", name.as_bytes(), b" ", &*print::command(&node.body)].concat();
    let text = Str::charged(text, &eval.shell.budget);
    let text = text.map_err(|limit| eval.expand_failed(limit.into()))?;
    let body = Arc::clone(&node.body);
    let child = start_child(&eval.shell, &eval.rt, copy, move |copy| copy.command(&body))?;
    let pid = child.process.pid;
    let read = high_fd(&eval.shell);
    eval.shell.fds.set(read, Some(Fd { private: true, ..Fd::reading(from_child) }));
    let write = high_fd(&eval.shell);
    eval.shell.fds.set(write, Some(Fd { private: true, ..Fd::writing(to_child) }));
    let ends = [read, write].map(|fd| Str::number(i64::from(fd)));
    let symbol = eval.named(&name)?;
    let set = eval.shell.set_array(symbol, IndexedArray::from_iter(ends));
    eval.checked(set)?;
    let pid_name = [name.as_bytes(), b"_PID"].concat();
    let symbol = eval.named(&pid_name)?;
    let set = eval.shell.set(symbol, Str::number(pid));
    eval.checked(set)?;
    eval.rt.coprocs.push((Arc::clone(&child), Str::new(&name), [read, write]));
    eval.rt.jobs.add(vec![child], text);
    eval.shell.last_background = Some(pid);
    Ok(0)
}

impl Eval {
    /// Once a coprocess was waited for, its variables and descriptors are gone.
    pub fn forget_coprocs(&mut self) {
        let (ended, running): (Vec<_>, Vec<_>) = std::mem::take(&mut self.rt.coprocs)
            .into_iter()
            .partition(|(child, ..)| child.status().is_some());
        self.rt.coprocs = running;
        for (_, name, ends) in ended {
            for fd in ends {
                self.shell.fds.set(fd, None);
            }
            for name in [name.to_vec(), [name.as_bytes(), b"_PID"].concat()] {
                // A read-only one stays.
                drop(expand::unset_name(&mut self.shell, &mut self.rt, &name));
            }
        }
    }
}

/// A free descriptor as bash gives it to what a script doesn't number itself: from 63 down.
pub fn high_fd(shell: &Shell) -> u32 {
    let below = (10..=63).rev().find(|&fd| shell.fds.get(fd).is_none());
    below.unwrap_or_else(|| shell.fds.free_from(64))
}
