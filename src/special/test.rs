//! `test` and `[`.

use mesafs::FsStat;
use mesash_builtins::context::{descriptor_link, descriptor_path, linking};
use mesash_builtins::core::test::{Facts, Fault, test};

use super::{Call, Special};
use crate::eval::{Eval, Step, expand};
use crate::state::{Attrs, Group, Opt, Str};

pub const TEST: Special = Special {
    name: "test",
    synopsis: "[expr]",
    summary: "Evaluate conditional expression.",
    run: |eval, call| judged(eval, call, call.args),
    ..Special::BASE
};
pub const BRACKET: Special = Special {
    name: "[",
    synopsis: "[ arg... ]",
    summary: "Evaluate conditional expression.",
    run: bracket,
    ..Special::BASE
};

fn bracket(eval: &mut Eval, call: &Call<'_>) -> Step {
    match call.args.split_last() {
        Some((last, words)) if last.as_bytes() == b"]" => judged(eval, call, words),
        _ => {
            eval.say(call, &[b"missing `]'"]);
            Ok(2)
        }
    }
}

fn judged(eval: &mut Eval, call: &Call<'_>, words: &[Str]) -> Step {
    let answer = test(words, eval);
    if let Some(error) = eval.rt.test_error.take() {
        return Err(eval.expand_failed(*error));
    }
    match answer {
        Ok(answer) => Ok(u8::from(!answer)),
        Err(fault) => {
            eval.fault_said(call, &fault);
            Ok(2)
        }
    }
}

impl Eval {
    fn fault_said(&self, call: &Call<'_>, fault: &Fault) {
        self.say(call, &[&fault.message()]);
    }
}

impl Facts for Eval {
    fn takes_any_descriptor(&self) -> bool {
        true
    }

    fn stat(&mut self, path: &[u8], follow: bool) -> Option<FsStat> {
        let full = self.shell.dirs.cwd.join(path).ok()?;
        if path.is_empty() {
            return None;
        }
        if follow && let Some(fd) = descriptor_path(full.as_bstr()) {
            return self.shell.fds.get(fd)?.stream.metadata().ok();
        }
        if !follow && let Some(fd) = descriptor_link(full.as_bstr()) {
            return self.shell.fds.get(fd)?.stream.metadata().ok().map(linking);
        }
        let fs = self.shell.fs();
        if follow { fs.metadata(&full).ok() } else { fs.symlink_metadata(&full).ok() }
    }

    fn is_terminal(&mut self, fd: i64) -> bool {
        let fd = u32::try_from(fd).ok().and_then(|fd| self.shell.fds.get(fd));
        fd.is_some_and(|fd| fd.stream.is_terminal())
    }

    fn is_set(&mut self, name: &[u8]) -> bool {
        match expand::name_is_set(&mut self.shell, &mut self.rt, name) {
            Ok(is_set) => is_set,
            Err(error) => {
                self.rt.test_error = Some(Box::new(error));
                false
            }
        }
    }

    fn is_reference(&mut self, name: &[u8]) -> bool {
        let symbol = self.shell.interner.get(name);
        let variable = symbol.and_then(|symbol| self.shell.vars.get(symbol));
        variable.is_some_and(|variable| variable.attrs.has(Attrs::NAMEREF) && variable.is_set())
    }

    fn option(&mut self, name: &[u8]) -> bool {
        Opt::named(Group::Set, name).is_some_and(|opt| self.shell.options.has(opt))
    }
}
