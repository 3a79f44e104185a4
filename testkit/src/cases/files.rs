//! The files that a script left behind, in a form that both sides can be compared in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use mesafs::{DirEntry, FileKind, FileSystem, FsResult, VPath};

/// Every entry below a folder by its relative path: its kind and mode, and its content or target.
pub type LeftBehind = BTreeMap<Vec<u8>, (String, Vec<u8>)>;

/// What is below `dir` on the host.
///
/// # Errors
/// Those of the file system.
pub fn left_on_host(dir: &Path) -> io::Result<LeftBehind> {
    let mut left = LeftBehind::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let Ok(relative) = path.strip_prefix(dir) else { continue };
            let key = relative.as_os_str().as_bytes().to_vec();
            let metadata = fs::symlink_metadata(&path)?;
            let mode = metadata.permissions().mode() & 0o7777;
            let described = if metadata.is_symlink() {
                ("link".to_owned(), fs::read_link(&path)?.as_os_str().as_bytes().to_vec())
            } else if metadata.is_dir() {
                pending.push(path);
                (format!("dir {mode:o}"), Vec::new())
            } else if metadata.is_file() {
                (format!("file {mode:o}"), fs::read(&path)?)
            } else {
                ("special".to_owned(), Vec::new())
            };
            left.insert(key, described);
        }
    }
    Ok(left)
}

/// What is below `dir` of a mounted file system.
///
/// # Errors
/// Those of the file system.
pub fn left_in(fs: &dyn FileSystem, dir: &VPath) -> FsResult<LeftBehind> {
    let mut left = LeftBehind::new();
    let mut pending = vec![Vec::new()];
    while let Some(relative) = pending.pop() {
        let folder = if relative.is_empty() { dir.clone() } else { dir.join(&relative)? };
        for DirEntry { name, .. } in fs.read_dir(&folder)? {
            let path = folder.join(&name)?;
            let mut key: Vec<u8> = relative.clone();
            if !key.is_empty() {
                key.push(b'/');
            }
            key.extend_from_slice(&name);
            let stat = fs.symlink_metadata(&path)?;
            let mode = stat.mode;
            let described = match stat.kind {
                FileKind::Symlink => ("link".to_owned(), fs.read_link(&path)?.into()),
                FileKind::Directory => {
                    pending.push(key.clone());
                    (format!("dir {mode:o}"), Vec::new())
                }
                FileKind::File => (format!("file {mode:o}"), fs.read(&path)?.to_vec()),
                FileKind::CharDevice | FileKind::Pipe => ("special".to_owned(), Vec::new()),
            };
            left.insert(key, described);
        }
    }
    Ok(left)
}
