//! Command and process substitution: what `expand` asks the evaluator for.

use std::sync::Arc;

use memchr::memchr;
use mesafs::{Errno, OpenOptions};
use mesash_builtins::budget::Resource;
use mesash_builtins::stream::{Stream, pipe};

use super::expand::{self, ExpandError, Substitute};
use super::script::TextKind;
use super::streams::Capture;
use super::{Eval, Runtime, Step, Unwind, failure, redirect, subshell};
use crate::state::{Fd, Opt, Shell, Str};
use crate::syntax::ast::{
    CommandKind, CommandSubst, List, ProcessDirection, ProcessSubst, RedirectTarget, Word,
};
use crate::syntax::error::ParseError;
use crate::syntax::print;

/// How much `$(<file)` reads at a time.
const CHUNK_BYTES: usize = 128 * 1024;

impl Substitute for Runtime {
    fn command(&mut self, shell: &mut Shell, subst: &CommandSubst) -> Result<Str, ExpandError> {
        let outcome = match file_word(subst) {
            Some(word) => read_file(self, shell, word),
            None => run(self, shell, subst),
        };
        shell.substitutions += 1;
        match outcome {
            Ok(output) => Ok(Str::charged(trimmed(shell, output), &shell.budget)?),
            Err(unwind) => Err(self.leave(unwind)),
        }
    }

    fn process(&mut self, shell: &mut Shell, subst: &ProcessSubst) -> Result<Str, ExpandError> {
        start(self, shell, subst).map_err(|unwind| self.leave(unwind))
    }

    fn bad_commands(&mut self, shell: &mut Shell, error: &ParseError) {
        let name = failure::source_name(shell).to_vec();
        for (line, message) in error.numbered() {
            let place = format!(": command substitution: line {line}: ");
            let text = [name.as_slice(), place.as_bytes(), &message, b"\n"].concat();
            if let Some(fd) = shell.fds.get(2) {
                drop(fd.stream.write(text.into(), &shell.cancel));
            }
        }
        shell.status = 2;
        shell.substitutions += 1;
    }

    fn complain(&mut self, shell: &mut Shell, message: &[u8]) {
        failure::complain(shell, &[message]);
    }
}

impl Runtime {
    /// Keeps what an expansion is left for; [`Eval::expand_failed`] takes it up again.
    fn leave(&mut self, unwind: Unwind) -> ExpandError {
        self.pending_unwind = Some(unwind);
        ExpandError::Interrupted
    }
}

/// Without NULs, which bash warns of, and without the newlines at the end.
fn trimmed(shell: &Shell, mut output: Vec<u8>) -> Vec<u8> {
    if memchr(0, &output).is_some() {
        output.retain(|byte| *byte != 0);
        failure::complain(shell, &[b"warning: command substitution: ignored null byte in input"]);
    }
    while output.last() == Some(&b'\n') {
        output.pop();
    }
    output
}

/// The file of `$(<file)`.
fn file_word(subst: &CommandSubst) -> Option<&Word> {
    if !subst.reads_file {
        return None;
    }
    let [item] = &*subst.body.items else { return None };
    let [command] = &*item.and_or.first.commands else { return None };
    match (&command.kind, &*command.redirects) {
        (CommandKind::Simple(_), [only]) => match &only.target {
            RedirectTarget::Word(word) => Some(word),
            RedirectTarget::HereDoc(_) => None,
        },
        _ => None,
    }
}

fn run(rt: &mut Runtime, shell: &mut Shell, subst: &CommandSubst) -> Result<Vec<u8>, Unwind> {
    let _held = subshell::hold_copy(shell).map_err(|limit| {
        rt.realm.exceeded(limit);
        Unwind::Abort
    })?;
    let capture = Arc::new(Capture::new(&shell.budget, Resource::Memory, shell.cancel.clone()));
    let mut copy = subshell::copy(shell, rt);
    let stream: Arc<dyn Stream> = Arc::clone(&capture) as Arc<dyn Stream>;
    copy.shell.fds.set(1, Some(Fd::writing(stream)));
    if !shell.options.has(Opt::InheritErrExit) && !shell.options.has(Opt::Posix) {
        copy.shell.options.set(Opt::ErrExit, false);
    }
    // A failure inside counts as one, also where the whole stands in a condition.
    copy.rt.trace_level += 1;
    // Loops around it can be left: that ends the substitution.
    copy.rt.loops = rt.loops;
    let step = deeper(&mut copy, |copy| with_aliases(copy, &subst.body, subst.line));
    shell.status = copy.end(step).status;
    if let Some(limit) = capture.limit() {
        rt.realm.exceeded(limit);
    }
    if shell.cancel.is_cancelled() {
        return Err(Unwind::Abort);
    }
    Ok(capture.take())
}

/// Runs the commands of a substitution. Aliases are those that hold now, so where there are any the
/// commands are read anew.
fn with_aliases(copy: &mut Eval, body: &List, line: u32) -> Step {
    let expands = copy.shell.options.has(Opt::ExpandAliases);
    if !expands || copy.shell.aliases.is_empty() || copy.shell.options.has(Opt::Posix) {
        return copy.list(body);
    }
    let first = body.items.first().and_then(|item| item.and_or.first.commands.first());
    let line = first.map_or(line, |command| command.line);
    let text = print::substitution(body);
    copy.run_text(&text, line, TextKind::File)
}

/// Substitutions nest: their depth is that of the budget.
fn deeper(copy: &mut Eval, run: impl FnOnce(&mut Eval) -> Step) -> Step {
    copy.tick()?;
    copy.rt.depth = copy.rt.depth.saturating_sub(1);
    copy.deepen(b"command substitution")?;
    run(copy)
}

/// `$(<file)`: the file without a process.
fn read_file(rt: &mut Runtime, shell: &mut Shell, word: &Word) -> Result<Vec<u8>, Unwind> {
    let name = match expand::redirect_target(shell, rt, word) {
        Ok(Some(name)) => name,
        Ok(None) => {
            let text = expand::source_text(word);
            failure::complain(shell, &[&text, b": ambiguous redirect"]);
            shell.status = 1;
            return Ok(Vec::new());
        }
        Err(error) => return Err(failure::expansion(shell, rt, error)),
    };
    let opened = redirect::open_path(shell, &name, &OpenOptions::reading());
    let read = opened.and_then(|stream| {
        let mut all = Vec::new();
        let mut held = Vec::new();
        loop {
            let chunk = stream.read(CHUNK_BYTES, &shell.cancel)?;
            if chunk.is_empty() {
                return Ok((all, held));
            }
            match shell.budget.hold(Resource::Memory, chunk.len() as u64) {
                Ok(more) => held.push(more),
                Err(limit) => {
                    rt.realm.exceeded(limit);
                    return Ok((Vec::new(), Vec::new()));
                }
            }
            all.extend_from_slice(&chunk);
        }
    });
    match read {
        Ok((all, _held)) => {
            shell.status = 0;
            Ok(all)
        }
        Err(error) => {
            if error.errno() == Errno::Canceled {
                return Err(Unwind::Abort);
            }
            failure::complain(shell, &[&name, b": ", error.to_string().as_bytes()]);
            shell.status = 1;
            Ok(Vec::new())
        }
    }
}

/// Starts `<( … )` or `>( … )`; the path that leads to it.
fn start(rt: &mut Runtime, shell: &mut Shell, subst: &ProcessSubst) -> Result<Str, Unwind> {
    let (reader, writer) = pipe();
    let mut copy = subshell::detached(shell, rt);
    let own = match subst.direction {
        ProcessDirection::Read => {
            copy.shell.fds.set(1, Some(Fd::writing(writer)));
            Fd::reading(reader)
        }
        ProcessDirection::Write => {
            copy.shell.fds.set(0, Some(Fd::reading(reader)));
            Fd::writing(writer)
        }
    };
    copy.rt.errexit_ignored = false;
    let (body, line) = (Arc::clone(&subst.body), subst.line);
    let child =
        subshell::start_child(shell, rt, copy, move |copy| with_aliases(copy, &body, line))?;
    shell.last_background = Some(child.process.pid);
    rt.jobs.add_hidden(child);
    let fd = subshell::high_fd(shell);
    shell.fds.set(fd, Some(Fd { private: true, ..own }));
    rt.substituted.push(fd);
    Ok(Str::from(format!("/dev/fd/{fd}").as_str()))
}

impl Eval {
    /// Closes the process substitutions that were made since `mark`.
    pub fn close_substituted(&mut self, mark: usize) {
        while self.rt.substituted.len() > mark {
            if let Some(fd) = self.rt.substituted.pop() {
                self.shell.fds.set(fd, None);
            }
        }
    }
}
