//! Runs a case with the real tool, in a fresh folder on the host.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use crate::Outcome;
use crate::case::{Case, Page, Setup};
use crate::host::NOW_S;

pub fn run(page: &Page, case: &Case) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let time = UNIX_EPOCH + Duration::from_secs(NOW_S.unsigned_abs());
    for setup in &page.setup {
        match setup {
            Setup::File(name, text) => {
                fs::write(root.join(name), text).expect("a file");
                fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o644))
                    .expect("a mode");
            }
            Setup::Dir(name) => {
                fs::create_dir_all(root.join(name)).expect("a directory");
            }
            Setup::Link(name, target) => symlink(target, root.join(name)).expect("a link"),
            Setup::Mode(name, mode) => {
                let mode = fs::Permissions::from_mode(*mode);
                fs::set_permissions(root.join(name), mode).expect("a mode");
            }
        }
    }
    for setup in &page.setup {
        if let Setup::File(name, _) | Setup::Dir(name) = setup {
            let file = fs::File::open(root.join(name));
            file.and_then(|file| file.set_modified(time)).expect("a time");
        }
    }
    let words = case.argv.iter().map(|word| std::ffi::OsStr::from_bytes(word));
    // A tool that does not end has failed.
    let mut child = Command::new("timeout")
        .arg("20")
        .args(words)
        .current_dir(root)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC0")
        .env("TERM", "xterm")
        .envs(case.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("line {}: {}: {error}", case.line, case.text));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = case.stdin.clone();
    // A tool that does not read its input closes the pipe.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("a result");
    writer.join().expect("a writer");
    let mut files = Vec::new();
    list(root, Path::new(""), &mut files);
    Outcome {
        stdout: output.stdout,
        stderr: output.stderr,
        status: output.status.code().unwrap_or(-1),
        files,
    }
}

fn list(root: &Path, below: &Path, files: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(root.join(below))
        .expect("a directory")
        .map(|entry| entry.expect("an entry"))
        .collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = below.join(entry.file_name());
        let stat = entry.metadata().expect("metadata");
        let mode = stat.permissions().mode() & 0o7777;
        let shown = name.display();
        if stat.is_dir() {
            files.push(format!("{shown}/ {mode:o}"));
            list(root, &name, files);
        } else if stat.is_symlink() {
            let target = fs::read_link(root.join(&name)).expect("a link");
            files.push(format!("{shown} -> {}", target.display()));
        } else {
            let text = fs::read(root.join(&name)).expect("a file");
            files.push(format!("{shown} {mode:o} {:?}", String::from_utf8_lossy(&text)));
        }
    }
}
