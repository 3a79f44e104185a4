//! What a command name leads to outside of the shell: PATH, the hash table, the file itself.

use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use bytes::Bytes;
use mesafs::{Errno, FileSystem, FsError, FsResult, FsStat, OpenOptions, Operation, VPath};
use mesash_builtins::command::Command;
use mesash_builtins::registry::Registry;

use super::{Eval, failure, redirect};
use crate::state::{Opt, Shell, Str, names};

/// The names that mean this shell.
pub const SHELLS: &[&str] = &["bash", "mesash", "rbash", "sh"];

/// Where all commands are, by either name.
const COMMAND_DIRS: [&[u8]; 2] = [b"/bin/", b"/usr/bin/"];

/// How much of a file is looked at to tell a script from what is none.
const HEAD_BYTES: usize = 128;

/// How much is read of a file at a time.
const READ_BYTES: usize = 128 * 1024;

/// What PATH look-up came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Path(Str),
    Missing,
}

/// What a path leads to when it is run.
#[derive(Debug, Clone)]
pub enum Program {
    Command(&'static Command),
    /// This shell.
    Shell,
    Script(Bytes),
}

/// Why a path can't be run: the reason, and the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reason: String,
    pub status: u8,
}

impl Refused {
    fn because(errno: Errno) -> Self {
        let status = if errno == Errno::NoEnt { 127 } else { 126 };
        Self { reason: errno.text().to_owned(), status }
    }
}

/// The name of a command by its path in one of the fixed directories.
fn command_name(path: &[u8]) -> Option<&BStr> {
    let name = COMMAND_DIRS.iter().find_map(|dir| path.strip_prefix(*dir))?;
    (!name.contains(&b'/')).then(|| name.as_bstr())
}

fn by_name(registry: &Registry, name: &BStr) -> Option<Program> {
    if SHELLS.iter().any(|shell| name == shell.as_bytes()) {
        return Some(Program::Shell);
    }
    registry.get(name).map(Program::Command)
}

fn is_executable(stat: &FsStat) -> bool {
    stat.mode & 0o111 != 0
}

/// What is at `path` when it is to be run.
///
/// # Errors
/// [`Refused`], in bash's words.
pub fn program(
    fs: &Arc<dyn FileSystem>,
    registry: &Registry,
    cwd: &VPath,
    path: &[u8],
) -> Result<Program, Refused> {
    if let Some(found) = command_name(path).and_then(|name| by_name(registry, name)) {
        return Ok(found);
    }
    let refused = |error: mesafs::FsError| Refused::because(error.errno());
    let full = cwd.join(path).map_err(refused)?;
    let stat = fs.metadata(&full).map_err(refused)?;
    if stat.is_directory() {
        return Err(Refused::because(Errno::IsDir));
    }
    if !is_executable(&stat) {
        return Err(Refused::because(Errno::Acces));
    }
    let real = fs.canonicalize(&full).map_err(refused)?;
    if let Some(found) = command_name(real.as_bstr()).and_then(|name| by_name(registry, name)) {
        return Ok(found);
    }
    let content = fs.read(&full).map_err(refused)?;
    if is_binary(&content) {
        let reason = "cannot execute binary file: Exec format error".to_owned();
        return Err(Refused { reason, status: 126 });
    }
    Ok(Program::Script(content))
}

/// As bash tells: a NUL in the first line of the beginning.
pub fn is_binary(content: &[u8]) -> bool {
    let head = content.get(..HEAD_BYTES).unwrap_or(content);
    let line = head.find_byte(b'\n').and_then(|end| head.get(..end)).unwrap_or(head);
    !head.starts_with(b"#!") && line.contains(&0)
}

/// The interpreter that `#!` names and its one argument.
pub fn interpreter(content: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    // Up to the newline alone: a carriage return belongs to the name, as for the kernel.
    let line = content.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let line = line.trim_with(|letter| matches!(letter, ' ' | '\t'));
    let end = line.find_byteset(b" \t").unwrap_or(line.len());
    let (path, rest) = line.split_at(end);
    let argument = rest.trim_ascii();
    (!path.is_empty()).then_some((path, (!argument.is_empty()).then_some(argument)))
}

/// Every place where PATH look-up finds `name`, best first; `all` also those after the first.
pub fn search(shell: &Shell, path: &[u8], name: &[u8], all: bool) -> Vec<Str> {
    let mut found = Vec::new();
    let mut fallback = None;
    for dir in path.split(|&byte| byte == b':') {
        let candidate = match dir {
            b"" => [b"./", name].concat(),
            dir if dir.ends_with(b"/") => [dir, name].concat(),
            dir => [dir, b"/", name].concat(),
        };
        let Ok(stat) = stat(shell, &candidate) else { continue };
        if stat.is_directory() {
            continue;
        }
        if is_executable(&stat) {
            found.push(Str::from(candidate));
            if !all {
                return found;
            }
        } else if fallback.is_none() {
            fallback = Some(Str::from(candidate));
        }
    }
    if found.is_empty() {
        found.extend(fallback);
    }
    found
}

fn stat(shell: &Shell, path: &[u8]) -> FsResult<FsStat> {
    shell.fs().metadata(&shell.dirs.cwd.join(path)?)
}

/// `PATH` as it counts now.
pub fn path_variable(shell: &Shell) -> Str {
    shell.scalar(names::PATH).unwrap_or(Str::EMPTY)
}

impl Eval {
    /// Where `name` is as an external command, remembering what PATH look-up found.
    pub fn find(&mut self, name: &Str) -> Found {
        if name.contains(&b'/') {
            return Found::Path(name.clone());
        }
        if name.is_empty() {
            return Found::Missing;
        }
        let path = path_variable(&self.shell);
        if self.shell.options.has(Opt::HashAll) {
            let hash = self.shell.hash.under(&path);
            if let Some(known) = hash.get(name) {
                let known = known.path.clone();
                if !self.shell.options.has(Opt::CheckHash) || stat(&self.shell, &known).is_ok() {
                    self.count_hit(name);
                    return Found::Path(known);
                }
            }
        }
        let Some(found) = search(&self.shell, &path, name, false).into_iter().next() else {
            return Found::Missing;
        };
        // What depends on the working directory isn't kept.
        if self.shell.options.has(Opt::HashAll) && found.starts_with(b"/") {
            let shell = &mut self.shell;
            if shell.hash.set(name.clone(), found.clone(), &shell.budget).is_ok() {
                self.count_hit(name);
            }
        }
        Found::Path(found)
    }

    /// Counts a use. A subshell's table is thrown away, and counting would copy it first.
    fn count_hit(&mut self, name: &[u8]) {
        if !self.rt.is_subshell {
            self.shell.hash.hit(name);
        }
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// `Refused`
    pub fn program(&self, path: &[u8]) -> Result<Program, Refused> {
        program(self.shell.fs(), &self.rt.realm.registry, &self.shell.dirs.cwd, path)
    }

    /// A whole file, as typed, with `/dev/stdin` and its like.
    ///
    /// # Errors
    /// Those of `open` and `read`; EISDIR for a directory.
    pub fn read_whole(&self, path: &[u8]) -> FsResult<Vec<u8>> {
        let stream = redirect::open_path(&self.shell, path, &OpenOptions::reading())?;
        if stream.metadata().is_ok_and(|stat| stat.is_directory()) {
            return Err(FsError::new(Errno::IsDir, Operation::Open, path));
        }
        let mut all = Vec::new();
        loop {
            let chunk = stream.read(READ_BYTES, &self.shell.cancel)?;
            if chunk.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&chunk);
        }
    }

    /// What a path leads to, or the status after a message.
    pub fn resolve(&mut self, path: &Str) -> Result<Program, u8> {
        self.program(path).map_err(|refused| {
            if refused.reason != Errno::Canceled.text() {
                failure::complain(&self.shell, &[path, b": ", refused.reason.as_bytes()]);
            }
            refused.status
        })
    }
}
