//! Texts in the host's editor: the one thing that starts a process on the host.
//!
//! The text is copied into a folder that only its owner can look into; the editor (`VISUAL`, else
//! `EDITOR`, else `vi`) gets the terminal until it ends, and what is in the copy then is the answer. Only a
//! session at a terminal has this, and `editor = false` in the settings takes it away.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::{BStr, ByteSlice};
use mesash_builtins::context::ComposeError;

use crate::cli::{Watch, host, plain};
use crate::eval::Composer;

/// What is started where nothing is asked for.
const EDITOR: &str = "vi";
/// How long the name of the copy may be.
const NAME_BYTES_MAX: usize = 100;

/// Starts editors.
#[derive(Debug)]
pub struct Editors {
    watch: Watch,
    /// The settings allow it.
    on: bool,
}

impl Editors {
    pub fn new(watch: Watch, on: bool) -> Self {
        Self { watch, on }
    }
}

impl Composer for Editors {
    fn compose(&self, name: &BStr, text: &[u8]) -> Result<Vec<u8>, ComposeError> {
        if !self.on {
            return Err(ComposeError::Off);
        }
        let editor = ["VISUAL", "EDITOR"].into_iter().find_map(host);
        let editor = editor.map_or(EDITOR.to_owned(), |name| name.to_string_lossy().into_owned());
        let failed = |reason: String| ComposeError::Failed { editor: editor.clone(), reason };
        let copy = Copy::new(name, text).map_err(|error| failed(plain(&error)))?;
        // Ctrl-C is the editor's meanwhile.
        let _held = self.watch.hold();
        // The setting may hold options, as for git and others.
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{editor} \"$@\"")).arg(&editor).arg(&copy.file);
        let status = command.status().map_err(|error| failed(plain(&error)))?;
        if !status.success() {
            let code = status.code().map_or("a signal".to_owned(), |code| format!("status {code}"));
            return Err(failed(format!("ended with {code}; nothing was changed")));
        }
        fs::read(&copy.file).map_err(|error| failed(plain(&error)))
    }
}

/// A private copy, gone when this is dropped.
struct Copy {
    folder: PathBuf,
    file: PathBuf,
}

impl Copy {
    fn new(name: &BStr, text: &[u8]) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let base = host("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = base.join(format!("mesash-{:016x}", u64::from_ne_bytes(random)));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let copy = Self { file: folder.join(file_name(name)), folder };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(&copy.file)?.write_all(text)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What can't be removed is in a folder that nobody else can look into.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The last part of a path, by which an editor tells what language it is; without what would be an
/// option or hide.
fn file_name(name: &BStr) -> PathBuf {
    let last = name.rsplit_str("/").next().unwrap_or_default().to_str_lossy();
    let kept: String = last
        .chars()
        .map(|letter| if letter.is_control() { '_' } else { letter })
        .scan(0, |bytes, letter| {
            *bytes += letter.len_utf8();
            (*bytes <= NAME_BYTES_MAX).then_some(letter)
        })
        .collect();
    match kept.as_str() {
        "" | "." | ".." => Path::new("text").to_owned(),
        _ => Path::new(&kept).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_private_and_goes() {
        use std::os::unix::fs::PermissionsExt as _;
        let copy = Copy::new("src/a.rs".into(), b"text").unwrap();
        assert_eq!(fs::read(&copy.file).unwrap(), b"text");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&copy.folder), mode(&copy.file)), (0o700, 0o600));
        assert_eq!(copy.file.file_name().unwrap(), "a.rs");
        let folder = copy.folder.clone();
        drop(copy);
        assert!(!folder.exists());
        assert_eq!(file_name("..".into()), Path::new("text"));
        assert_eq!(file_name("x/a\x1b[2Jb".into()), Path::new("a_[2Jb"));
    }
}
