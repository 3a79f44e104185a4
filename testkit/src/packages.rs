//! Programs of others as Debian and npm ship them, brought here when a test runs.
//!
//! A manifest (`tests/programs/NAME.toml`) says which packages a program needs, which of their
//! files are kept, and holds the cases that run on them. Always true: a package that cannot be had
//! is an error, not a skip. Not here: how the cases are run (`cases`).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mesafs::{FileSystem, VPath};
use serde::Deserialize;

use crate::cases::{Case, left_on_host};

/// A program: where it comes from, and what is run with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Of each package (`deb:NAME`, as the machine's release has it, or `npm:NAME@VERSION`) the
    /// paths that are taken (`npm` has all in `package/`), and where each is put.
    pub packages: BTreeMap<String, BTreeMap<String, String>>,
    pub case: Vec<Case>,
}

/// Reads a manifest.
///
/// # Errors
/// The file, and what is wrong with it.
pub fn load(file: &Path) -> Result<Program, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Unpacks what `program` needs and lays its files below a fresh folder of `cache`, which keeps
/// the packages for the next run.
///
/// # Errors
/// The package or file that is not to be had, and why.
pub fn lay_out(program: &Program, name: &str, cache: &Path) -> Result<PathBuf, String> {
    let folder = cache.join("laid-out").join(name);
    let fail = |error: io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(fail)?;
    }
    fs::create_dir_all(&folder).map_err(fail)?;
    for (package, taken) in &program.packages {
        let fail = |error: String| format!("{package}: {error}");
        let unpacked = unpack(package, cache).map_err(fail)?;
        for (from, to) in taken {
            take(&unpacked.join(from), &folder.join(to)).map_err(fail)?;
        }
    }
    Ok(folder)
}

fn take(from: &Path, to: &Path) -> Result<(), String> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
    }
    run(Command::new("cp").args(["-dr", "--no-preserve=all"]).arg(from).arg(to))?;
    keep_x(from, to).map_err(|error| error.to_string())
}

/// Copies the bit of the mode that git keeps.
fn keep_x(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            keep_x(&from.join(&name), &to.join(&name))?;
        }
    } else if metadata.is_file() {
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Copies what is below a folder of the host to `target` of a mounted file system.
///
/// # Errors
/// Those of both file systems.
pub fn bring_in(folder: &Path, fs: &dyn FileSystem, target: &VPath) -> Result<(), String> {
    let left = left_on_host(folder).map_err(|error| error.to_string())?;
    // Sorted by path: a folder comes before what is in it.
    for (path, (kind, content)) in left {
        let bring = || -> mesafs::FsResult<()> {
            let path = target.join(&path)?;
            match kind.split_once(' ') {
                Some(("dir", _)) => fs.create_dir(&path, 0o755, false),
                Some((_, mode)) => {
                    let mode = u32::from_str_radix(mode, 8).unwrap_or(0o644);
                    fs.write(&path, content.into(), mode)
                }
                None => fs.symlink(&content, &path),
            }
        };
        bring().map_err(|error| format!("{}: {error}", String::from_utf8_lossy(&path)))?;
    }
    Ok(())
}

fn unpack(package: &str, cache: &Path) -> Result<PathBuf, String> {
    let (kind, name) = package.split_once(':').ok_or("neither deb: nor npm:")?;
    let folder = cache.join(package.replace('/', "_"));
    let (marker, files) = (folder.join("complete"), folder.join("files"));
    if marker.exists() {
        return Ok(files);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    }
    fs::create_dir_all(&files).map_err(|error| error.to_string())?;
    match kind {
        "deb" => {
            run(Command::new("apt-get").args(["download", "-qq", name]).current_dir(&folder))?;
            let archive = archive_in(&folder, "deb")?;
            run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&files))?;
        }
        "npm" => {
            run(Command::new("npm").args(["pack", "--silent", name]).current_dir(&folder))?;
            let archive = archive_in(&folder, "tgz")?;
            run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&files))?;
        }
        _ => return Err("neither deb: nor npm:".to_owned()),
    }
    fs::write(marker, "").map_err(|error| error.to_string())?;
    Ok(files)
}

fn archive_in(folder: &Path, extension: &str) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths
        .find(|path| path.extension().is_some_and(|ext| ext == extension))
        .ok_or_else(|| format!("no .{extension} came"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim_end()))
}
