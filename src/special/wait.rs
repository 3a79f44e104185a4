//! `wait`.

use std::sync::Arc;

use bstr::ByteSlice;

use super::{Call, Special, options};
use crate::eval::{Eval, Step, Unwind, expand};
use crate::job::table::Child;
use crate::state::{Event, Opt, Str};

pub const WAIT: Special = Special {
    name: "wait",
    synopsis: "[-fn] [-p var] [id ...]",
    summary: "Wait for job completion and return exit status.",
    run: wait,
    ..Special::BASE
};

/// What a wait came to.
enum Waited {
    Done,
    /// A trapped signal came: 128 + its number.
    Signal(u8),
}

impl Eval {
    /// Waits until `done` says so, a signal with a trap comes, or the process is cancelled.
    fn wait_until(&mut self, mut done: impl FnMut(&Self) -> bool) -> Result<Waited, Unwind> {
        let bell = Arc::clone(&self.rt.process.bell);
        // The session's cancel may be another than the process's, so it must ring the bell too.
        let sleeper: Arc<dyn mesash_builtins::cancel::Wake> = Arc::clone(&bell) as _;
        self.shell.cancel.register(Arc::downgrade(&sleeper));
        loop {
            let seen = bell.count();
            if self.shell.cancel.is_cancelled() {
                return Err(Unwind::Abort);
            }
            if let Some(number) = self.rt.process.take_pending() {
                // A child's end is no reason to stop waiting.
                let interrupts = number != crate::job::signal::CHLD;
                if let Some(command) = self.shell.traps.active(Event::Signal(number)).cloned() {
                    self.run_trap(Event::Signal(number), &command, 1)?;
                }
                if interrupts {
                    return Ok(Waited::Signal(number));
                }
                continue;
            }
            if done(self) {
                return Ok(Waited::Done);
            }
            bell.wait(seen, None);
        }
    }
}

fn wait(eval: &mut Eval, call: &Call<'_>) -> Step {
    let step = waited(eval, call);
    if !eval.rt.coprocs.is_empty() {
        eval.forget_coprocs();
    }
    step
}

fn waited(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "fnp:") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let variable = given.value(b'p').cloned();
    if let Some(name) = &variable {
        if !super::is_reference(name) {
            return eval.fail(call, &[b"`", name, b"': not a valid identifier"]);
        }
        drop(expand::unset_name(&mut eval.shell, &mut eval.rt, name));
    }
    if given.has(b'n') {
        return next(eval, call, given.rest, variable.as_ref());
    }
    if given.rest.is_empty() {
        return all(eval);
    }
    let mut status = 0;
    for id in given.rest {
        let (one, pid) = one(eval, call, id)?;
        status = one;
        if let (Some(name), Some(pid)) = (&variable, pid) {
            note(eval, name, pid)?;
        }
    }
    Ok(status)
}

fn note(eval: &mut Eval, name: &Str, pid: i64) -> Result<(), Unwind> {
    let value = Str::number(pid);
    let set = expand::assign_name(&mut eval.shell, &mut eval.rt, name, value, false);
    set.map_err(|error| eval.expand_failed(error))
}

/// Waits for everything.
fn all(eval: &mut Eval) -> Step {
    let waited = eval.wait_until(|eval| {
        eval.rt.jobs.own().iter().all(|job| !job.is_running()) && !eval.rt.jobs.hidden_running()
    })?;
    if let Waited::Signal(number) = waited {
        return Ok(128 + number);
    }
    eval.rt.jobs.remove_where(|job| !job.is_running());
    Ok(0)
}

fn finished(eval: &mut Eval, child: &Arc<Child>) -> Step {
    let other = Arc::clone(child);
    match eval.wait_until(move |_| other.status().is_some())? {
        Waited::Done => Ok(child.status().unwrap_or(0)),
        Waited::Signal(number) => Ok(128 + number),
    }
}

/// Says that a signal ended a child that was waited for.
fn told(eval: &Eval, child: &Arc<Child>) {
    if let Some(number) = child.signal()
        && !eval.shell.options.has(Opt::Interactive)
        && let Some((job, _)) = eval.rt.jobs.child(child.process.pid)
    {
        eval.tell_killed(number, child.process.pid, || job.text.clone().into(), false);
    }
}

/// Waits for one job or pid; its status, and the pid if it was a child.
fn one(eval: &mut Eval, call: &Call<'_>, id: &Str) -> Result<(u8, Option<i64>), Unwind> {
    if id.starts_with(b"%") {
        let found = if eval.rt.jobs.is_inherited() {
            None
        } else {
            eval.rt.jobs.find(id.as_bstr()).ok().map(|job| (job.number, job.children.clone()))
        };
        let Some((number, children)) = found else {
            eval.say(call, &[id, b": no such job"]);
            return Ok((127, None));
        };
        let mut status = 0;
        let mut pid = None;
        for child in &children {
            status = finished(eval, child)?;
            told(eval, child);
            pid = Some(child.process.pid);
        }
        if children.iter().all(|child| child.status().is_some()) {
            eval.rt.jobs.remove(number);
        }
        return Ok((status, pid));
    }
    let Some(pid) = id.to_str().ok().and_then(|text| text.parse::<i64>().ok()) else {
        eval.say(call, &[b"`", id, b"': not a pid or valid job spec"]);
        return Ok((1, None));
    };
    let known = eval.rt.jobs.child(pid).map(|(job, child)| (Some(job.number), Arc::clone(child)));
    let known = known.or_else(|| eval.rt.jobs.hidden(pid).map(|child| (None, Arc::clone(child))));
    if let Some((number, child)) = known {
        let status = finished(eval, &child)?;
        told(eval, &child);
        if let Some(number) = number
            && eval.rt.jobs.get(number).is_some_and(|job| !job.is_running())
        {
            eval.rt.jobs.remove(number);
        }
        return Ok((status, Some(pid)));
    }
    match eval.rt.jobs.remembered(pid) {
        Some(status) => Ok((status, Some(pid))),
        None => {
            let text = b" is not a child of this shell";
            eval.say(call, &[b"pid ", pid.to_string().as_bytes(), text]);
            Ok((127, None))
        }
    }
}

/// `wait -n`: for whichever ends next.
fn next(eval: &mut Eval, call: &Call<'_>, ids: &[Str], variable: Option<&Str>) -> Step {
    let mut numbers = Vec::new();
    for id in ids {
        let found = match id.to_str().ok().and_then(|text| text.parse::<i64>().ok()) {
            Some(pid) => eval.rt.jobs.child(pid).map(|(job, _)| job.number),
            None => eval.rt.jobs.find(id.as_bstr()).ok().map(|job| job.number),
        };
        match found {
            Some(number) => numbers.push(number),
            None if id.starts_with(b"%") => eval.say(call, &[id, b": no such job"]),
            None => {
                let text = b" is not a child of this shell";
                eval.say(call, &[b"pid ", id, text]);
            }
        }
    }
    let wanted = |number: u32| ids.is_empty() || numbers.contains(&number);
    if !eval.rt.jobs.own().iter().any(|job| wanted(job.number)) {
        return Ok(127);
    }
    let ended = |eval: &Eval| {
        let mut jobs = eval.rt.jobs.own().iter().filter(|job| wanted(job.number));
        jobs.find(|job| !job.is_running()).map(|job| (job.number, job.pid(), job.status()))
    };
    if let Waited::Signal(number) = eval.wait_until(|eval| ended(eval).is_some())? {
        return Ok(128 + number);
    }
    let Some((number, pid, status)) = ended(eval) else { return Ok(127) };
    eval.rt.jobs.remove(number);
    if let Some(name) = variable {
        note(eval, name, pid)?;
    }
    Ok(status.unwrap_or(0))
}
