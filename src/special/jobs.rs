//! `jobs`, `bg`, `fg`, `disown`, `suspend`.

use bstr::ByteSlice;

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::job::table::{Job, NoJob};
use crate::state::{Opt, Str};

pub const JOBS: Special = Special {
    name: "jobs",
    synopsis: "[-lnprs] [jobspec ...] or jobs -x command [args]",
    summary: "Display status of jobs.",
    run: jobs,
    ..Special::BASE
};
pub const BG: Special = Special {
    name: "bg",
    synopsis: "[job_spec ...]",
    summary: "Move jobs to the background.",
    run: no_control,
    ..Special::BASE
};
pub const FG: Special = Special {
    name: "fg",
    synopsis: "[job_spec]",
    summary: "Move job to the foreground.",
    run: fg,
    ..Special::BASE
};
pub const DISOWN: Special = Special {
    name: "disown",
    synopsis: "[-h] [-ar] [jobspec ... | pid ...]",
    summary: "Remove jobs from current shell.",
    run: disown,
    ..Special::BASE
};
pub const SUSPEND: Special = Special {
    name: "suspend",
    synopsis: "[-f]",
    summary: "Suspend shell execution.",
    run: |eval, call| eval.fail(call, &[b"cannot suspend: no job control"]),
    ..Special::BASE
};

fn no_control(eval: &mut Eval, call: &Call<'_>) -> Step {
    if let Err(step) = options::read(eval, call, "") {
        return step;
    }
    if !eval.shell.options.has(Opt::Monitor) {
        return eval.fail(call, &[b"no job control"]);
    }
    // Nothing is ever stopped here, so whatever is named runs already.
    match eval.rt.jobs.find(call.args.first().map_or(b"%%".as_bstr(), |spec| spec.as_bstr())) {
        Ok(job) => {
            let text = format!("job {} already in background", job.number);
            eval.say(call, &[text.as_bytes()]);
            Ok(0)
        }
        Err(_) => {
            let name = call.args.first().map_or(&b"current"[..], |spec| spec.as_bytes());
            eval.fail(call, &[name, b": no such job"])
        }
    }
}

fn fg(eval: &mut Eval, call: &Call<'_>) -> Step {
    if let Err(step) = options::read(eval, call, "") {
        return step;
    }
    let interactive = eval.shell.options.has(Opt::Interactive);
    if !eval.shell.options.has(Opt::Monitor) && !interactive {
        return eval.fail(call, &[b"no job control"]);
    }
    let spec = call.args.first().cloned().unwrap_or_else(|| Str::from("%%"));
    let found = eval.rt.jobs.find(spec.as_bstr()).ok().map(|job| (job.number, job.text.clone()));
    let Some((number, text)) = found else {
        let name = call.args.first().map_or(&b"current"[..], |spec| spec.as_bytes());
        return eval.fail(call, &[name, b": no such job"]);
    };
    eval.print(call, [text.as_bytes(), b"\n"].concat())?;
    let spec = [Str::from(format!("%{number}").as_str())];
    let wait = Call { name: "wait", args: &spec, arrays: &[], elements: &[] };
    (super::wait::WAIT.run)(eval, &wait)
}

/// One line of the listing.
fn line(eval: &Eval, job: &Job, with_pid: bool) -> Vec<u8> {
    let mark = eval.rt.jobs.mark(job);
    let state = job.state_text();
    let mut out = format!("[{}]{mark} ", job.number).into_bytes();
    if with_pid {
        out.extend_from_slice(format!("{} ", job.pid()).as_bytes());
    } else {
        out.push(b' ');
    }
    out.extend_from_slice(format!("{state:<24}").as_bytes());
    out.extend_from_slice(&job.text);
    if job.is_running() {
        out.extend_from_slice(b" &");
    }
    out.push(b'\n');
    out
}

impl Eval {
    /// Tells of jobs that have ended since the last time, as an interactive shell does before it
    /// prompts, and forgets them.
    pub fn notify_jobs(&mut self) {
        let ended = self.rt.jobs.own().iter().filter(|job| !job.is_running());
        let lines: Vec<u8> = ended.flat_map(|job| line(self, job, false)).collect();
        if !lines.is_empty() {
            self.put_error(&lines);
            self.rt.jobs.remove_where(|job| !job.is_running());
        }
    }
}

fn jobs(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "lpnxrs") {
        Ok(given) => given,
        Err(step) => return step,
    };
    if given.has(b'x') {
        return substituted(eval, given.rest);
    }
    let mut status = 0;
    let mut chosen = Vec::new();
    for spec in given.rest {
        match eval.rt.jobs.find(spec.as_bstr()) {
            Ok(job) => chosen.push(job.number),
            Err(NoJob::Ambiguous) => {
                eval.say(call, &[spec, b": ambiguous job spec"]);
                status = 1;
            }
            Err(NoJob::Missing) => {
                eval.say(call, &[spec, b": no such job"]);
                status = 1;
            }
        }
    }
    if given.rest.is_empty() {
        chosen.extend(eval.rt.jobs.jobs().iter().map(|job| job.number));
    }
    let mut out = Vec::new();
    let mut done = Vec::new();
    for number in chosen {
        let Some(job) = eval.rt.jobs.get(number) else { continue };
        if given.has(b's') || (given.has(b'r') && !job.is_running()) {
            continue;
        }
        if given.has(b'p') {
            let first = job.children.first().map_or(0, |child| child.process.pid);
            out.extend_from_slice(format!("{first}\n").as_bytes());
            continue;
        }
        out.extend_from_slice(&line(eval, job, given.has(b'l')));
        if !job.is_running() {
            done.push(number);
        }
    }
    // What has been told to be over is forgotten.
    if !eval.rt.jobs.is_inherited() {
        eval.rt.jobs.remove_where(|job| done.contains(&job.number));
    }
    Ok(eval.print(call, out)?.max(status))
}

/// `jobs -x`: a command with job specifications replaced by pids.
fn substituted(eval: &mut Eval, words: &[Str]) -> Step {
    let words: Vec<Str> = words
        .iter()
        .map(|word| {
            let job = word.starts_with(b"%").then(|| eval.rt.jobs.find(word.as_bstr()).ok());
            job.flatten().map_or_else(|| word.clone(), |job| Str::number(job.pid()))
        })
        .collect();
    let quoted = words.iter().map(|word| mesash_builtins::core::shell_quote::single(word));
    let text = bstr::join(" ", quoted.collect::<Vec<_>>());
    eval.run_text(&text, eval.shell.line.max(1), crate::eval::TextKind::Eval)
}

fn disown(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "har") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut numbers = Vec::new();
    let mut status = 0;
    if given.rest.is_empty() {
        let running = given.has(b'r');
        if given.has(b'a') || running {
            let jobs = eval.rt.jobs.jobs().iter();
            numbers.extend(jobs.filter(|job| !running || job.is_running()).map(|job| job.number));
        } else {
            match eval.rt.jobs.find(b"%%".as_bstr()) {
                Ok(job) => numbers.push(job.number),
                Err(_) => return eval.fail(call, &[b"current: no such job"]),
            }
        }
    }
    for spec in given.rest {
        let found = match spec.to_str().ok().and_then(|text| text.parse::<i64>().ok()) {
            Some(pid) => eval.rt.jobs.child(pid).map(|(job, _)| job.number),
            None => eval.rt.jobs.find(spec.as_bstr()).ok().map(|job| job.number),
        };
        match found {
            Some(number) => numbers.push(number),
            None => {
                eval.say(call, &[spec, b": no such job"]);
                status = 1;
            }
        }
    }
    for number in numbers {
        if given.has(b'h') {
            if let Some(job) = eval.rt.jobs.get_mut(number) {
                job.no_hangup = true;
            }
        } else {
            eval.rt.jobs.remove(number);
        }
    }
    Ok(status)
}
