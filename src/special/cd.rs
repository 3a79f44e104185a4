//! `cd` and `pwd`.

use bstr::ByteSlice;
use mesafs::{Errno, FsError, FsResult, Operation, VPath, resolve_path};

use super::{Call, Special, options};
use crate::eval::{Eval, Step};
use crate::state::{Opt, Str, names};

pub const CD: Special = Special {
    name: "cd",
    synopsis: "[-L|[-P [-e]] [-@]] [dir]",
    summary: "Change the shell working directory.",
    run: cd,
    ..Special::BASE
};
pub const PWD: Special = Special {
    name: "pwd",
    synopsis: "[-LP]",
    summary: "Print the name of the current working directory.",
    run: pwd,
    ..Special::BASE
};

fn cd(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "eLP") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut physical = eval.shell.options.has(Opt::Physical);
    for letter in &given.letters {
        match letter.letter {
            b'P' => physical = true,
            b'L' => physical = false,
            _ => {}
        }
    }
    let mut shown = false;
    let target = match given.rest {
        [] => match eval.shell.scalar(names::HOME) {
            Some(home) => home,
            None => return eval.fail(call, &[b"HOME not set"]),
        },
        [dir] if dir.as_bytes() == b"-" => match eval.shell.scalar(names::OLDPWD) {
            Some(old) => {
                shown = true;
                old
            }
            None => return eval.fail(call, &[b"OLDPWD not set"]),
        },
        [dir] => dir.clone(),
        _ => return eval.fail(call, &[b"too many arguments"]),
    };
    if target.is_empty() {
        // As if nothing had been said, but the directory counts as changed.
        let step = moved(eval, call, eval.shell.dirs.cwd.clone(), false);
        return if shown { step.and(eval.print(call, b"\n".to_vec())) } else { step };
    }
    if let Some(path) = by_cdpath(eval, &target, physical) {
        return moved(eval, call, path.0, path.1);
    }
    match eval.directory(&target, physical) {
        Ok(path) => moved(eval, call, path, shown),
        Err(error) => {
            let variable = eval.shell.options.has(Opt::CdableVars);
            let value = variable.then(|| eval.shell.text_of(&target).map(Str::from)).flatten();
            if let Some(value) = value
                && let Ok(path) = eval.directory(&value, physical)
            {
                return moved(eval, call, path, true);
            }
            if error.errno() == Errno::Canceled {
                return Ok(1);
            }
            eval.fail(call, &[&target, b": ", error.to_string().as_bytes()])
        }
    }
}

/// The directory that `CDPATH` leads to, and whether it is to be shown.
fn by_cdpath(eval: &Eval, target: &[u8], physical: bool) -> Option<(VPath, bool)> {
    let dotted =
        matches!(target, b"." | b"..") || target.starts_with(b"./") || target.starts_with(b"../");
    if target.starts_with(b"/") || dotted {
        return None;
    }
    let list = eval.shell.scalar(names::CDPATH)?;
    for dir in list.split(|&byte| byte == b':') {
        let path = match dir {
            b"" => target.to_vec(),
            dir if dir.ends_with(b"/") => [dir, target].concat(),
            dir => [dir, b"/", target].concat(),
        };
        if let Ok(found) = eval.directory(&path, physical) {
            return Some((found, !dir.is_empty()));
        }
    }
    None
}

fn moved(eval: &mut Eval, call: &Call<'_>, path: VPath, shown: bool) -> Step {
    let text = Str::new(path.as_bstr());
    if let Err(status) = eval.enter_directory(call, path) {
        return Ok(status);
    }
    if shown {
        return eval.print(call, [text.as_bytes(), b"\n"].concat());
    }
    Ok(0)
}

impl Eval {
    /// The directory at `target`: by the text for `-L`, by where links lead for `-P`.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR and so on.
    pub fn directory(&self, target: &[u8], physical: bool) -> FsResult<VPath> {
        let fs = self.shell.fs();
        let typed = self.shell.dirs.cwd.join(target)?;
        let check = |path: &VPath| {
            if fs.metadata(path)?.is_directory() {
                return Ok(());
            }
            Err(FsError::new(Errno::NotDir, Operation::Lookup, path.as_bstr()))
        };
        if physical {
            check(&typed)?;
            return doubled(&typed, &fs.canonicalize(&typed)?.to_vpath());
        }
        let logical = resolve_path(self.shell.dirs.cwd.as_bstr(), target)?;
        let path = doubled(&typed, &logical)?;
        match check(&path) {
            Ok(()) => {
                // `a/../b` needs `a`, though the text alone wouldn't.
                if target.contains_str("..") {
                    check(&typed).or_else(|error| match error.errno() {
                        Errno::NoEnt | Errno::NotDir if via_parent(self, target) => Err(error),
                        _ => Ok(()),
                    })?;
                }
                Ok(path)
            }
            Err(error) => match check(&typed) {
                Ok(()) => Ok(fs.canonicalize(&typed)?.to_vpath()),
                Err(_) => Err(error),
            },
        }
    }

    /// Makes `path` the working directory: `PWD`, `OLDPWD`.
    ///
    /// # Errors
    /// The status, after a message, if they are read-only.
    pub fn enter_directory(&mut self, call: &Call<'_>, path: VPath) -> Result<(), u8> {
        let old = self.shell.scalar(names::PWD);
        let old = old.unwrap_or_else(|| Str::new(self.shell.dirs.cwd.as_bstr()));
        let new = Str::new(path.as_bstr());
        self.shell.dirs.cwd = path;
        let set = self.shell.set(names::OLDPWD, old);
        let set = set.and_then(|()| self.shell.set(names::PWD, new));
        set.map_err(|error| {
            self.complain(&[error.to_string().as_bytes()]);
            let _ = call;
            1
        })
    }
}

/// Whether a component before a `..` of `target` is missing.
fn via_parent(eval: &Eval, target: &[u8]) -> bool {
    let parts: Vec<&[u8]> = target.split(|&byte| byte == b'/').collect();
    let lead = |count: usize| parts.get(..count).map(|parts| bstr::join("/", parts));
    (1..parts.len()).filter(|&at| parts.get(at) == Some(&&b".."[..])).any(|at| {
        let Some(text) = lead(at).filter(|text| !text.is_empty()) else { return false };
        let path = eval.shell.dirs.cwd.join(text);
        path.and_then(|path| eval.shell.fs().metadata(&path)).is_err()
    })
}

/// `path`, which began as `typed`: exactly two slashes at the beginning stay, as POSIX allows.
fn doubled(typed: &VPath, path: &VPath) -> FsResult<VPath> {
    let slashes = typed.as_bstr().iter().take_while(|&&byte| byte == b'/').count();
    if slashes != 2 {
        return Ok(path.clone());
    }
    VPath::new([b"/", path.as_bstr().as_bytes()].concat())
}

fn pwd(eval: &mut Eval, call: &Call<'_>) -> Step {
    let given = match options::read(eval, call, "LP") {
        Ok(given) => given,
        Err(step) => return step,
    };
    let mut physical = eval.shell.options.has(Opt::Physical);
    if let Some(last) = given.letters.last() {
        physical = last.letter == b'P';
    }
    let cwd = &eval.shell.dirs.cwd;
    let text = if physical {
        match eval.shell.fs().canonicalize(cwd) {
            Ok(real) => doubled(cwd, &real.to_vpath())
                .map_or_else(|_| Vec::new(), |path| path.as_bstr().to_vec()),
            Err(_) => cwd.as_bstr().to_vec(),
        }
    } else {
        cwd.as_bstr().to_vec()
    };
    eval.print(call, [text.as_slice(), b"\n"].concat())
}
