//! The jobs of one shell: what `&` started, as `jobs`, `wait`, `kill %n` and `$!` see them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bstr::{BStr, ByteSlice};

use super::process::{Bell, Process};
use super::signal;
use crate::state::Str;

/// How many statuses of children that are gone are remembered for `wait PID`.
const REMEMBERED_MAX: usize = 4096;

/// How many process substitutions are remembered.
const HIDDEN_MAX: usize = 256;

const DONE: u32 = 1 << 16;
const SIGNALLED: u32 = 1 << 17;

/// One process of a job.
#[derive(Debug)]
pub struct Child {
    pub process: Arc<Process>,
    state: AtomicU32,
    /// Rung when it ends: the bell of the shell that started it.
    parent: Arc<Bell>,
}

impl Child {
    #[must_use]
    pub fn new(process: Arc<Process>, parent: Arc<Bell>) -> Self {
        Self { process, state: AtomicU32::new(0), parent }
    }

    /// Says that it has ended, and whether a signal did it.
    pub fn finish(&self, status: u8, signalled: bool) {
        let state = DONE | u32::from(status) | if signalled { SIGNALLED } else { 0 };
        self.state.store(state, Ordering::SeqCst);
        self.parent.ring();
    }

    /// Its status, once it has ended.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        let state = self.state.load(Ordering::SeqCst);
        (state & DONE != 0).then_some((state & 0xff) as u8)
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        let state = self.state.load(Ordering::SeqCst);
        (state & SIGNALLED != 0).then_some((state & 0x7f) as u8)
    }
}

/// A pipeline that runs in the background.
#[derive(Debug, Clone)]
pub struct Job {
    pub number: u32,
    pub children: Vec<Arc<Child>>,
    /// As it is printed.
    pub text: Str,
    /// `disown -h`
    pub no_hangup: bool,
    /// `wait -n` or `wait` has given its status.
    pub reported: bool,
}

impl Job {
    /// The process that gives the status: the last.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Child>> {
        self.children.last()
    }

    #[must_use]
    pub fn pid(&self) -> i64 {
        self.last().map_or(0, |child| child.process.pid)
    }

    /// The status, once all its processes have ended.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        if self.children.iter().any(|child| child.status().is_none()) {
            return None;
        }
        self.last().and_then(|child| child.status())
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status().is_none()
    }

    /// `Running`, `Done`, `Exit 3`, `Terminated`.
    #[must_use]
    pub fn state_text(&self) -> String {
        match (self.status(), self.last().and_then(|child| child.signal())) {
            (None, _) => "Running".to_owned(),
            (Some(_), Some(number)) => signal::text(number),
            (Some(0), None) => "Done".to_owned(),
            (Some(status), None) => format!("Exit {status}"),
        }
    }
}

/// The children that a shell may wait for.
pub type Children = Vec<Arc<Child>>;

/// Why a job specification names no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoJob {
    Missing,
    Ambiguous,
}

/// The jobs of one shell.
#[derive(Debug, Clone, Default)]
pub struct JobTable {
    jobs: Vec<Job>,
    /// Statuses of children whose job is gone, oldest first.
    remembered: VecDeque<(i64, u8)>,
    /// Numbers of the jobs that are `%+` and `%-`.
    current: u32,
    previous: u32,
    /// Process substitutions, oldest first.
    hidden: VecDeque<Arc<Child>>,
    /// A subshell sees its parent's jobs but cannot wait for them.
    inherited: bool,
}

impl JobTable {
    /// What a subshell starts with.
    #[must_use]
    pub fn for_subshell(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            current: self.current,
            previous: self.previous,
            inherited: true,
            ..Self::default()
        }
    }

    /// Adds a job and makes it the current one; its number.
    pub fn add(&mut self, children: Children, text: Str) -> u32 {
        if self.inherited {
            // The first job of its own: the parent's are of no more interest.
            self.clear();
            self.inherited = false;
        }
        let number = self.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        self.jobs.push(Job { number, children, text, no_hangup: false, reported: false });
        self.fix_current();
        if self.jobs.len() > REMEMBERED_MAX {
            self.remove_where(|job| !job.is_running());
        }
        number
    }

    /// Adds a child that `wait PID` may ask for but that is no job: a process substitution.
    pub fn add_hidden(&mut self, child: Arc<Child>) {
        if self.hidden.len() >= HIDDEN_MAX {
            self.hidden.pop_front();
        }
        self.hidden.push_back(child);
    }

    fn clear(&mut self) {
        self.jobs.clear();
        self.current = 0;
        self.previous = 0;
    }

    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The jobs that this shell started itself.
    #[must_use]
    pub fn own(&self) -> &[Job] {
        if self.inherited { &[] } else { &self.jobs }
    }

    #[must_use]
    pub fn is_inherited(&self) -> bool {
        self.inherited
    }

    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Job> {
        self.jobs.iter().find(|job| job.number == number)
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.number == number)
    }

    /// The child with this pid, of a job that is still listed.
    #[must_use]
    pub fn child(&self, pid: i64) -> Option<(&Job, &Arc<Child>)> {
        self.own().iter().find_map(|job| {
            let child = job.children.iter().find(|child| child.process.pid == pid)?;
            Some((job, child))
        })
    }

    /// Whether a process substitution still runs.
    #[must_use]
    pub fn hidden_running(&self) -> bool {
        self.hidden.iter().any(|child| child.status().is_none())
    }

    /// The process substitution with this pid.
    #[must_use]
    pub fn hidden(&self, pid: i64) -> Option<&Arc<Child>> {
        self.hidden.iter().find(|child| child.process.pid == pid)
    }

    /// The status of a child whose job is gone.
    #[must_use]
    pub fn remembered(&self, pid: i64) -> Option<u8> {
        self.remembered.iter().rev().find(|(known, _)| *known == pid).map(|(_, status)| *status)
    }

    /// Keeps the status of a child that is in no job (a process substitution).
    pub fn remember(&mut self, pid: i64, status: u8) {
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.pop_front();
        }
        self.remembered.push_back((pid, status));
    }

    /// Forgets a job but for the statuses of its children.
    pub fn remove(&mut self, number: u32) {
        self.remove_where(|job| job.number == number);
    }

    /// Forgets the jobs that `which` picks.
    pub fn remove_where(&mut self, mut which: impl FnMut(&Job) -> bool) {
        let jobs = std::mem::take(&mut self.jobs);
        for job in jobs {
            if which(&job) {
                for child in &job.children {
                    if let Some(status) = child.status() {
                        self.remember(child.process.pid, status);
                    }
                }
            } else {
                self.jobs.push(job);
            }
        }
        self.fix_current();
    }

    /// `%+` is the newest job that runs, `%-` the one before; else the newest of those that are done.
    fn fix_current(&mut self) {
        let running = self.jobs.iter().rev().filter(|job| job.is_running());
        let done = self.jobs.iter().rev().filter(|job| !job.is_running());
        let mut order = running.chain(done).map(|job| job.number);
        self.current = order.next().unwrap_or(0);
        self.previous = order.next().unwrap_or(0);
    }

    /// `+`, `-` or a blank.
    #[must_use]
    pub fn mark(&self, job: &Job) -> char {
        if job.number == self.current {
            '+'
        } else if job.number == self.previous {
            '-'
        } else {
            ' '
        }
    }

    /// The job that `%n`, `%%`, `%+`, `%-`, `%name` or `%?text` means.
    ///
    /// # Errors
    /// [`NoJob`].
    pub fn find(&self, spec: &BStr) -> Result<&Job, NoJob> {
        let text = spec.strip_prefix(b"%").unwrap_or(spec);
        let by_number = |number| self.get(number).ok_or(NoJob::Missing);
        match text {
            b"" | b"%" | b"+" => by_number(self.current),
            b"-" => by_number(if self.previous == 0 { self.current } else { self.previous }),
            _ if text.iter().all(u8::is_ascii_digit) => {
                let number = text.to_str().ok().and_then(|text| text.parse().ok());
                by_number(number.unwrap_or(0))
            }
            _ => {
                let inside = text.strip_prefix(b"?");
                let matches = |job: &&Job| match inside {
                    Some(part) => job.text.contains_str(part),
                    None => job.text.starts_with(text),
                };
                let mut found = self.jobs.iter().filter(matches);
                match (found.next(), found.next()) {
                    (Some(job), None) => Ok(job),
                    (Some(_), Some(_)) => Err(NoJob::Ambiguous),
                    (None, _) => Err(NoJob::Missing),
                }
            }
        }
    }
}
